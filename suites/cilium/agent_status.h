// Judging what an agent says of itself. Source: Cilium 1.17.1, api/v1/models/status_response.go, endpoint.go.
#pragma once

#include <string>
#include <vector>

#include "harness/check/outcome.h"
#include "suites/cilium/agents.h"

namespace tales::cilium {

// Every subsystem ok or switched off, no probe of its own stale, no controller that failed the last time it ran. An
// answer without the agent's own state is a problem too.
std::vector<Problem> JudgeAgentStatus(const Json& status, const AgentPlace& place);

// Every endpoint ready.
std::vector<Problem> JudgeEndpoints(const Json& endpoints, const AgentPlace& place);

}  // namespace tales::cilium
