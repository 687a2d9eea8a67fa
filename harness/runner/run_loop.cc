#include "harness/runner/run_loop.h"

#include <signal.h>
#include <sys/random.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "harness/base/how_it_ended.h"

namespace tales {
namespace {

using std::chrono::steady_clock;
constexpr auto kTick = std::chrono::milliseconds(50);
constexpr auto kAskFixtureEvery = std::chrono::milliseconds(500);
// A green verdict is believed when the fixture was seen alive this shortly before; for a red one it is asked anew.
constexpr auto kFixtureTrust = std::chrono::milliseconds(20);
constexpr size_t kLastWords = 64 << 10;  // bytes of a dead worker's output

std::string NewToken() {
  unsigned char bytes[16];
  if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
    return absl::StrCat(getpid(), ":", steady_clock::now().time_since_epoch().count());
  return absl::BytesToHexString(std::string_view(reinterpret_cast<const char*>(bytes), sizeof bytes));
}

// Of a blocked check, as its verdict names them.
std::vector<std::string> Roots(std::string_view found) { return absl::StrSplit(found, ", "); }

}  // namespace

RunLoop::RunLoop(const std::vector<PlannedCheck>& checks, Recorder& recorder, RunObserver& observer,
                 Interrupts& interrupts, Options options)
    : checks_(checks),
      recorder_(recorder),
      observer_(observer),
      interrupts_(interrupts),
      options_(std::move(options)),
      tick_(loop_),
      wake_(loop_, dup(interrupts.descriptor())),
      scheduler_(checks, options_.scheduling) {
  for (size_t i = 0; i < checks_.size(); ++i) index_[checks_[i].name] = i;
}

RunLoop::~RunLoop() = default;

RunLoop::Result RunLoop::Run() {
  for (size_t i = 0; i < checks_.size(); ++i) {
    const reports::Case* known = recorder_.model().Find(checks_[i].name);
    if (known != nullptr && known->finished) scheduler_.Finish(i, known->verdict);
  }
  for (size_t i = 0; i < checks_.size(); ++i) {
    if (!checks_[i].unsupported.has_value() || scheduler_.IsFinal(i)) continue;
    WorkerEvent event;
    event.verdict = Verdict::kUnsupported;
    event.expected = checks_[i].unsupported->first;
    event.found = checks_[i].unsupported->second;
    Record(i, event);
  }
  interrupts_.set_listening(true);
  if (interrupts_.count() > 0) result_.interrupted = true;
  wake_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& failed) {
    if (!failed) OnInterrupt();
  });
  AttachProducers();
  OnTick();
  Deal();
  loop_.run();
  interrupts_.set_listening(false);
  workers_.clear();
  productions_.clear();
  if (!result_.fixture.ok()) VoidTheRest();
  return result_;
}

void RunLoop::Note(const absl::Status& status) {
  if (status.ok() || !result_.recording.ok()) return;
  result_.recording = status;
  KillAll(SIGKILL);
}

void RunLoop::KillAll(int signal) {
  for (auto& [id, worker] : workers_) worker->process->Kill(signal);
  for (const auto& production : productions_) {
    production->run->End({"interrupted", "the run was ended"}, steady_clock::now());
    if (signal == SIGKILL) production->run->Kill(SIGKILL);
  }
}

void RunLoop::StopWhenIdle() {
  if (Idle() && (Stopping() || scheduler_.AllFinal())) loop_.stop();
}

void RunLoop::Deal() {
  TakeBlocked();
  while (!Stopping()) {
    if (const std::optional<size_t> producer = scheduler_.NextProducer(); producer.has_value()) {
      StartProducer(*producer);
      continue;
    }
    std::vector<size_t> batch = scheduler_.NextBatch();
    if (batch.empty()) {
      if (!Idle() || scheduler_.AllFinal()) break;
      std::vector<size_t> given_up;
      const std::vector<size_t> again = scheduler_.TakeRetries(given_up);
      for (size_t i : given_up) Record(i, std::exchange(first_tries_[i], {}));
      for (size_t i : again) {
        const WorkerEvent& first = first_tries_[i];
        Note(recorder_.Record({{"event", "retry"},
                               {"check", checks_[i].name},
                               {"verdict", ToString(first.verdict)},
                               {"found", first.found},
                               {"duration", first.duration}}));
      }
      TakeBlocked();
      if (again.empty() && given_up.empty()) return loop_.stop();  // nothing can become ready any more
      continue;
    }
    StartWorker(std::move(batch));
  }
  StopWhenIdle();
}

