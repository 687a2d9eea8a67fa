// The loop's part about producers: started when they are ready, polled, and closed with every check that they owe.
#include <signal.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "harness/runner/run_loop.h"

namespace tales {
namespace {

using std::chrono::steady_clock;

bool RunsToItsEnd(Verdict verdict) { return verdict != Verdict::kUnsupported && !Blocks(verdict); }

}  // namespace

void RunLoop::AttachProducers() {
  if (!options_.producers_outlive) return;
  for (size_t i = 0; i < checks_.size(); ++i) {
    if (!checks_[i].is_producer() || scheduler_.IsFinal(i)) continue;
    absl::StatusOr<std::unique_ptr<ProducerProcess>> process =
        ProducerProcess::Attach(options_.spool_folder / checks_[i].name / "spool.jsonl", checks_[i].check);
    if (!process.ok()) continue;  // gone before it had said all, or never there: it starts anew
    scheduler_.TakeProducer(i);
    Watch(i, *std::move(process), std::nullopt, /*attached=*/true);
  }
}

void RunLoop::StartProducer(size_t index) {
  const PlannedCheck& check = checks_[index];
  absl::StatusOr<UnlinkedFile> log = UnlinkedFile::Make();
  absl::StatusOr<std::unique_ptr<ProducerProcess>> process = nullptr;
  if (!log.ok()) {
    process = log.status();
  } else {
    process = ProducerProcess::Start({.argv = options_.producer_argv,
                                      .task = options_.make_producer_task(check),
                                      .spool = options_.spool_folder / check.name / "spool.jsonl",
                                      .log_file = log->path(),
                                      .temporary_folder = options_.producers_outlive ? "" : options_.temporary_folder,
                                      .dies_with_us = !options_.producers_outlive});
  }
  if (!process.ok()) {
    const WorkerEvent event = Accusation(check.name, {"crash", std::string(process.status().message())}, std::nullopt);
    CloseChildren(index, {}, event);
    return Record(index, event);
  }
  Note(recorder_.Record({{"event", "started"}, {"check", check.name}}));
  observer_.Started(check.name);
  Watch(index, *std::move(process), *std::move(log), /*attached=*/false);
}

void RunLoop::Watch(size_t index, std::unique_ptr<ProducerProcess> process, std::optional<UnlinkedFile> log,
                    bool attached) {
  const PlannedCheck& check = checks_[index];
  std::set<std::string> children;
  for (const PlannedCheck& each : checks_) {
    if (each.producer == check.check && !each.is_producer()) children.insert(each.name);
  }
  Production& production = *productions_.emplace_back(std::make_unique<Production>());
  production.index = index;
  production.log = std::move(log);
  // What an attached one said to the runner before this one is in the journal already.
  const auto is_known = [this, attached](const std::string& name) {
    const reports::Case* known = attached ? recorder_.model().Find(name) : nullptr;
    return known != nullptr && known->finished;
  };
  production.run = std::make_unique<ProducerRun>(
      check, std::move(children), std::move(process),
      steady_clock::now() + absl::ToChronoNanoseconds(check.deadline + options_.grace),
      ProducerRun::Handlers{
          .on_planned =
              [this, &production, is_known](const std::string& child) {
                if (!is_known(child)) OnPlanned(production, child);
              },
          .on_finished =
              [this, is_known](const WorkerEvent& event) {
                if (!is_known(event.check)) OnProduced(event);
              },
          .on_progress = [this, &check](const std::string& text) { observer_.Producing(check.name, text); }});
}

void RunLoop::OnPlanned(Production& production, const std::string& child) {
  const PlannedCheck& producer = checks_[production.index];
  PlannedCheck planned;
  planned.name = child;
  planned.check = child.substr(0, child.find('/'));
  planned.question = producer.families.at(planned.check);
  planned.tier = producer.tier;
  planned.after = {producer.name};
  planned.deadline = producer.deadline;
  if (!KeepEarlier(child)) Note(recorder_.Record(ToEvent(planned)));
  production.made_up.push_back(child);
  ++made_up_;
}

// What an earlier start of its producer said of `check` stays told where it was red, as a first try: what passes now is
// flaky. False: there is nothing of the kind.
bool RunLoop::KeepEarlier(const std::string& check) {
  const reports::Case* known = recorder_.model().Find(check);
  if (known == nullptr) return false;
  const bool red = known->verdict == Verdict::kFailed || known->verdict == Verdict::kError;
  if (known->finished && (red || !known->attempts.empty())) {
    Note(recorder_.Record({{"event", "retry"},
                           {"check", check},
                           {"verdict", ToString(known->verdict)},
                           {"kind", known->error_kind},
                           {"found", known->found},
                           {"duration", known->duration}}));
  }
  return !recorder_.model().Find(check)->attempts.empty();
}

void RunLoop::OnProduced(const WorkerEvent& verdict) {
  if (Stopping()) return;
  WorkerEvent event = verdict;
  if (options_.rule != nullptr) options_.rule(event);
  CheckFixture(event.verdict == Verdict::kFailed || event.verdict == Verdict::kError);
  if (!result_.fixture.ok()) return;
  if (event.verdict == Verdict::kFlaky) {
    // Its first try, which it tells in the same breath.
    Note(recorder_.Record({{"event", "retry"},
                           {"check", event.check},
                           {"verdict", ToString(Verdict::kFailed)},
                           {"found", event.found},
                           {"duration", event.duration}}));
  } else if (KeepEarlier(event.check) && event.verdict == Verdict::kPassed) {
    event.verdict = Verdict::kFlaky;
  }
  const auto planned = index_.find(event.check);
  if (planned == index_.end()) {
    ++made_up_final_;
    return RecordByName(event.check, event);
  }
  // The producer's own comes last: what it still owes is known before others may build on it.
  const size_t index = planned->second;
  if (checks_[index].is_producer()) {
    const auto production = std::find_if(productions_.begin(), productions_.end(),
                                         [index](const auto& each) { return each->index == index; });
    CloseChildren(index, (*production)->made_up, event);
  }
  Record(index, event);
}

void RunLoop::PollProducers() {
  if (productions_.empty()) return;
  for (size_t i = 0; i < productions_.size();) {
    if (!productions_[i]->run->Poll(steady_clock::now())) {
      ++i;
      continue;
    }
    const std::unique_ptr<Production> over = std::move(productions_[i]);
    productions_.erase(productions_.begin() + static_cast<ptrdiff_t>(i));
    EndProduction(*over);
  }
  Deal();
}

void RunLoop::EndProduction(const Production& production) {
  if (Stopping()) return;  // what it said may be not recorded: the next runner reads it again
  if (!production.run->failure().has_value()) return production.run->Forget();
  const WorkerEvent event = Accusation(checks_[production.index].name, *production.run->failure(), production.log);
  CheckFixture(/*now=*/true);
  if (!result_.fixture.ok()) return;
  CloseChildren(production.index, production.made_up, event);
  Record(production.index, event);
  production.run->Forget();
}

// What a producer that ended with `verdict` owes: each of its checks gets a verdict, whatever it said.
void RunLoop::CloseChildren(size_t producer, const std::vector<std::string>& made_up, const WorkerEvent& verdict) {
  const PlannedCheck& check = checks_[producer];
  if (!check.is_producer()) return;
  WorkerEvent event;
  if (RunsToItsEnd(verdict.verdict)) {
    event.verdict = Verdict::kError;
    event.error_kind = "not_run";
    event.expected = absl::StrCat("a verdict from ", check.name);
    event.found = absl::StrCat(check.name, " came to its end without one");
  } else if (verdict.verdict == Verdict::kUnsupported) {
    event = verdict;
    event.evidence.clear();
    event.duration = 0;
  } else {
    event.verdict = Verdict::kBlocked;
    event.found = verdict.verdict == Verdict::kBlocked ? verdict.found : check.name;
  }
  for (size_t i = 0; i < checks_.size(); ++i) {
    if (checks_[i].producer == check.check && i != producer && !scheduler_.IsFinal(i)) Record(i, event);
  }
  for (const std::string& name : made_up) {
    const reports::Case* known = recorder_.model().Find(name);
    if (known == nullptr || known->finished) continue;
    ++made_up_final_;
    RecordByName(name, event);
  }
}

}  // namespace tales
