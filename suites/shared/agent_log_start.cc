#include "suites/shared/agent_log_start.h"

#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "harness/base/semantic_version.h"

namespace tales {

std::vector<std::string> AgentStartTexts() { return {"Memory available for map entries", "\"Cilium "}; }

std::optional<std::string> AgentStartVersion(const logs::LogLine& line) {
  if (line.format == logs::LogLine::Format::kPlain) return std::nullopt;
  std::string_view message = line.message;
  if (absl::StartsWith(message, "Memory available for map entries")) return "";
  // "Cilium 1.17.1 9a2b3c4d 2025-02-11T12:00:00+00:00 go version go1.23.6 linux/amd64"
  if (!absl::ConsumePrefix(&message, "Cilium ")) return std::nullopt;
  const std::string_view version = message.substr(0, message.find(' '));
  if (!ParseSemanticVersion(version).has_value()) return std::nullopt;
  return std::string(version);
}

}  // namespace tales
