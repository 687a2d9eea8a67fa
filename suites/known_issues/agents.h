// The Cilium agent of a node: where it is, what it was told, what its log says. Shared by the checks that ask it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "harness/check/check.h"
#include "suites/known_issues/agent_log.h"

namespace tales::known_issues {

struct Agent {
  std::string cilium_namespace, pod;
  std::string version;                        // "1.17.1": of its image, else as its log says; "" where neither tells
  bool restarted = false;                     // there was a container before the one that runs
  std::map<std::string, std::string> config;  // cilium-config
  AgentLog log;
  std::optional<AgentLog> previous;

  bool Set(const std::string& option) const;  // "true" in cilium-config
  // "kubectl -n cilium logs cilium-x -c cilium-agent"
  std::string LogCommand() const;
  // "kubectl -n cilium exec cilium-x -c cilium-agent --"
  std::string ExecCommand() const;
};

// The agent of the context's node, read once for all checks, its logs streamed and never held; or the outcome of a
// check that has none to look at: unsupported without Cilium, inconclusive without this node's agent, else the error.
std::variant<Agent, Outcome> ReadAgent(CheckContext& context);

// tso_max_size by device, of the node the agent runs on.
absl::StatusOr<std::map<std::string, int64_t>> ReadTsoLimits(CheckContext& context, const Agent& agent);
// The larger maxGSO of IPv4 and IPv6 in the agent's status.
absl::StatusOr<int64_t> ReadMaxGso(CheckContext& context, const Agent& agent);

// Their parsing, of `ip -d -j link show` and `cilium-dbg status -o json`. InvalidArgument.
absl::StatusOr<std::map<std::string, int64_t>> ParseTsoLimits(const std::string& text);
absl::StatusOr<int64_t> ParseMaxGso(const std::string& text);

}  // namespace tales::known_issues
