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
  if (declared.enforce.empty() && !declared.exempt) {
    return Outcome::Unsupported("a declared enforce level", absl::StrCat("none for namespace ", name));
  }
  const bool meant = declared.exempt || declared.enforce == "privileged";
  const Answer answer = DryRun(context, kube::kPods, name, PrivilegedPod());
  switch (answer.kind) {
    case Answer::kAdmitted:
      if (meant) return Outcome::Passed("a privileged pod on the host's network with NET_RAW is admitted");
      return Outcome::Failed(
          {.expected = absl::StrCat("a privileged pod refused in namespace ", name, " by level ", declared.enforce),
           .found = "it is admitted",
           .next = LabelCommand(name, "enforce", declared.enforce)});
    case Answer::kRefused:
      if (!meant && absl::StartsWith(LevelOf(answer.words), declared.enforce)) return Outcome::Passed(answer.words);
      return Outcome::Failed(
          {.expected = meant ? absl::StrCat("a privileged pod admitted in namespace ", name)
                             : absl::StrCat("a privileged pod refused by level ", declared.enforce),
           .found = absl::StrCat("refused in namespace ", name, ": ", answer.words),
           .next = declared.enforce.empty()
                       ? "put the namespace into the exemptions of cluster.apiServer.admissionControl"
                       : LabelCommand(name, "enforce", declared.enforce)});
    case Answer::kNoNamespace:
      return Outcome::Failed(MissingNamespace(name, declared));
    case Answer::kCannotTell:
      break;
  }
  return CannotTell(answer, name);
}

}  // namespace

Check AdmitsCheck() {
  return {.id = "pod_security.admits",
          .question = "Does admission let a privileged pod into the namespace exactly where it is declared privileged?",
          .instances = Instances::kNamespace,
          .needs = {&kNeedsKubernetes},
          .after = {"health.kubernetes_api"},
          .faults = {"lab:namespace-label-removed", "lab:namespace-missing"},
          .look = Look};
}

}  // namespace tales::pod_security
