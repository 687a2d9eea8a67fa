// KI-ONE-WORKER: an ordinary pod can be put on one node only.
//
// Two conformance tests fail then, and `cilium connectivity test` leaves out what needs two nodes without a word in its
// JUnit. Source: kubernetes v1.32.2 test/e2e/architecture/conformance.go, test/e2e/apps/daemon_set.go; cilium-cli
// v0.18.2 connectivity/check/context.go.
#pragma once

#include <vector>

#include "harness/check/outcome.h"
#include "harness/kube/client.h"

namespace tales::known_issues {

// known, resolved or failed (no node at all). `nodes`: Kubernetes' own. Pure.
Outcome ClassifyOneWorker(const std::vector<kube::Json>& nodes);

}  // namespace tales::known_issues
