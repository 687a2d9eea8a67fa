#include "suites/known_issues/checks.h"
#include "suites/known_issues/one_worker.h"

namespace tales::known_issues {
namespace {

Outcome Look(CheckContext& context) {
  const absl::StatusOr<std::vector<kube::Json>> nodes = context.facts().Objects(kube::kNodes);
  if (!nodes.ok()) return Outcome::CannotLook(nodes.status(), "kubectl get nodes");
  return Ruled(context, ClassifyOneWorker(*nodes));
}

}  // namespace

Check OneWorkerCheck() {
  return {.id = "known_issues.KI-ONE-WORKER",
          .question = "Are there two nodes for ordinary pods, or one alone, as is known?",
          .needs = {&kNeedsKubernetes, &kNeedsDeclaredNodes},
          .after = {"health.kubernetes_api"},
          .explained_by = {"health.services"},  // a node without its kubelet takes no pods
          .faults = {"lab:node-cordoned", "inputs:ledger-unknown-id", "inputs:ledger-expired"},
          .optional = true,
          .look = Look};
}

}  // namespace tales::known_issues
