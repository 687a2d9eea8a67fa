#include "suites/conformance/live_run.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/base/join_few.h"
#include "suites/conformance/e2e_process.h"
#include "suites/conformance/judge.h"

namespace tales::conformance {
namespace {

using reports::JUnitCase;
using reports::JUnitResult;

constexpr absl::Duration kStep = absl::Milliseconds(500);

std::string Whole(absl::Duration duration) { return absl::FormatDuration(absl::Trunc(duration, absl::Seconds(1))); }

}  // namespace

LiveRun::LiveRun(ProducerContext& context, LiveOptions options)
    : context_(context),
      options_(std::move(options)),
      remaining_(options_.e2e.names.begin(), options_.e2e.names.end()),
      may_hold_(options_.retry_at_most > 0) {}

LiveResult LiveRun::Run() {
  End end = End::kDied;
  int number = 1;
  for (; number <= options_.starts && !remaining_.empty(); ++number) {
    const size_t before = remaining_.size();
    end = RunOnce(number);
    // Where a new start would do no better.
    if (end != End::kDied && end != End::kHung) break;
    if (remaining_.size() == before) break;
  }
  if (end == End::kFinished && remaining_.empty() && disagreements_.empty() && !held_.empty()) RunHeldAgain(number + 1);
  TellHeld();
  Outcome environment = Outcome::FromProblems(suite_problems_, "set-up and tear-down of the suite worked");
  if (!suite_problems_.empty()) environment.With({"suite.log", suite_log_});
  return {.run = Verdict(),
          .environment = std::move(environment),
          .ran = {ran_.begin(), ran_.end()},
          .failed = {failed_.begin(), failed_.end()},
          .flaky = {flaky_.begin(), flaky_.end()},
          .run_ids = {run_ids_.begin(), run_ids_.end()},
          .began = began_,
          .lost = !lost_.empty()};
}

LiveRun::End LiveRun::RunOnce(int number) {
  E2eOptions options = options_.e2e;
  options.folder = options_.e2e.folder / absl::StrCat("e2e-", number);
  options.names.assign(remaining_.begin(), remaining_.end());
  options.picks_all = options.picks_all && number == 1;
  options.timeout = std::min(options.timeout, context_.deadline().remaining());
  if (again_) options.procs = 1;
  live_.clear();
  interrupted_.reset();
  killed_ = false;
  step_began_ = {};
  const absl::StatusOr<std::unique_ptr<TestRun>> run =
      options_.start == nullptr ? E2eProcess::Start(options) : options_.start(options);
  if (!run.ok()) {
    problems_.push_back({.expected = "e2e.test starts",
                         .found = std::string(run.status().message()),
                         .next = options_.start == nullptr ? absl::StrCat(options.program.string(), " --version")
                                                           : "mend that, and run the suite again"});
    return End::kUseless;
  }
  ++starts_;
  while ((*run)->Follow(kStep, [this](const SpecEvent& event) { TakeEvent(event); })) {
    if (!(*run)->is_followed()) step_began_ = {};  // no test hangs because nobody hears of it
    Watch(**run);
    if (options_.on_namespaces != nullptr && options.procs > 1) options_.on_namespaces((*run)->stream().namespaces());
  }
  if (const std::string& id = (*run)->stream().run_id(); !id.empty()) run_ids_.insert(id);
  return Conclude(**run);
}

// One try each, alone: what fails twice has failed.
void LiveRun::RunHeldAgain(int number) {
  std::vector<std::string> names;
  for (const auto& [name, unused] : held_) names.push_back(name);
  context_.Progress(absl::StrCat("once more what failed: ", absl::StrJoin(names, "; ")));
  remaining_ = {names.begin(), names.end()};
  again_ = true;
  RunOnce(number);
  remaining_.clear();
}

void LiveRun::TakeEvent(const SpecEvent& event) {
  const bool started = event.kind == SpecEvent::Kind::kStarted;
  step_began_ = {};
  if (started) return;
  const JUnitCase one{.name = event.name,
                      .result = ResultOfState(event.state),
                      .status = event.state,
                      .type = event.state,
                      .message = event.cause,
                      .text = event.log};
  const bool is_bad = one.result == JUnitResult::kFailed || one.result == JUnitResult::kError;
  if (event.is_suite_node) {
    const bool is_setup = absl::StrContains(event.name, "BeforeSuite");
    if (is_bad) {
      setup_failed_ = setup_failed_ || is_setup;
      suite_log_ = event.log;
      suite_problems_.push_back(SuiteProblem(one, "e2e.test"));
    } else if (is_setup && absl::StrContains(event.name, "Synchronized") && !began_) {
      began_ = true;
      first_began_ = {};
      std::vector<std::string> checks;
      for (const std::string& name : remaining_) checks.push_back(options_.prefix + name);
      context_.Announce(checks);
    }
    return;
  }
  live_[event.name] = one.result;
  if (interrupted_.has_value() && event.state == "interrupted") {
    const std::string why = absl::StrCat("still running after ", Whole(event.duration), "; it was broken off");
    Settle(event.name,
           Outcome::CannotLook(absl::DeadlineExceededError(why), "read the test's log: it shows what it waits for")
               .With({"test.log", event.log}),
           event.duration, /*counts=*/false, /*failed=*/true);
    return;
  }
  Settle(event.name, JudgeCase(one), event.duration, one.result != JUnitResult::kSkipped, is_bad);
}

void LiveRun::Settle(const std::string& name, const Outcome& outcome, absl::Duration duration, bool counts,
                     bool failed) {
  if (remaining_.erase(name) == 0) return;  // nobody asked for it, or it has its verdict
  if (again_) return SettleAgain(name, outcome, duration);
  if (counts) ran_.insert(name);
  if (failed) failed_.insert(name);
  // An error says that the test was not judged: not a flake.
  if (may_hold_ && outcome.verdict() == tales::Verdict::kFailed) {
    held_.emplace(name, Held{outcome, duration});
    if (held_.size() > static_cast<size_t>(options_.retry_at_most)) {
      may_hold_ = false;
      TellHeld();
    }
  } else {
    context_.Report(options_.prefix + name, outcome, duration);
  }
  const size_t all = options_.e2e.names.size();
  context_.Progress(absl::StrCat(all - remaining_.size(), " of ", all,
                                 failed_.empty() ? "" : absl::StrCat(", ", failed_.size(), " not passed"), TimeLeft(),
                                 ": ", ToString(outcome.verdict()), " ", name));
}

void LiveRun::SettleAgain(const std::string& name, const Outcome& outcome, absl::Duration duration) {
  const auto held = held_.find(name);
  if (held == held_.end() || outcome.verdict() != tales::Verdict::kPassed) return;  // TellHeld() has its first try
  context_.ReportFlaky(options_.prefix + name, held->second.outcome, duration);
  context_.Progress(absl::StrCat("passed on its second try: ", name));
  flaky_.insert(name);
  held_.erase(held);
}

void LiveRun::TellHeld() {
  for (const auto& [name, held] : held_) context_.Report(options_.prefix + name, held.outcome, held.duration);
  held_.clear();
}

// By the pace until now: tests take from a tenth of a second to five minutes, so it is said only once some are over.
std::string LiveRun::TimeLeft() const {
  const size_t all = options_.e2e.names.size(), done = all - remaining_.size();
  const absl::Duration passed = first_began_.elapsed();
  if (!began_ || done < 5 || remaining_.empty() || passed < absl::Seconds(10)) return "";
  const absl::Duration left = passed * remaining_.size() / done;
  const absl::Duration unit = left > absl::Minutes(2) ? absl::Minutes(1) : absl::Seconds(1);
  return absl::StrCat(", about ", absl::FormatDuration(absl::Trunc(left, unit)), " left");
}

void LiveRun::Watch(TestRun& run) {
  if (interrupted_.has_value()) {
    if (interrupted_->elapsed() > options_.grace && !killed_) {
      killed_ = true;
      run.Kill();
    }
    return;
  }
  out_of_time_ = context_.deadline().remaining() < options_.grace + options_.reserve;
  if (!out_of_time_ && step_began_.elapsed() < options_.longest_test) return;
  interrupted_.emplace();
  run.Interrupt();
}

void LiveRun::SettleCurrent(const TestRun& run, const std::string& why, absl::StatusCode code) {
  const std::string current = run.stream().current();
  if (!remaining_.contains(current)) return;
  Settle(current,
         Outcome::CannotLook(absl::Status(code, why), "read the test's log; then run it again alone")
             .With({"test.log", run.stream().current_log()}),
         step_began_.elapsed(), /*counts=*/false, /*failed=*/true);
}

// It was taken from us, with the file that would have been at its end.
LiveRun::End LiveRun::ConcludeLost(TestRun& run) {
  lost_ = run.end().lost;
  last_words_ = lost_;
  SettleCurrent(run, absl::StrCat(lost_, " while it ran"), absl::StatusCode::kAborted);
  return End::kLost;
}

// What the end of a start means for what it had not yet told.
LiveRun::End LiveRun::Conclude(TestRun& run) {
  const TestRunEnd& end = run.end();
  if (!end.lost.empty()) return ConcludeLost(run);
  last_words_ = absl::StrCat("e2e.test ", end.how);
  if (setup_failed_) return End::kNoSetUp;
  if (interrupted_.has_value()) {
    SettleCurrent(
        run,
        absl::StrCat("still running after ", Whole(step_began_.elapsed()), "; it was broken off, and ", last_words_),
        absl::StatusCode::kDeadlineExceeded);
  } else {
    SettleCurrent(run, absl::StrCat(last_words_, " while it ran"), absl::StatusCode::kAborted);
  }
  const bool has_report = Reconcile(run);
  if (out_of_time_) return End::kOutOfTime;
  if (interrupted_.has_value()) return End::kHung;
  if (!has_report) {
    if (began_ && end.exit_code.has_value()) {
      problems_.push_back({.expected = "e2e.test leaves a JUnit file, with which its output can be compared",
                           .found = absl::StrCat(last_words_, " and left no JUnit in ", run.junit().string()),
                           .next = "is the disk full? The end of e2e.log says more"});
    }
    last_words_ = absl::StrCat(last_words_, ": ", run.LastWords());
    return began_ ? End::kDied : End::kUseless;
  }
  CompareExitCode(end);
  // Everything that it was to run it has run; what it has not told is not to be had.
  if (!remaining_.empty()) last_words_ = "e2e.test does not have them, or passed them by";
  return End::kFinished;
}

void LiveRun::CompareExitCode(const TestRunEnd& end) {
  const bool any = !suite_problems_.empty() || std::any_of(live_.begin(), live_.end(), [](const auto& one) {
    return one.second == JUnitResult::kFailed || one.second == JUnitResult::kError;
  });
  const bool red = end.exit_code != 0;
  if (any == red) return;
  disagreements_.push_back(
      absl::StrCat("exit code ", end.exit_code.value_or(-1), " though ", any ? "a test" : "nothing", " failed"));
}

// False: it left no JUnit.
bool LiveRun::Reconcile(const TestRun& run) {
  const absl::StatusOr<reports::JUnitReport> junit = reports::ReadJUnit(run.junit());
  if (!junit.ok()) {
    if (!absl::IsNotFound(junit.status())) disagreements_.emplace_back(junit.status().message());
    return false;
  }
  std::map<std::string, JUnitResult> told = live_;
  for (const JUnitCase& one : junit->cases()) {
    if (IsSuiteNode(one) || !WasSelected(one)) continue;
    const std::string name(one.spec());
    const auto live = told.find(name);
    if (live == told.end()) {
      // Its end was not seen on the output; the file knows it as well.
      Settle(name, JudgeCase(one), absl::Seconds(one.seconds), one.result != JUnitResult::kSkipped,
             one.result == JUnitResult::kFailed || one.result == JUnitResult::kError);
      continue;
    }
    if (live->second != one.result) {
      disagreements_.push_back(
          absl::StrCat(name, ": printed ", ToString(live->second), ", written ", ToString(one.result)));
    }
    told.erase(live);
  }
  for (const auto& [name, result] : told) {
    disagreements_.push_back(absl::StrCat(name, ": printed ", ToString(result), ", not in the file"));
  }
  return true;
}

Outcome LiveRun::Verdict() const {
  if (!disagreements_.empty()) {
    return Outcome::CannotLook(absl::InternalError(absl::StrCat(
                                   "what e2e.test printed and the JUnit that it wrote disagree, so neither "
                                   "is believed: ",
                                   JoinFew(disagreements_))),
                               "compare e2e.log and junit_01.xml in the run's folder")
        .With({"disagreements.txt", absl::StrJoin(disagreements_, "\n")});
  }
  if (!lost_.empty()) {
    return Outcome::CannotLook(
        absl::AbortedError(absl::StrCat(lost_, "; ", options_.e2e.names.size() - remaining_.size(), " of ",
                                        options_.e2e.names.size(),
                                        " tests have their verdict, and what was printed until then is in the run's "
                                        "folder; not run: ",
                                        remaining_.empty() ? "none" : JoinFew(remaining_))),
        "mend that, and run the suite again");
  }
  std::vector<Problem> problems = problems_;
  if (began_ && !remaining_.empty()) {
    std::string why = last_words_;
    if (out_of_time_) why = "time was up";
    if (setup_failed_) why = "the suite's set-up failed when e2e.test was started again";
    problems.push_back({.expected = absl::StrCat("all ", options_.e2e.names.size(), " tests have their turn"),
                        .found = absl::StrCat(why, "; ", remaining_.size(), " were not run: ", JoinFew(remaining_)),
                        .next = "mend that, and run the suite again"});
  } else if (!began_ && !setup_failed_ && problems.empty()) {
    problems.push_back(
        {.expected = "e2e.test begins", .found = last_words_, .next = "read e2e.err in the run's folder"});
  }
  std::string times = starts_ > 1 ? absl::StrCat("; e2e.test was started ", starts_, " times") : "";
  if (!flaky_.empty()) absl::StrAppend(&times, "; ", flaky_.size(), " of these passed when they were tried again");
  return Outcome::FromProblems(
      std::move(problems),
      began_ ? absl::StrCat(ran_.size(), " tests ran, ", failed_.size(), " of them did not pass", times)
             : "e2e.test came to its end without beginning a test, see conformance.environment");
}

}  // namespace tales::conformance
