// What the cilium CLI says, beside our own reading. Source: cilium-cli 0.18, cilium-cli/status.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/check/outcome.h"
#include "harness/kube/client.h"

namespace tales::cilium {

using kube::Json;

struct CliStatus {
  std::vector<std::string>
      troubles;  // "cilium cilium-x7f2p: error: ..."; errors and warnings, and what it could not collect
  std::set<std::string> agents;  // pods whose status it has
  struct Workload {
    std::string name;
    int64_t desired = 0, ready = 0;
  };
  std::vector<Workload> workloads;
};
// InvalidArgument where it is not the CLI's JSON.
absl::StatusOr<CliStatus> ParseCliStatus(std::string_view json);

// What was read without it.
struct OwnReading {
  std::vector<std::string> troubles;  // of agents and rollouts: what the CLI looks at too
  std::set<std::string> agents;       // running agent pods
  std::vector<CliStatus::Workload> workloads;
};
// The CLI has no trouble, and what it counted is what we counted; trouble that only one of the two sees is said so.
std::vector<Problem> JudgeCliStatus(const CliStatus& cli, const OwnReading& own, const std::string& command);

}  // namespace tales::cilium
