// Can the conformance tests pass here? Said before hours are spent on them.
#pragma once

#include <string>
#include <vector>

#include "harness/check/check.h"
#include "suites/conformance/mode.h"

namespace tales::conformance {

// What was read of the cluster.
struct PreflightFacts {
  std::string server_version;  // "v1.32.2"
  std::vector<kube::Json> nodes, pods, daemonsets, deployments;
  std::string cilium_namespace;  // where Cilium is declared; "": it is not
  bool in_a_pod = false;         // that is where the tests are to run
  std::string image;             // of that pod
};

// Pure. A known issue is the check's own word: whether it is accepted is for the ledger to say.
Outcome JudgePreflight(const Picked& picked, const PreflightFacts& facts);

// The two tests that fail, and do not skip, where fewer than two nodes take ordinary pods.
const std::vector<std::string>& TestsThatNeedTwoNodes();

Check PreflightCheck();

}  // namespace tales::conformance
