// Judging what an agent found when it probed the nodes. Source: Cilium 1.17.1, `cilium-health status -o json`.
#pragma once

#include <string>
#include <vector>

#include "harness/check/outcome.h"
#include "harness/definition/cluster_definition.h"
#include "suites/cilium/agents.h"

namespace tales::cilium {

// The agent of `place` has reached every node of `nodes`, by ICMP and by HTTP, the node itself and its health endpoint
// (a pod, so over the pod network). What it was not asked to probe is no problem; a node it does not know is one. Nodes
// of other clusters in a mesh are left out.
std::vector<Problem> JudgeNodeHealth(const Json& health, const AgentPlace& place,
                                     const std::vector<NodeDefinition>& nodes);

}  // namespace tales::cilium
