#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "suites/pod_security/checks.h"
#include "suites/pod_security/labels.h"
#include "suites/pod_security/probe.h"

namespace tales::pod_security {
namespace {

Outcome Look(CheckContext& context) {
  const std::string& name = context.instance();
  const NamespaceDefinition& declared = context.namespace_definition();
  if (declared.warn.empty() && !declared.exempt) {
    return Outcome::Unsupported("a declared warn level", absl::StrCat("none for namespace ", name));
  }
  const Answer answer = DryRun(context, kube::kDeployments, name, PrivilegedDeployment());
  if (answer.kind == Answer::kNoNamespace) return Outcome::Failed(MissingNamespace(name, declared));
  if (answer.kind != Answer::kAdmitted) return CannotTell(answer, name);
  const bool silent = declared.exempt || declared.warn == "privileged";
  const std::string next = declared.warn.empty()
                               ? "put the namespace into the exemptions of cluster.apiServer.admissionControl"
                               : LabelCommand(name, "warn", declared.warn);
  if (silent && answer.warnings.empty()) return Outcome::Passed("no warning about a privileged pod");
  if (silent) {
    return Outcome::Failed(
        {.expected = absl::StrCat("no warning about a privileged pod in namespace ", name),
         .found = absl::StrCat("the API server warns in namespace ", name, ": ", answer.warnings.front()),
         .next = next});
  }
  if (answer.warnings.empty()) {
    return Outcome::Failed(
        {.expected = absl::StrCat("a warning by level ", declared.warn, " about a privileged pod in namespace ", name),
         .found = "the API server does not warn",
         .next = next});
  }
  const std::string level = LevelOf(answer.warnings.front());
  if (!absl::StartsWith(level, declared.warn)) {
    return Outcome::Failed({.expected = absl::StrCat("a warning by level ", declared.warn, " in namespace ", name),
                            .found = absl::StrCat("a warning by level ", level),
                            .next = next});
  }
  return Outcome::Passed(answer.warnings.front());
}

}  // namespace

Check WarningsCheck() {
  return {.id = "pod_security.warnings",
          .question = "Does the API server warn about privileged pods exactly where the labels say?",
          .instances = Instances::kNamespace,
          .needs = {&kNeedsKubernetes},
          .after = {"health.kubernetes_api"},
          .faults = {"lab:namespace-label-wrong"},
          .look = Look};
}

}  // namespace tales::pod_security
