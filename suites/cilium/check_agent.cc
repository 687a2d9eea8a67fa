// An agent's own word: every subsystem, every controller, every endpoint. `cilium status` reports endpoints that are
// not ready as a single warning and leaves out what else is wrong beside the subsystems that it knows.
#include "absl/strings/str_cat.h"
#include "harness/check/spec.h"
#include "suites/cilium/agent_status.h"
#include "suites/cilium/checks.h"

namespace tales::cilium {
namespace {

Outcome Look(CheckContext& context) {
  const NodeDefinition& node = context.node();
  const absl::StatusOr<AgentAnswer> status = AgentStatus(context, node);
  if (!status.ok()) return CannotAsk(context, status.status(), node.name);
  const absl::StatusOr<AgentAnswer> endpoints = AgentEndpoints(context, node);
  if (!endpoints.ok()) return CannotAsk(context, endpoints.status(), node.name);
  std::vector<Problem> problems = JudgeAgentStatus(status->json, status->place);
  for (Problem& problem : JudgeEndpoints(endpoints->json, endpoints->place)) problems.push_back(std::move(problem));
  return Outcome::FromProblems(std::move(problems),
                               absl::StrCat("Cilium ", Text(status->json, "cilium.msg"), ": all subsystems ok, ",
                                            Array(status->json, "controllers").size(), " controllers, ",
                                            endpoints->json.size(), " endpoints ready"))
      .With({.name = "cilium-status.json", .content = status->json.dump(2)});
}

}  // namespace

Check AgentCheck() {
  return {.id = "cilium.agent",
          .question = "Does the node's agent find its subsystems, controllers and endpoints well?",
          .instances = Instances::kNode,
          .needs = {&kNeedsCilium, &kNeedsKubernetes},
          .after = {"health.kubernetes_api", "health.talos_api"},
          .explained_by = {"health.services"},  // without a kubelet there is no way into a pod
          .faults = {"lab:cilium-agent-degraded", "lab:cilium-agent-failing-controller", "lab:cilium-endpoint-stuck"},
          .deadline = absl::Seconds(60),
          .look = Look};
}

}  // namespace tales::cilium
