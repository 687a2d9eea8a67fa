// What the classifiers of agent logs share: how a deviation from a known issue is told.
#pragma once

#include <string>
#include <string_view>

#include "harness/check/outcome.h"
#include "suites/known_issues/agent_log.h"

namespace tales::known_issues {

// "1.19.2" is at least "1.19.0". A version that is not known is not.
bool IsAtLeast(const std::string& version, std::string_view least);

Evidence AsEvidence(const Lines& lines);  // "agent.log"

// failed: `line`, one of `lines`, is not the known one, and how it differs.
Outcome NewVariant(std::string_view issue, std::string_view expected, std::string_view difference,
                   std::string_view line, const Lines& lines, std::string next);

}  // namespace tales::known_issues
