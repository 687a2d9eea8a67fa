// Where Cilium is in the cluster, and asking its agents. What an agent answers is a fact: asked of all nodes at once,
// shared by the checks of a look.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/check/check.h"
#include "harness/kube/client.h"

namespace tales::cilium {

using kube::Json;

// Cilium is declared, or was found in the cluster (an adopted cluster without a cluster file).
extern const Requirement kNeedsCilium;

// With Cilium's own defaults for what is not declared. REQUIRES: kNeedsCilium.
std::string NamespaceOf(const ClusterDefinition& definition);
std::string ReleaseOf(const ClusterDefinition& definition);

// What an agent was asked of, and what messages name.
struct AgentPlace {
  std::string node, cilium_namespace, pod;
  // "kubectl -n cilium exec cilium-x7f2p -c cilium-agent -- COMMAND"
  std::string Exec(std::string_view command) const;
};

// The pod of DaemonSet cilium on `node`. NotFound where there is none, FailedPrecondition where it does not run; both
// name the cause. `pods` are those of all namespaces.
absl::StatusOr<AgentPlace> FindAgent(const std::vector<Json>& pods, const std::string& cilium_namespace,
                                     const std::string& node);

struct AgentAnswer {
  AgentPlace place;
  Json json;
};

// `cilium-dbg status`, `cilium-dbg endpoint list` and `cilium-health status --probe` of the node's agent, as JSON.
// Errors as of FindAgent; DataLoss where the answer is none, and what exec has (no right to, no kubelet).
// REQUIRES: kNeedsCilium, kNeedsKubernetes.
absl::StatusOr<AgentAnswer> AgentStatus(CheckContext& context, const NodeDefinition& node);
absl::StatusOr<AgentAnswer> AgentEndpoints(CheckContext& context, const NodeDefinition& node);
absl::StatusOr<AgentAnswer> AgentHealth(CheckContext& context, const NodeDefinition& node);

// The outcome of a check whose agent could not be asked: failed where it is not there or does not run.
Outcome CannotAsk(CheckContext& context, const absl::Status& status, std::string_view node);

}  // namespace tales::cilium
