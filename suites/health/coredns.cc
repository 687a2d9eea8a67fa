// Cluster DNS: CoreDNS has all its replicas, the service leads to them, and a replica answers when the API server calls
// it on its health port. (A lookup from a pod is a probe of suite cilium: it needs a pod of ours.)
#include <set>

#include "absl/strings/str_cat.h"
#include "harness/check/spec.h"
#include "suites/health/checks.h"

namespace tales::health {
namespace {

constexpr std::string_view kNamespace = "kube-system";
constexpr int kHealthPort = 8080;

Outcome Look(CheckContext& context) {
  kube::Client& kube = *context.cluster().kube();
  const std::string next =
      "`kubectl -n kube-system get pods -l k8s-app=kube-dns -o wide` and `kubectl -n kube-system logs "
      "deployment/coredns`";
  const absl::StatusOr<kube::Json> deployment =
      kube.Get(kube::kDeployments, kNamespace, "coredns", context.deadline().AtMost(Facts::kCallDeadline));
  if (deployment.status().code() == absl::StatusCode::kNotFound) {
    return Outcome::Failed({.expected = "Deployment coredns in kube-system",
                            .found = "there is none",
                            .next = "Talos applies it with its bootstrap manifests: `talosctl get manifeststatus`"});
  }
  if (!deployment.ok()) return Outcome::CannotLook(deployment.status(), next);
  std::vector<Problem> problems;
  const int64_t wanted = Number(*deployment, "spec.replicas").value_or(1);
  const int64_t ready = Number(*deployment, "status.readyReplicas").value_or(0);
  if (wanted < 1) {
    problems.push_back({.expected = "at least one replica of coredns",
                        .found = "it is scaled to 0",
                        .next = "`kubectl -n kube-system scale deployment/coredns --replicas=2`"});
  }
  if (ready < wanted) {
    problems.push_back({.expected = absl::StrCat(wanted, " replicas of coredns ready"),
                        .found = absl::StrCat(ready, " ready"),
                        .next = next});
  }
  if (Number(*deployment, "metadata.generation").value_or(0) >
      Number(*deployment, "status.observedGeneration").value_or(0)) {
    problems.push_back({.expected = "the newest coredns deployment rolled out",
                        .found = "the controller manager has not seen its newest generation",
                        .next = "`kubectl -n kube-system rollout status deployment/coredns`"});
  }

  kube::ListOptions of_dns{.label_selector = "kubernetes.io/service-name=kube-dns"};
  const absl::StatusOr<std::vector<kube::Json>> slices =
      kube.List(kube::kEndpointSlices, kNamespace, of_dns, context.deadline().AtMost(Facts::kCallDeadline));
  if (!slices.ok()) return Outcome::CannotLook(slices.status(), "`kubectl -n kube-system get endpointslices`");
  std::set<std::string> pods;  // behind the service, and ready
  for (const kube::Json& slice : *slices) {
    for (const kube::Json& endpoint : Array(slice, "endpoints")) {
      const bool is_ready = !endpoint.contains("conditions") || endpoint["conditions"].value("ready", true);
      if (is_ready) pods.insert(Text(endpoint, "targetRef.name"));
    }
  }
  if (pods.empty()) {
    problems.push_back(
        {.expected = "service kube-dns leads to a ready pod", .found = "it has no ready endpoint", .next = next});
  }
  for (const std::string& pod : pods) {
    if (!problems.empty()) break;
    const absl::StatusOr<std::string> answer =
        kube.GetRaw(absl::StrCat("/api/v1/namespaces/", kNamespace, "/pods/", pod, ":", kHealthPort, "/proxy/health"),
                    context.deadline().AtMost(absl::Seconds(5)));
    if (answer.ok() || answer.status().code() == absl::StatusCode::kPermissionDenied) continue;
    problems.push_back({.expected = absl::StrCat("pod ", pod, " answers the API server on port ", kHealthPort),
                        .found = std::string(answer.status().message()),
                        .next = "can the API server reach pods? is the CNI up on the node of that pod?"});
  }
  return Outcome::FromProblems(std::move(problems),
                               absl::StrCat(ready, " of ", wanted, " replicas ready, ", pods.size(), " answer"));
}

}  // namespace

Check CoreDns() {
  return {.id = "health.coredns",
          .question = "Is cluster DNS ready, and does it answer?",
          .needs = {&kNeedsKubernetes, &kNeedsDeclaredNodes},
          .after = {"health.kubernetes_api", "health.nodes_ready"},
          .faults = {"lab:coredns-not-ready"},
          .look = Look};
}

}  // namespace tales::health
