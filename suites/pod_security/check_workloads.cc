#include "absl/strings/str_cat.h"
#include "harness/base/parallel.h"
#include "suites/pod_security/checks.h"
#include "suites/pod_security/labels.h"
#include "suites/pod_security/probe.h"
#include "suites/pod_security/workloads.h"

namespace tales::pod_security {
namespace {

constexpr size_t kAtOnce = 8;

Outcome Look(CheckContext& context) {
  const std::string& name = context.instance();
  const absl::StatusOr<std::vector<Json>> pods = context.facts().Objects(kube::kPods);
  if (!pods.ok()) return Outcome::CannotLook(pods.status(), absl::StrCat("kubectl get pods -n ", name));
  std::vector<Candidate> candidates = FromPods(*pods, name);
  const size_t running = candidates.size();
  constexpr std::pair<kube::ResourcePath, const char*> kKinds[] = {
      {kube::kDaemonSets, "DaemonSet"}, {kube::kDeployments, "Deployment"}, {kube::kStatefulSets, "StatefulSet"}};
  for (const auto& [kind, kind_name] : kKinds) {
    const absl::StatusOr<std::vector<Json>> workloads = context.facts().Objects(kind);
    if (!workloads.ok())
      return Outcome::CannotLook(workloads.status(), absl::StrCat("kubectl get ", kind_name, " -n ", name));
    for (Candidate& candidate : FromTemplates(*workloads, kind_name, name)) candidates.push_back(std::move(candidate));
  }

  std::vector<Answer> answers(candidates.size());
  ForEachInParallel(candidates.size(), kAtOnce,
                    [&](size_t i) { answers[i] = DryRun(context, kube::kPods, name, candidates[i].pod); });

  // Whatever the namespace declares, or what every refused pod is sure to be admitted under.
  const std::string& declared = context.namespace_definition().enforce;
  const std::string next = LabelCommand(name, "enforce", declared.empty() ? "privileged" : declared);
  std::vector<Problem> problems;
  std::string untried;
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (answers[i].kind == Answer::kRefused) {
      problems.push_back(
          {.expected = absl::StrCat(candidates[i].name, " in namespace ", name, " would be admitted again today"),
           .found = absl::StrCat("its pods would be refused at the next restart: ", answers[i].words),
           .next = next});
    } else if (answers[i].kind != Answer::kAdmitted) {
      if (answers[i].status.code() == absl::StatusCode::kPermissionDenied ||
          answers[i].status.code() == absl::StatusCode::kDeadlineExceeded) {
        return CannotTell(answers[i], name);
      }
      absl::StrAppend(&untried, "; ", candidates[i].name, " could not be tried: ", answers[i].status.message());
    }
  }
  if (problems.empty() && !untried.empty()) {
    return Outcome::CannotLook(absl::UnavailableError(untried.substr(2)), absl::StrCat("kubectl get events -n ", name));
  }
  return Outcome::FromProblems(std::move(problems),
                               absl::StrCat(running, " running pods and ", candidates.size() - running,
                                            " pod templates would be admitted again"));
}

}  // namespace

Check WorkloadsCheck() {
  return {.id = "pod_security.workloads",
          .question = "Would every running pod of the namespace be admitted again today?",
          .instances = Instances::kNamespace,
          .needs = {&kNeedsKubernetes},
          .after = {"health.kubernetes_api"},
          .faults = {"lab:namespace-label-removed"},
          .look = Look};
}

}  // namespace tales::pod_security
