// What can be wrong with the results that somebody imports, made on purpose: on copies, from the results of a healthy
// run. Domain `import`; `tales prove --domain import` shows that each is noticed.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/check/fault.h"
#include "harness/runner/registry.h"

namespace tales::conformance {

std::vector<Fault> ImportFaults();
std::map<std::string, InputFault> ImportInputFaults();

// Results as hydrophone and cilium-cli leave them of a cluster with which nothing is wrong: for proofs only, they say
// nothing of any cluster. Returns the arguments of `tales verify` that import them.
absl::StatusOr<std::vector<std::string>> WriteHealthyResults(const std::filesystem::path& folder);

}  // namespace tales::conformance
