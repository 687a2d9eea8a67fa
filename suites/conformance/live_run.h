// Runs conformance tests with e2e.test, and tells each verdict as soon as its test is over.
//
// A test that hangs is broken off and costs itself only, as does one that takes the program down: the rest gets a new
// start. What e2e.test printed is compared with the JUnit that it leaves; where they disagree, nothing of the run is
// believed. A few failures are held back and tried once more at the end; more than a few are no flakes, and told at
// once.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/base/stopwatch.h"
#include "harness/runner/producer.h"
#include "suites/conformance/test_run.h"

namespace tales::conformance {

struct LiveOptions {
  E2eOptions e2e;              // folder: a folder for each start is made in it
  StartTests start = nullptr;  // Default: as a process here
  std::string prefix = "conformance.case/";
  absl::Duration longest_test = absl::Minutes(4);  // what takes longer hangs
  absl::Duration grace = absl::Seconds(45);        // for ginkgo to clean up after a test that was broken off
  absl::Duration reserve = absl::ZeroDuration();   // of the whole time, for what comes after the tests
  int starts = 4;                                  // at most
  int retry_at_most = 0;                           // failures that are tried again; more are not, nor is 0
  // Told the namespaces that tests have used so far, after each; where several processes run.
  std::function<void(const std::set<std::string>&)> on_namespaces = nullptr;
};

struct LiveResult {
  Outcome run;                       // did it come to its end?
  Outcome environment;               // did the suite's own set-up and tear-down work?
  std::vector<std::string> ran;      // tests with a verdict that says something, sorted
  std::vector<std::string> failed;   // of these, also where the second try passed
  std::vector<std::string> flaky;    // of these: failed, and passed when tried again
  std::vector<std::string> run_ids;  // e2e-run labels of what it made
  bool began = false;                // the set-up worked at least once
  bool lost = false;                 // the run was taken from us: what it left may still be where it ran
};

class LiveRun {
 public:
  LiveRun(ProducerContext& context, LiveOptions options);
  LiveResult Run();

 private:
  enum class End { kFinished, kDied, kHung, kOutOfTime, kNoSetUp, kUseless, kLost };
  struct Held {
    Outcome outcome;
    absl::Duration duration;
  };

  End RunOnce(int number);
  void RunHeldAgain(int number);
  void TakeEvent(const SpecEvent& event);
  void Watch(TestRun& run);
  End Conclude(TestRun& run);
  End ConcludeLost(TestRun& run);
  bool Reconcile(const TestRun& run);
  void CompareExitCode(const TestRunEnd& end);
  void Settle(const std::string& name, const Outcome& outcome, absl::Duration duration, bool counts, bool failed);
  void SettleAgain(const std::string& name, const Outcome& outcome, absl::Duration duration);
  void Tell(const std::string& name, const Outcome& outcome, absl::Duration duration);
  void TellHeld();
  void SettleCurrent(const TestRun& run, const std::string& why, absl::StatusCode code);
  std::string TimeLeft() const;
  Outcome Verdict() const;

  ProducerContext& context_;
  const LiveOptions options_;
  std::set<std::string> remaining_;
  std::map<std::string, reports::JUnitResult> live_;  // of the start at hand, as it told them
  std::map<std::string, Held> held_;                  // failures whose verdict waits for a second try
  std::set<std::string> ran_, failed_, flaky_, run_ids_;
  std::vector<Problem> problems_, suite_problems_;
  std::vector<std::string> disagreements_;
  std::string suite_log_, last_words_;
  std::string lost_;  // why
  bool began_ = false, setup_failed_ = false, may_hold_ = false, again_ = false;
  Stopwatch first_began_;
  int starts_ = 0;
  // Of the start at hand.
  Stopwatch step_began_;  // the test or set-up step that is under way
  std::optional<Stopwatch> interrupted_;
  bool out_of_time_ = false, killed_ = false;
};

}  // namespace tales::conformance
