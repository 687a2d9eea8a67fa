#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "suites/pod_security/admission_config.h"
#include "suites/pod_security/checks.h"
#include "suites/pod_security/labels.h"
#include "suites/pod_security/probe.h"

namespace tales::pod_security {
namespace {

Outcome Look(CheckContext& context) {
  const std::set<std::string> exempt = ExpectedExemptions(context.definition());
  std::vector<Problem> problems;
  for (const std::string& name : exempt) {
    const Answer answer = DryRun(context, kube::kPods, name, PrivilegedPod());
    if (answer.kind == Answer::kCannotTell) return CannotTell(answer, name);
    if (answer.kind == Answer::kNoNamespace) {
      problems.push_back(MissingNamespace(name, {}));
    } else if (answer.kind == Answer::kRefused || !answer.warnings.empty()) {
      problems.push_back(
          {.expected = absl::StrCat("namespace ", name, " exempt from PodSecurity"),
           .found = absl::StrCat("it is judged there: ",
                                 answer.kind == Answer::kRefused ? answer.words : answer.warnings.front()),
           .next = ShowConfigurationCommand(context.definition())});
    }
  }
  return Outcome::FromProblems(std::move(problems), absl::StrCat("exempt: ", absl::StrJoin(exempt, ", ")));
}

}  // namespace

Check ExemptionsCheck() {
  return {.id = "pod_security.exemptions",
          .question = "Are kube-system and the declared namespaces exempt from PodSecurity?",
          .needs = {&kNeedsKubernetes},
          .after = {"health.kubernetes_api"},
          .faults = {"lab:exemption-missing"},
          .look = Look};
}

}  // namespace tales::pod_security
