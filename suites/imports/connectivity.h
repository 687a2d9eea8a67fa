// `cilium connectivity test`, judged by the JUnit that it leaves and, where that is there too, by what it printed.
//
// Its traps: no file at all where its set-up failed; every test skipped and exit code 0; with one node for ordinary
// pods it silently leaves out everything between nodes; the JUnit says neither why a test was skipped nor why one
// failed. Source: cilium-cli v0.18.2, connectivity/check.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "harness/check/outcome.h"
#include "harness/runner/producer.h"
#include "suites/imports/foreign_results.h"

namespace tales::imports {

struct ConnectivityVerdict {
  std::string test;
  Outcome outcome;
  absl::Duration duration;
};

struct ConnectivityJudgement {
  Outcome run;                             // did it come to its end, and test anything?
  std::vector<ConnectivityVerdict> tests;  // that ran; those that it left out are counted in `run`
};

// Pure. `one_node`: the cluster has one node for ordinary pods, as declared.
ConnectivityJudgement JudgeConnectivity(const ForeignResults& found, bool one_node);

// The lines below "Found N logs ... that must be investigated": what check-log-errors fails for.
std::vector<std::string> InvestigatedLines(std::string_view log);

// cilium.connectivity/TEST.
Producer ConnectivityProducer();

}  // namespace tales::imports
