// Runs conformance tests with e2e.test, and tells each verdict as soon as its test is over.
//
// One process runs one test after the other. A test that hangs is broken off and costs itself only, as does one that
// takes the process down: the rest gets a new process. What e2e.test printed is compared with the JUnit that it leaves;
// where they disagree, nothing of the run is believed.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/runner/producer.h"
#include "suites/conformance/e2e_process.h"

namespace tales::conformance {

struct LiveOptions {
  E2eOptions e2e;  // folder: a folder for each process is made in it
  std::string prefix = "conformance.case/";
  absl::Duration longest_test = absl::Minutes(4);  // what takes longer hangs
  absl::Duration grace = absl::Seconds(45);        // for ginkgo to clean up after a test that was broken off
  int starts = 4;                                  // processes, at most
};

struct LiveResult {
  Outcome run;                       // did it come to its end?
  Outcome environment;               // did the suite's own set-up and tear-down work?
  std::vector<std::string> ran;      // tests with a verdict that says something, sorted
  std::vector<std::string> failed;   // of these
  std::vector<std::string> run_ids;  // e2e-run labels of what it made
  bool began = false;                // the set-up worked at least once
};

class LiveRun {
 public:
  LiveRun(ProducerContext& context, LiveOptions options);
  LiveResult Run();

 private:
  enum class End { kFinished, kDied, kHung, kOutOfTime, kNoSetUp, kUseless };

  End RunProcess(int number);
  void TakeEvent(const SpecEvent& event);
  void Watch(E2eProcess& process);
  End Conclude(E2eProcess& process);
  bool Reconcile(const E2eProcess& process);
  void CompareExitCode(const Finished& finished);
  void Settle(const std::string& name, const Outcome& outcome, absl::Duration duration, bool counts, bool failed);
  void SettleCurrent(const E2eProcess& process, const std::string& why, absl::StatusCode code);
  Outcome Verdict() const;

  ProducerContext& context_;
  const LiveOptions options_;
  std::set<std::string> remaining_;
  std::map<std::string, reports::JUnitResult> live_;  // of the process at hand, as it told them
  std::set<std::string> ran_, failed_, run_ids_;
  std::vector<Problem> problems_, suite_problems_;
  std::vector<std::string> disagreements_;
  std::string suite_log_, last_words_;
  bool began_ = false, setup_failed_ = false;
  int processes_ = 0;
  // Of the process at hand.
  std::optional<absl::Time> step_began_;  // the test or set-up step that is under way
  std::optional<absl::Time> interrupted_;
  bool out_of_time_ = false, killed_ = false;
};

}  // namespace tales::conformance
