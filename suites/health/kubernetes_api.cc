// The API server answers and calls itself ready. Everything that asks Kubernetes depends on this.
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "suites/health/checks.h"

namespace tales::health {
namespace {

Outcome Look(CheckContext& context) {
  kube::Client& kube = *context.cluster().kube();
  const std::string expected = absl::StrCat("the API server at ", kube.access().server, " is ready");
  const absl::StatusOr<std::string> ready =
      kube.GetRaw("/readyz?verbose", context.deadline().AtMost(Facts::kCallDeadline));
  if (!ready.ok()) {
    return Outcome::Failed({.expected = expected,
                            .found = std::string(ready.status().message()),
                            .next = "`kubectl get --raw '/readyz?verbose'`; on the control plane `talosctl logs -k "
                                    "kube-system/kube-apiserver-NODE:kube-apiserver`"});
  }
  std::vector<std::string> bad;
  for (std::string_view line : absl::StrSplit(*ready, '\n')) {
    if (absl::StartsWith(line, "[-]")) bad.emplace_back(line.substr(3));
  }
  if (!bad.empty()) {
    return Outcome::Failed(
        {.expected = expected, .found = absl::StrJoin(bad, "; "), .next = "`kubectl get --raw '/readyz?verbose'`"});
  }
  return Outcome::Passed("ready");
}

}  // namespace

Check KubernetesApi() {
  return {.id = "health.kubernetes_api",
          .question = "Does the Kubernetes API server answer, and is it ready?",
          .needs = {&kNeedsKubernetes},
          .faults = {"lab:apiserver-down"},
          .look = Look};
}

}  // namespace tales::health
