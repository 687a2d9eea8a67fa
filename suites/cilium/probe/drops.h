// What Cilium dropped, and why, as a difference: counters run since the agent began, and most of what is in them is
// older than the run, or harmless. Source: `cilium-dbg metrics list -o json`, cilium-cli v0.18.2 for what is expected.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/check/outcome.h"
#include "suites/cilium/agents.h"

namespace tales::cilium::probe {

using Drops = std::map<std::string, double>;  // packets, by reason; both directions together

// DataLoss: it is no list of metrics. One without the counter is a list without drops.
absl::StatusOr<Drops> ParseDrops(const Json& metrics);
// That policies drop is what they are for; and what comes and goes on every network is nobody's fault.
bool IsExpectedDrop(std::string_view reason);

struct DropsOfNode {
  AgentPlace place;
  absl::StatusOr<Drops> before = absl::UnknownError("not read"), after = absl::UnknownError("not read");
};
// Failed: on a node, a reason that is not expected has more packets after than before. An agent that was started anew
// counts from zero: inconclusive. `restarts`: by node, how that is known; counters that went back say so too.
Outcome JudgeDrops(const std::vector<DropsOfNode>& nodes, const std::map<std::string, std::string>& restarts = {});

}  // namespace tales::cilium::probe