void RunLoop::StartWorker(std::vector<size_t> batch) {
  auto worker = std::make_unique<Worker>();
  worker->id = ++next_worker_;
  std::vector<const PlannedCheck*> checks;
  std::vector<std::string> names;
  for (size_t i : batch) {
    checks.push_back(&checks_[i]);
    names.push_back(checks_[i].name);
  }
  worker->batch = std::move(batch);
  worker->gate = std::make_unique<Gate>(std::move(names), NewToken());
  worker->limit = steady_clock::now() + absl::ToChronoNanoseconds(options_.silence);
  Worker& started = *worker;
  absl::StatusOr<UnlinkedFile> log = UnlinkedFile::Make();
  absl::StatusOr<std::unique_ptr<WorkerProcess>> process = nullptr;
  if (!log.ok()) {
    process = log.status();
  } else {
    worker->log = *std::move(log);
    process = WorkerProcess::Start(loop_,
                                   {.argv = options_.worker_argv,
                                    .task = options_.make_task(checks, worker->gate->token()),
                                    .log_file = worker->log->path(),
                                    .temporary_folder = options_.temporary_folder},
                                   {.on_line = [this, &started](std::string_view line) { OnLine(started, line); },
                                    .on_end = [this, id = worker->id](const Finished& end) { OnEnd(id, end); }});
  }
  if (!process.ok()) {
    scheduler_.WorkerGone(/*settled=*/false);
    for (size_t i : worker->batch) Blame(*worker, i, {"crash", std::string(process.status().message())});
    return;
  }
  worker->process = *std::move(process);
  workers_[worker->id] = std::move(worker);
}

void RunLoop::OnLine(Worker& worker, std::string_view line) {
  if (worker.fault.has_value() || Stopping()) return;
  absl::StatusOr<WorkerEvent> event = worker.gate->Accept(line);
  if (!event.ok()) {
    return Condemn(worker,
                   {"protocol", absl::StrCat("the worker said what it must not say: ", event.status().message())});
  }
  const auto now = steady_clock::now();
  worker.limit = now + absl::ToChronoNanoseconds(options_.silence);
  if (event->kind == WorkerEvent::Kind::kDone) return;
  const size_t index = index_.find(event->check)->second;
  switch (event->kind) {
    case WorkerEvent::Kind::kStarted: {
      nlohmann::json started = ToJournal(*event);
      started["worker"] = worker.id;
      Note(recorder_.Record(started));
      observer_.Started(event->check);
      [[fallthrough]];
    }
    case WorkerEvent::Kind::kLook:
      worker.limit = now + absl::ToChronoNanoseconds(checks_[index].deadline + options_.grace);
      break;
    case WorkerEvent::Kind::kLooked:
      observer_.Waiting(event->check, event->found);
      break;
    case WorkerEvent::Kind::kFinished:
      Judge(index, *std::move(event));
      break;
    case WorkerEvent::Kind::kDone:
    case WorkerEvent::Kind::kAnnounced:
    case WorkerEvent::Kind::kProgress:
      break;
  }
  if (!worker.settled && worker.gate->settling() && worker.gate->current().empty()) {
    worker.settled = true;
    scheduler_.WorkerSettles();
  }
  Deal();
}

void RunLoop::Condemn(Worker& worker, Fault fault) {
  worker.fault = std::move(fault);
  worker.process->Mute();
  worker.process->Kill(SIGKILL);
}

void RunLoop::Judge(size_t index, WorkerEvent event) {
  const PlannedCheck& check = checks_[index];
  if (options_.rule != nullptr) options_.rule(event);
  const bool red = event.verdict == Verdict::kFailed || event.verdict == Verdict::kError;
  CheckFixture(red);
  if (!result_.fixture.ok()) return;  // void: VoidTheRest() says why
  // Of this runner, or of the one that was killed before it.
  const reports::Case* known = recorder_.model().Find(check.name);
  if (known != nullptr && !known->attempts.empty()) {
    if (event.verdict == Verdict::kPassed) event.verdict = Verdict::kFlaky;
  } else if (check.retryable && event.verdict == Verdict::kFailed) {
    first_tries_[index] = std::move(event);
    scheduler_.HoldForRetry(index);
    return;
  }
  Record(index, event);
}

void RunLoop::Record(size_t index, const WorkerEvent& event) {
  RecordByName(checks_[index].name, event);
  const bool blocked = event.verdict == Verdict::kBlocked;
  scheduler_.Finish(index, event.verdict, blocked ? Roots(event.found) : std::vector<std::string>());
}

void RunLoop::RecordByName(const std::string& check, const WorkerEvent& event) {
  WorkerEvent final = event;
  final.kind = WorkerEvent::Kind::kFinished;
  final.check = check;
  Note(recorder_.Record(ToJournal(final)));
  observer_.Finished(final);
}

void RunLoop::TakeBlocked() {
  for (std::vector<Scheduler::Blocked> blocked; !(blocked = scheduler_.TakeBlocked()).empty();) {
    for (const Scheduler::Blocked& each : blocked) {
      WorkerEvent event;
      event.verdict = Verdict::kBlocked;
      event.found = absl::StrJoin(each.roots, ", ");
      Record(each.index, event);
      CloseChildren(each.index, {}, event);
    }
  }
}

