#include "absl/strings/str_cat.h"
#include "suites/pod_security/checks.h"
#include "suites/pod_security/labels.h"

namespace tales::pod_security {
namespace {

Outcome Look(CheckContext& context) {
  const std::string& name = context.instance();
  const NamespaceDefinition& declared = context.namespace_definition();
  const absl::StatusOr<std::vector<Json>> namespaces = context.facts().Objects(kube::kNamespaces);
  if (!namespaces.ok()) return Outcome::CannotLook(namespaces.status(), "kubectl get namespaces --show-labels");
  const Json* found = FindNamespace(*namespaces, name);
  if (found == nullptr) return Outcome::Failed(MissingNamespace(name, declared));
  const std::string enforce = LabelOf(*found, "enforce"), warn = LabelOf(*found, "warn");
  const std::string have =
      absl::StrCat("enforce=", enforce.empty() ? "(none)" : enforce, ", warn=", warn.empty() ? "(none)" : warn);
  if (!context.definition().discovered) return Outcome::FromProblems(JudgeDeclaredLabels(name, declared, *found), have);
  const bool noisy = enforce == "privileged" && warn.empty();
  return Outcome::FromProblems(
      JudgeConsistentLabels(name, *found),
      absl::StrCat(have, noisy ? "; without a warn label, warnings are shown for what is allowed" : "",
                   " (nothing is declared)"));
}

}  // namespace

Check LabelsCheck() {
  return {.id = "pod_security.labels",
          .question = "Does the namespace carry its declared pod-security labels?",
          .instances = Instances::kNamespace,
          .needs = {&kNeedsKubernetes},
          .after = {"health.kubernetes_api"},
          .faults = {"lab:namespace-label-removed", "lab:namespace-label-wrong", "lab:namespace-missing"},
          .look = Look};
}

}  // namespace tales::pod_security
