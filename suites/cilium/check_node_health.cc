// The way from each node to each: the agents' health daemons probe it. `cilium status --wait` only asks whether that
// daemon is alive, so it is green with nodes that cannot reach each other.
#include "absl/strings/str_cat.h"
#include "harness/check/spec.h"
#include "suites/cilium/checks.h"
#include "suites/cilium/node_health.h"

namespace tales::cilium {
namespace {

Outcome Look(CheckContext& context) {
  const NodeDefinition& node = context.node();
  const absl::StatusOr<AgentAnswer> status = AgentStatus(context, node);
  if (!status.ok()) return CannotAsk(context, status.status(), node.name);
  if (Text(status->json, "cluster.ciliumHealth.state") == "Disabled") {
    return Outcome::Unsupported("Cilium's health checking", "healthChecking is off");
  }
  const absl::StatusOr<AgentAnswer> health = AgentHealth(context, node);
  if (!health.ok()) return CannotAsk(context, health.status(), node.name);
  return Outcome::FromProblems(
             JudgeNodeHealth(health->json, health->place, context.definition().nodes),
             absl::StrCat(node.name, " reaches all ", context.definition().nodes.size(), " nodes by ICMP and HTTP"))
      .With({.name = "cilium-health.json", .content = health->json.dump(2)});
}

}  // namespace

Check NodeHealthCheck() {
  return {.id = "cilium.node_health",
          .question = "Does the node's agent reach every node by ICMP and HTTP?",
          .instances = Instances::kNode,
          .needs = {&kNeedsCilium, &kNeedsKubernetes, &kNeedsDeclaredNodes},
          .after = {"health.kubernetes_api", "health.talos_api"},
          .faults = {"lab:cilium-node-unreachable"},
          .deadline = absl::Seconds(60),
          .look = Look};
}

}  // namespace tales::cilium
