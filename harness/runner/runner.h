// `tales verify`: a cluster up or adopted, a plan judged, reports, and the cluster down again.
#pragma once

#include <ostream>

#include "harness/runner/registry.h"
#include "harness/runner/run_request.h"

namespace tales {

// Returns the exit code: 0, 1, 2 (usage, before anything was touched), 3 (fixture, recording, nothing judged), 130.
// Blocks; takes SIGINT and SIGTERM over meanwhile. Children die with the thread that calls it.
int RunVerify(const Registry& registry, RunRequest request, std::ostream& out, std::ostream& err);

}  // namespace tales
