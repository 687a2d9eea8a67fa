// Has the log of a Cilium agent its beginning? kubelet hands out the newest of the files that it rotates, and no word
// of the others. Source: cilium v1.17.1 and v1.19.0, daemon/cmd.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/logs/log_line.h"

namespace tales {

// One of them stands in each line that AgentStartVersion() takes for an agent's first: for a LinePattern.
std::vector<std::string> AgentStartTexts();

// nullopt: not a line of an agent's beginning. Else the version that it tells ("1.17.1"), "" where it tells none.
std::optional<std::string> AgentStartVersion(const logs::LogLine& line);

}  // namespace tales
