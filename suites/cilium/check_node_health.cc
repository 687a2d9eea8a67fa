// The way from each node to each: the agents' health daemons probe it. `cilium status --wait` only asks whether that
// daemon is alive, so it is green with nodes that cannot reach each other.
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "harness/check/spec.h"
#include "suites/cilium/checks.h"
#include "suites/cilium/node_health.h"
#include "suites/cilium/settings.h"

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
  const std::vector<NodeDefinition>& nodes = context.definition().nodes;
  // Where the settings may not be read, what was probed of a node's health endpoint is judged, and none is demanded.
  const absl::StatusOr<Settings> settings = LiveSettings(context);
  const auto endpoints = settings.ok() ? settings->find("enable-endpoint-health-checking") : Settings::const_iterator();
  const bool has_endpoints = settings.ok() && endpoints != settings->end() && endpoints->second == "true";
  std::vector<Problem> problems;
  if (std::optional<Problem> old = JudgeHealthAge(health->json, health->place, nodes.size(), absl::Now())) {
    problems.push_back(*std::move(old));
  } else {
    problems = JudgeNodeHealth(health->json, health->place, nodes, has_endpoints);
  }
  return Outcome::FromProblems(std::move(problems),
                               absl::StrCat(node.name, " reaches all ", nodes.size(), " nodes by ICMP and HTTP"))
      .With({.name = "cilium-health.json", .content = health->json.dump(2)});
}

}  // namespace

Check NodeHealthCheck() {
  return {.id = "cilium.node_health",
          .question = "Does the node's agent reach every node by ICMP and HTTP?",
          .instances = Instances::kNode,
          .needs = {&kNeedsCilium, &kNeedsKubernetes, &kNeedsDeclaredNodes},
          .after = {"health.kubernetes_api", "health.talos_api"},
          // A probe that needs both ways fails from either side; that one knows which way is broken, and
          // cilium.probe/node-health tells what the agents found with it.
          .explained_by = {"cilium.probe/one-way", "health.services"},
          .faults = {"lab:cilium-node-unreachable"},
          .deadline = absl::Seconds(60),
          .look = Look};
}

}  // namespace tales::cilium
