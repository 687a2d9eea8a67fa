#include "suites/known_issues/agents.h"
#include "suites/known_issues/checks.h"
#include "suites/known_issues/garp.h"

namespace tales::known_issues {
namespace {

Outcome Look(CheckContext& context) {
  const std::variant<Agent, Outcome> read = ReadAgent(context);
  if (const Outcome* outcome = std::get_if<Outcome>(&read)) return *outcome;
  const Agent& agent = std::get<Agent>(read);
  return Ruled(context, ClassifyGarp({.node = context.node().name,
                                      .log_command = agent.LogCommand(),
                                      .version = agent.version,
                                      .announces = agent.Set("enable-l2-pod-announcements"),
                                      .log = agent.log,
                                      .previous = agent.previous}));
}

}  // namespace

Check GarpCheck() {
  return {.id = "known_issues.KI-GARP",
          .question = "Does the Cilium agent announce by gratuitous ARP, or fail to in the one way that is known?",
          .instances = Instances::kNode,
          .needs = {&kNeedsKubernetes},
          .after = {"health.kubernetes_api"},
          .explained_by = {"health.services"},  // without a kubelet there is no way into a pod
          .faults = {"lab:cilium-garp-of-pod", "inputs:ledger-entry-removed", "inputs:ledger-expired"},
          .deadline = absl::Seconds(120),
          .optional = true,
          .look = Look};
}

}  // namespace tales::known_issues
