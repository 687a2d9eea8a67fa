#include "suites/connectivity/cli_run.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/base/file.h"
#include "harness/base/how_it_ended.h"
#include "harness/base/join_few.h"
#include "suites/connectivity/requested_tests.h"
#include "suites/imports/connectivity.h"

namespace tales::connectivity {
namespace {

using reports::JUnitCase;
using reports::JUnitResult;

constexpr absl::Duration kStep = absl::Milliseconds(500);
constexpr size_t kLogKept = 16 << 20;

std::string LogOf(const CliOptions& options) {
  absl::StatusOr<std::string> log = ReadFile(options.folder / "connectivity.log", 256 << 20);
  if (!log.ok()) return "";
  if (log->size() > kLogKept) log->erase(0, log->size() - kLogKept);
  return *std::move(log);
}

}  // namespace

Outcome CliRun::Run() {
  began_ = {};
  const absl::StatusOr<std::unique_ptr<CliProcess>> process = CliProcess::Start(options_.cli);
  if (!process.ok()) {
    return Outcome::CannotLook(process.status(), absl::StrCat(options_.cli.program.string(), " version --client"));
  }
  while ((*process)->Follow(kStep, [this](const TestEvent& event) { Take(event); })) Watch(**process);
  return Conclude(**process);
}

void CliRun::Tell(const std::string& test, Outcome outcome, absl::Duration duration) {
  if (!told_.insert(test).second) return;
  outcome.Note(options_.note());
  if (outcome.verdict() == Verdict::kFailed) {
    if (const std::vector<std::string> dumps = NewSysdumps(); !dumps.empty()) {
      outcome.With({"sysdump.txt", absl::StrCat(absl::StrJoin(dumps, "\n"), "\n")});
    }
  }
  context_.Report(options_.prefix + test, outcome, duration);
}

void CliRun::Take(const TestEvent& event) {
  if (options_.cli.workloads.connectivity.concurrency > 1) {
    if (event.kind != TestEvent::Kind::kSkipped) context_.Progress(absl::StrCat("test ", event.test));
    return;
  }
  if (event.kind == TestEvent::Kind::kStarted) {
    test_began_ = {};
    if (announced_.insert(event.test).second) context_.Announce({options_.prefix + event.test});
    context_.Progress(absl::StrCat(event.number, " of ", event.all, ": ", event.test));
    return;
  }
  // What it says of a test that was cut short is not about the cluster: the end of the run tells it as what it is.
  if (event.kind == TestEvent::Kind::kSkipped || event.cancelled || interrupted_.has_value()) return;
  live_[event.test] = event.failed;
  if (event.failed && event.test == imports::kLogCheckTest) {
    log_check_ = Held{event.log, test_began_.elapsed()};
    context_.Progress(
        absl::StrCat(event.number, " of ", event.all, ": failed ", event.test, ", judged with its JUnit"));
    return;
  }
  const JUnitCase one{.name = event.test, .result = JUnitResult::kFailed};
  Outcome outcome = event.failed ? imports::JudgeConnectivityFailure(one, event.log, &ledger_)
                                 : imports::JudgeConnectivityPass(event.test, event.log);
  context_.Progress(absl::StrCat(event.number, " of ", event.all, ": ", ToString(outcome.verdict()), " ", event.test));
  Tell(event.test, std::move(outcome), test_began_.elapsed());
}

// `one`: as the JUnit has it; without a text where there is none.
void CliRun::TellHeld(const JUnitCase& one) {
  if (!log_check_.has_value()) return;
  Tell(imports::kLogCheckTest, imports::JudgeConnectivityFailure(one, log_check_->log, &ledger_), log_check_->duration);
}

void CliRun::Watch(CliProcess& process) {
  if (interrupted_.has_value()) {
    if (interrupted_->elapsed() > options_.grace && !killed_) {
      killed_ = true;
      process.Kill();
    }
    return;
  }
  // Its own timeout comes first; it is not relied on.
  if (context_.deadline().remaining() > 2 * options_.grace &&
      began_.elapsed() < options_.cli.timeout + options_.grace) {
    return;
  }
  interrupted_.emplace();
  process.Interrupt();
}

// What it had not told by then is not to be had.
Outcome CliRun::BrokenOff(const CliProcess& process, const std::string& junit) {
  const CliOutput& output = process.output();
  const bool timed_out = interrupted_.has_value() || output.cancelled();
  const std::string how =
      absl::StrCat("`cilium connectivity test` ", HowItEnded(process.finished()),
                   timed_out ? absl::StrCat(" when its time was up, after ",
                                            absl::FormatDuration(absl::Trunc(began_.elapsed(), absl::Seconds(1))))
                             : "");
  const absl::StatusCode code = timed_out ? absl::StatusCode::kDeadlineExceeded : absl::StatusCode::kAborted;
  TellHeld({.name = imports::kLogCheckTest, .result = JUnitResult::kFailed});
  for (const std::string& test : announced_) {
    if (told_.contains(test)) continue;
    Outcome outcome = Outcome::CannotLook(absl::Status(code, absl::StrCat(how, " while it ran")),
                                          absl::StrCat("cilium connectivity test --test '^", test, "/'"));
    if (test == output.current()) outcome.With({"test.log", output.current_log()});
    Tell(test, std::move(outcome), test_began_.elapsed());
  }
  const std::string_view words = absl::StripAsciiWhitespace(std::string_view(output.tail()));
  const std::string_view last = words.substr(words.rfind('\n') == std::string_view::npos ? 0 : words.rfind('\n') + 1);
  const bool began = output.all() > 0;
  return Outcome::CannotLook(
             absl::Status(
                 code,
                 absl::StrCat(how, began ? absl::StrCat(", ", live_.size(), " tests having ended,") : " in its set-up",
                              " and ", junit, "; its last words: ", last)),
             began ? "read connectivity.log in the run's folder; then run it again"
                   : "kubectl -n cilium-test-1 get pods -o wide; kubectl -n cilium-test-1 get events")
      .With({"connectivity.log", LogOf(options_.cli)});
}

Outcome CliRun::Conclude(const CliProcess& process) {
  const std::filesystem::path file = JUnitOf(options_.cli);
  imports::ForeignResults found;
  found.results.push_back({file.string(), reports::ReadJUnit(file), LogOf(options_.cli)});
  const imports::ForeignResult& result = found.results.front();
  if (!result.junit.ok())
    return BrokenOff(process, absl::StrCat("left no JUnit (", result.junit.status().message(), ")"));
  // Later versions write one all the same: of tests that were cut short as if they had failed.
  if (interrupted_.has_value() || process.output().cancelled()) {
    return BrokenOff(process, "its JUnit says nothing of what was cut short");
  }
  std::vector<std::string> disagreements;
  bool any_failed = false;
  std::set<std::string> written;
  for (const JUnitCase& one : result.junit->cases()) {
    if (one.result == JUnitResult::kSkipped) continue;
    const std::string test(one.name);
    const bool failed = one.result != JUnitResult::kPassed;
    any_failed |= failed;
    written.insert(test);
    if (failed && test == imports::kLogCheckTest) TellHeld(one);
    const auto live = live_.find(test);
    if (live != live_.end() && live->second != failed) {
      disagreements.push_back(absl::StrCat(test, ": printed ", live->second ? "failed" : "passed", ", written ",
                                           failed ? "failed" : "passed"));
    }
  }
  for (const auto& [test, failed] : live_) {
    if (!written.contains(test)) disagreements.push_back(absl::StrCat(test, ": printed, not in the file"));
  }
  if (any_failed == process.finished().ok()) {
    disagreements.push_back(
        absl::StrCat("it ", HowItEnded(process.finished()), " though ", any_failed ? "a test" : "no test", " failed"));
  }
  // The file does not have it as failed: a disagreement.
  TellHeld({.name = imports::kLogCheckTest, .result = JUnitResult::kFailed});
  imports::ConnectivityJudgement judgement = imports::JudgeConnectivity(found, options_.one_node, &ledger_);
  for (imports::ConnectivityVerdict& one : judgement.tests) {
    if (told_.contains(one.test)) continue;
    if (announced_.insert(one.test).second) context_.Announce({options_.prefix + one.test});
    Tell(one.test, std::move(one.outcome), one.duration);
  }
  for (const std::string& test : announced_) {
    if (told_.contains(test)) continue;
    Tell(test, Outcome::CannotLook(absl::InternalError("it began and is not in the JUnit"), "read connectivity.log"),
         absl::ZeroDuration());
  }
  if (disagreements.empty()) return WithoutHoles(std::move(judgement.run), written, result.log);
  return Outcome::CannotLook(absl::InternalError(absl::StrCat("what `cilium connectivity test` printed and the JUnit "
                                                              "that it wrote disagree, so neither is believed: ",
                                                              JoinFew(disagreements))),
                             "compare connectivity.log and junit.xml in the run's folder")
      .With({"disagreements.txt", absl::StrJoin(disagreements, "\n")});
}

// A run that passed, where each part of what was asked for has run.
Outcome CliRun::WithoutHoles(Outcome run, const std::set<std::string>& ran, const std::string& log) const {
  const std::vector<std::string> holes = ExpressionsWithoutATest(options_.cli.tests, ran);
  if (holes.empty() || run.verdict() != Verdict::kPassed) return run;
  return Outcome::Failed(
             {.expected = absl::StrCat("each expression of --test ", options_.cli.tests, " picks a test that runs"),
              .found = absl::StrCat("none ran of: ", absl::StrJoin(holes, ", "), " (", run.found(), ")"),
              .next = "--test is matched against TEST/SCENARIO: write '^no-policies/', not '^no-policies$'; "
                      "connectivity.log says why a test was left out"})
      .With({"connectivity.log", log});
}

std::vector<std::string> CliRun::NewSysdumps() {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(options_.cli.folder, error)) {
    const std::string name = entry.path().filename().string();
    if (absl::StartsWith(name, "cilium-sysdump-") && sysdumps_.insert(name).second) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace tales::connectivity
