// Services need exactly one implementation: kube-proxy on every node, or Cilium in its place as declared. Both at once
// fight over the same rules.
#include "absl/strings/str_cat.h"
#include "harness/check/spec.h"
#include "suites/health/checks.h"

namespace tales::health {
namespace {

Outcome Look(CheckContext& context) {
  const absl::StatusOr<std::vector<kube::Json>> daemon_sets = context.facts().Objects(kube::kDaemonSets);
  if (!daemon_sets.ok()) return Outcome::CannotLook(daemon_sets.status(), "`kubectl -n kube-system get daemonsets`");
  const kube::Json* proxy = nullptr;
  for (const kube::Json& daemon_set : *daemon_sets) {
    if (Text(daemon_set, "metadata.namespace") == "kube-system" && Text(daemon_set, "metadata.name") == "kube-proxy") {
      proxy = &daemon_set;
    }
  }
  const std::optional<CiliumDefinition>& cilium = context.definition().cilium;
  const bool replaced = cilium.has_value() && cilium->kube_proxy_replacement;
  if (replaced && proxy != nullptr) {
    return Outcome::Failed({.expected = "no kube-proxy: Cilium replaces it, as declared",
                            .found = "DaemonSet kube-proxy is there",
                            .next = "set cluster.proxy.disabled: true in the machine configuration, then "
                                    "`kubectl -n kube-system delete daemonset kube-proxy`"});
  }
  if (replaced) return Outcome::Passed("replaced by Cilium, as declared");
  if (proxy == nullptr) {
    return Outcome::Failed({.expected = "kube-proxy, since nothing is declared that replaces it",
                            .found = "no DaemonSet kube-proxy in kube-system",
                            .next = "declare cilium.kubeProxyReplacement: true, or remove cluster.proxy.disabled"});
  }
  const int64_t wanted = Number(*proxy, "status.desiredNumberScheduled").value_or(0);
  const int64_t ready = Number(*proxy, "status.numberReady").value_or(0);
  if (wanted == 0 || ready < wanted) {
    return Outcome::Failed({.expected = "kube-proxy ready on every node",
                            .found = absl::StrCat(ready, " of ", wanted, " ready"),
                            .next = "`kubectl -n kube-system get pods -l k8s-app=kube-proxy -o wide`"});
  }
  return Outcome::Passed(absl::StrCat(ready, " ready"));
}

}  // namespace

Check KubeProxy() {
  return {.id = "health.kube_proxy",
          .question = "Is kube-proxy ready, or replaced by Cilium as declared?",
          .needs = {&kNeedsKubernetes, &kNeedsDeclaredNodes},
          .after = {"health.kubernetes_api"},
          .faults = {"lab:kube-proxy-present"},
          .look = Look};
}

}  // namespace tales::health
