#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "suites/pod_security/admission_config.h"
#include "suites/pod_security/checks.h"
#include "suites/pod_security/labels.h"
#include "suites/pod_security/probe.h"

namespace tales::pod_security {

std::string NamespaceWithoutLabels(const std::vector<Json>& namespaces,
                                   const std::map<std::string, NamespaceDefinition>& declared) {
  std::string first;
  for (const Json& candidate : namespaces) {
    const std::string name = NameOf(candidate);
    const auto definition = declared.find(name);
    const bool exempt = name == "kube-system" || (definition != declared.end() && definition->second.exempt);
    const Json phase = candidate.is_object() ? candidate.value("/status/phase"_json_pointer, Json()) : Json();
    if (name.empty() || exempt || HasAnyLabel(candidate) || phase == "Terminating") continue;
    if (name == "default") return name;
    if (first.empty()) first = name;
  }
  return first;
}

namespace {

Outcome Look(CheckContext& context) {
  const absl::StatusOr<std::vector<Json>> namespaces = context.facts().Objects(kube::kNamespaces);
  if (!namespaces.ok()) return Outcome::CannotLook(namespaces.status(), "kubectl get namespaces --show-labels");
  const std::string name = NamespaceWithoutLabels(*namespaces, context.definition().namespaces);
  if (name.empty()) return Outcome::Unsupported("a namespace without pod-security labels", "none that is not exempt");
  const Answer answer = DryRun(context, kube::kPods, name, PrivilegedPod());
  if (answer.kind == Answer::kCannotTell || answer.kind == Answer::kNoNamespace) return CannotTell(answer, name);
  const std::string expected =
      absl::StrCat("a privileged pod refused in namespace ", name, ", which has no labels: violates PodSecurity \"",
                   kDefaultEnforce, ":", kDefaultVersion, "\"");
  if (answer.kind == Answer::kAdmitted) {
    return Outcome::Failed(
        {.expected = expected,
         .found = absl::StrCat("it is admitted in namespace ", name,
                               ": the API server's PodSecurity admission is off, or enforces nothing by default"),
         .next = ShowConfigurationCommand(context.definition())});
  }
  if (LevelOf(answer.words) != absl::StrCat(kDefaultEnforce, ":", kDefaultVersion)) {
    return Outcome::Failed({.expected = expected,
                            .found = absl::StrCat("refused by another level: ", answer.words),
                            .next = ShowConfigurationCommand(context.definition())});
  }
  return Outcome::Passed(absl::StrCat("refused in namespace ", name, ": ", answer.words));
}

}  // namespace

Check RefusesElsewhereCheck() {
  return {.id = "pod_security.refuses_elsewhere",
          .question = "Does admission refuse a privileged pod in a namespace without labels?",
          .needs = {&kNeedsKubernetes},
          .after = {"health.kubernetes_api"},
          .faults = {"lab:admission-off", "lab:admission-default-privileged"},
          .look = Look};
}

}  // namespace tales::pod_security
