// Judging what an agent found when it probed the nodes. Source: Cilium 1.17.1, `cilium-health status -o json`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "harness/check/outcome.h"
#include "harness/definition/cluster_definition.h"
#include "suites/cilium/agents.h"

namespace tales::cilium {

// The agent of `place` has reached every node of `nodes`, by ICMP and by HTTP, the node itself and its health endpoint
// (a pod, so over the pod network) where there are such (enable-endpoint-health-checking). A node it does not know is a
// problem, as is one that it has not probed. Nodes of other clusters in a mesh are left out.
std::vector<Problem> JudgeNodeHealth(const Json& health, const AgentPlace& place,
                                     const std::vector<NodeDefinition>& nodes, bool has_endpoints);

// The answer is of the last probe: one that stands still goes on to say that all was well.
std::optional<Problem> JudgeHealthAge(const Json& health, const AgentPlace& place, size_t nodes, absl::Time now);

}  // namespace tales::cilium