// The verdict on a check whose process did not bring one, with what that process said last.
WorkerEvent RunLoop::Accusation(const std::string& check, const Fault& fault, const std::optional<UnlinkedFile>& log) {
  WorkerEvent event;
  event.check = check;
  event.verdict = Verdict::kError;
  event.error_kind = fault.kind;
  event.expected = "an answer within the check's deadline";
  event.found = fault.found;
  const std::string alone = absl::StrCat("tales verify --check '", check, "' --jobs 1");
  event.next =
      fault.from_outside
          ? absl::StrCat("did memory run out? `dmesg | grep -i -e oom -e killed` tells whom the kernel ended; then ",
                         alone)
          : absl::StrCat(alone, ", and report it: this is a defect of the check");
  const std::string words = log.has_value() ? log->Tail(kLastWords) : "";
  if (!words.empty()) {
    const absl::StatusOr<std::string> path = recorder_.WriteEvidence(check, "worker.log", words);
    if (path.ok()) event.evidence.push_back(*path);
  }
  return event;
}

void RunLoop::Blame(const Worker& worker, size_t index, const Fault& fault) {
  WorkerEvent event = Accusation(checks_[index].name, fault, worker.log);
  if (const std::string seen = worker.gate->LastFound(checks_[index].name); !seen.empty()) {
    absl::StrAppend(&event.found, "; before that: ", seen);
  }
  CheckFixture(/*now=*/true);
  if (result_.fixture.ok()) Record(index, event);
}

void RunLoop::OnEnd(int id, const Finished& finished) {
  const auto found = workers_.find(id);
  // The process object calls this from its own handler and may go now.
  const std::unique_ptr<Worker> worker = std::move(found->second);
  workers_.erase(found);
  scheduler_.WorkerGone(worker->settled);
  if (!Stopping()) {
    const std::vector<std::string> open = worker->gate->Unfinished();
    const std::string& responsible = worker->gate->responsible();
    std::optional<size_t> culprit;
    if (worker->fault.has_value() && worker->fault->kind == "protocol") {
      culprit = index_.find(responsible)->second;
    } else if (!open.empty()) {
      culprit = index_.find(worker->gate->current().empty() ? open.front() : responsible)->second;
    }
    if (culprit.has_value()) {
      const Fault fault = worker->fault.value_or(
          Fault{.kind = "crash",
                .found = absl::StrCat("the worker ", HowItEnded(finished), " before the check had its verdict"),
                .from_outside = WasEndedFromOutside(finished)});
      first_tries_.erase(*culprit);
      Blame(*worker, *culprit, fault);
    }
    for (const std::string& name : open) {
      const size_t index = index_.find(name)->second;
      if (index != culprit) scheduler_.GiveBack(index);
    }
  }
  Deal();
}

void RunLoop::CheckFixture(bool now) {
  if (options_.alive == nullptr || !result_.fixture.ok()) return;
  const auto time = steady_clock::now();
  if (!now && time - asked_fixture_ < kFixtureTrust) return;
  asked_fixture_ = time;
  result_.fixture = options_.alive();
  if (!result_.fixture.ok()) KillAll(SIGKILL);
}

void RunLoop::VoidTheRest() {
  for (size_t i = 0; i < checks_.size(); ++i) {
    if (scheduler_.IsFinal(i)) continue;
    WorkerEvent event;
    event.verdict = Verdict::kError;
    event.error_kind = "fixture";
    event.expected = "a fixture that lives as long as the run";
    event.found = std::string(result_.fixture.message());
    event.kind = WorkerEvent::Kind::kFinished;
    event.check = checks_[i].name;
    Note(recorder_.Record(ToJournal(event)));
    observer_.Finished(event);
  }
}

void RunLoop::OnInterrupt() {
  result_.interrupted = true;
  char byte;
  while (read(interrupts_.descriptor(), &byte, 1) == 1) {
  }
  if (interrupts_.count() > 1) return loop_.stop();
  KillAll(SIGTERM);
  for (const auto& production : productions_) {
    const PlannedCheck& check = checks_[production->index];
    if (check.resumable) continue;
    observer_.Note(absl::StrCat(check.name,
                                " is asked to end and to take away what it made; another Ctrl-C does not wait for it"));
  }
  wake_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& failed) {
    if (!failed) OnInterrupt();
  });
  StopWhenIdle();
}

void RunLoop::OnTick() {
  const auto now = steady_clock::now();
  for (auto& [id, worker] : workers_) {
    if (worker->fault.has_value() || now < worker->limit) continue;
    const std::string& current = worker->gate->current();
    const absl::Duration deadline = current.empty() ? options_.silence : checks_[index_.find(current)->second].deadline;
    Condemn(*worker, {"timeout", absl::StrCat(current.empty() ? "the worker said nothing for "
                                                              : "the look hung beyond its deadline of ",
                                              absl::FormatDuration(deadline), "; its worker was killed")});
  }
  PollProducers();
  if (now - asked_fixture_ >= kAskFixtureEvery) CheckFixture(/*now=*/true);
  Note(recorder_.Tick());
  observer_.Tick(scheduler_.final_count() + made_up_final_, checks_.size() + made_up_);
  tick_.expires_after(kTick);
  tick_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) OnTick();
  });
  StopWhenIdle();
}

}  // namespace tales
