// Judging ConfigMap cilium-config and what of the agents' settings is not in it: against the declared values, against
// what Helm rendered, and against what Talos needs. Sources: Cilium 1.17.1, templates/cilium-configmap.yaml; Talos 1.9,
// guide for Cilium; facts about host DNS: siderolabs/talos#10002, cilium/cilium#36737.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/check/check.h"
#include "suites/cilium/helm_release.h"

namespace tales::cilium {

using Settings = std::map<std::string, std::string>;  // the data of cilium-config

// NotFound where there is none.
absl::StatusOr<Settings> LiveSettings(CheckContext& context);

// Each declared value has the effect that it has in the chart. A value whose option is not known is compared with the
// release's own values; without a release (nullptr) it is left out, and named in `not_judged`.
std::vector<Problem> JudgeDeclaredValues(const CiliumDefinition& declared, const Settings& live,
                                         const HelmRelease* release, std::vector<std::string>& not_judged);

// Options that were changed, added or removed since Helm rendered them; the declared values' own are left to
// JudgeDeclaredValues.
std::vector<Problem> JudgeDrift(const CiliumDefinition& declared, const Settings& live, const Settings& rendered);

// What Talos needs: no mounting of cgroups, no SYS_MODULE, KubePrism as the way to the API server where kube-proxy is
// replaced, pod ranges from Kubernetes (only where an intent is declared). `agent_set` is DaemonSet cilium.
std::vector<Problem> JudgeForTalos(const ClusterDefinition& definition, const Settings& live, const Json& agent_set);

// BIG TCP needs native routing past the node's own stack, and no encryption: otherwise an agent refuses to start.
std::vector<Problem> JudgeBigTcp(const Settings& live);

// Whether the options have agents route pods past the node's own network stack.
bool AsksForBpfHostRouting(const Settings& live);
// `forwards`: the node's host DNS also answers CoreDNS, at a link-local address that BPF host routing does not reach.
std::vector<Problem> JudgeHostDns(const std::string& node, bool forwards, bool bpf_host_routing);

}  // namespace tales::cilium
