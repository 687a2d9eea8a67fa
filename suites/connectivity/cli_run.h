// Runs `cilium connectivity test`, and tells each verdict as soon as its test is over.
//
// What it printed is compared with the JUnit that it leaves; where they disagree, nothing of the run is believed. Where
// it works in several namespaces side by side, what it prints is mixed, and the verdicts come with its JUnit.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "harness/base/stopwatch.h"
#include "harness/check/ledger.h"
#include "harness/runner/producer.h"
#include "reports/junit_reader.h"
#include "suites/connectivity/cli_arguments.h"
#include "suites/connectivity/cli_output.h"
#include "suites/connectivity/cli_process.h"

namespace tales::connectivity {

struct RunOptions {
  CliOptions cli;
  std::string prefix = "cilium.connectivity/";
  bool one_node = false;                     // the cluster has one node for ordinary pods
  absl::Duration grace = absl::Seconds(60);  // for it to take its policies away when it is interrupted
  // What has changed in the cluster since the run began, to stand behind what a test failed of; "": nothing.
  std::function<std::string()> note = [] { return std::string(); };
};

class CliRun {
 public:
  CliRun(ProducerContext& context, const Ledger& ledger, RunOptions options)
      : context_(context), ledger_(ledger), options_(std::move(options)) {}
  // Did it come to its end, and test anything? Every test that it began has been told by then.
  Outcome Run();

 private:
  void Take(const TestEvent& event);
  void Watch(CliProcess& process);
  void Tell(const std::string& test, Outcome outcome, absl::Duration duration);
  void TellHeld(const reports::JUnitCase& one);
  Outcome Conclude(const CliProcess& process);
  Outcome BrokenOff(const CliProcess& process, const std::string& junit);
  Outcome WithoutHoles(Outcome run, const std::set<std::string>& ran, const std::string& log) const;
  std::vector<std::string> NewSysdumps();

  ProducerContext& context_;
  const Ledger& ledger_;
  const RunOptions options_;
  std::map<std::string, bool> live_;  // tests that are over, as it printed them: failed?
  std::set<std::string> announced_, told_, sysdumps_;
  struct Held {
    std::string log;
    absl::Duration duration;
  };
  std::optional<Held> log_check_;  // that failed: what it found fault with is known when the JUnit is there
  Stopwatch began_, test_began_;
  std::optional<Stopwatch> interrupted_;
  bool killed_ = false;
};

}  // namespace tales::connectivity
