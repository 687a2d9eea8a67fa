// `cilium connectivity test`, judged by the JUnit that it leaves and, where that is there too, by what it printed.
//
// Its traps: no file at all where its set-up failed; every test skipped and exit code 0; with one node for ordinary
// pods it silently leaves out everything between nodes; the JUnit says neither why a test was skipped nor why one
// failed. Source: cilium-cli v0.18.2, connectivity/check.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "harness/check/ledger.h"
#include "harness/check/outcome.h"
#include "suites/imports/foreign_results.h"

namespace tales::imports {

// The one test whose failure the ledger may excuse: for that the JUnit has to name what failed, all of it.
inline constexpr char kLogCheckTest[] = "check-log-errors";

struct ConnectivityVerdict {
  std::string test;
  Outcome outcome;
  absl::Duration duration;
};

struct ConnectivityJudgement {
  Outcome run;                             // did it come to its end, and test anything?
  std::vector<ConnectivityVerdict> tests;  // that ran; those that it left out are counted in `run`
};

// Pure. `one_node`: the cluster has one node for ordinary pods, as declared. check-log-errors fails for every warning
// in Cilium's logs: where `ledger` (nullptr: none) knows each, so is the failure.
ConnectivityJudgement JudgeConnectivity(const ForeignResults& found, bool one_node, const Ledger* ledger = nullptr);

// The verdict of one test that passed: inconclusive where `log` has it and shows that it did nothing (in an environment
// of one node some do).
Outcome JudgeConnectivityPass(std::string_view test, std::string_view log);
// The verdict of one test that failed. `log`: what was printed, of this test at least, where that is there.
Outcome JudgeConnectivityFailure(const reports::JUnitCase& one, std::string_view log, const Ledger* ledger);

}  // namespace tales::imports
