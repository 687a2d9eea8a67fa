#include "absl/strings/str_cat.h"
#include "suites/pod_security/checks.h"
#include "suites/pod_security/labels.h"

namespace tales::pod_security {
namespace {

Outcome Look(CheckContext& context) {
  const absl::StatusOr<std::vector<Json>> namespaces = context.facts().Objects(kube::kNamespaces);
  if (!namespaces.ok()) return Outcome::CannotLook(namespaces.status(), "kubectl get namespaces --show-labels");
  return Outcome::FromProblems(
      JudgeUndeclared(*namespaces, context.definition().namespaces),
      absl::StrCat("none of ", namespaces->size(), " namespaces is privileged without being declared so"));
}

}  // namespace

Check UndeclaredCheck() {
  return {.id = "pod_security.undeclared",
          .question = "Is no namespace privileged that is not declared so?",
          .needs = {&kNeedsKubernetes, &kNeedsDeclaredNamespaces},
          .after = {"health.kubernetes_api"},
          .faults = {"lab:namespace-privileged"},
          .look = Look};
}

}  // namespace tales::pod_security
