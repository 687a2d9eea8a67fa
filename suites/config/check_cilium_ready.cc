// Cilium brings its own CNI and may replace kube-proxy: then Talos must install neither Flannel nor kube-proxy. Both
// are what it does when nobody says otherwise, and both work beside Cilium for a while.
#include "absl/strings/str_cat.h"
#include "harness/operator/files.h"
#include "suites/config/checks.h"
#include "suites/config/inputs.h"

namespace tales::config {
namespace {

const Requirement kNeedsDeclaredCilium{"declared:cilium", "a declared Cilium",
                                       [](const Cluster& cluster) -> std::optional<std::string> {
                                         if (cluster.definition().cilium.has_value()) return std::nullopt;
                                         return "no `cilium` in the cluster file";
                                       }};

Outcome Look(CheckContext& context) {
  // The control planes apply the manifests; what a worker's file says of them is not read by anybody.
  const absl::StatusOr<MachineConfig> config = KeptConfig(context, Role::kControlPlane);
  if (!config.ok()) return CannotRead(config.status());
  const bool replaces = context.definition().cilium->kube_proxy_replacement;
  const std::string cni = TextAt(config->v1alpha1(), "cluster.network.cni.name");
  const bool disabled = TextAt(config->v1alpha1(), "cluster.proxy.disabled") == "true";
  const std::string by_hand = GenerateByHand(context.definition());
  std::vector<Problem> problems;
  if (cni != "none") {
    problems.push_back(
        {.expected =
             absl::StrCat(kControlPlaneFile, ": cluster.network.cni.name: none, because Cilium is installed by Helm"),
         .found = cni.empty() ? "not set: Talos installs flannel" : cni,
         .next = absl::StrCat("add the patch {\"cluster\": {\"network\": {\"cni\": {\"name\": \"none\"}}}}, then: ",
                              by_hand)});
  }
  if (disabled != replaces) {
    problems.push_back(
        {.expected = absl::StrCat(kControlPlaneFile, ": cluster.proxy.disabled: ", replaces ? "true" : "false",
                                  ", because Cilium ",
                                  replaces ? "replaces kube-proxy" : "is declared not to replace kube-proxy"),
         .found = disabled ? "true" : "not set: Talos runs kube-proxy",
         .next = replaces
                     ? absl::StrCat("add the patch {\"cluster\": {\"proxy\": {\"disabled\": true}}}, then: ", by_hand)
                     : "declare cilium.kubeProxyReplacement: true, or take the patch out"});
  }
  return Outcome::FromProblems(std::move(problems),
                               replaces ? "CNI none, kube-proxy disabled" : "CNI none, kube-proxy by Talos");
}

}  // namespace

Check CiliumReady() {
  return {
      .id = "config.cilium_ready",
      .question = "Does the configuration leave CNI and kube-proxy to Cilium where Cilium is declared to bring them?",
      .needs = {&kNeedsFolder, &kNeedsDeclaredCilium},
      .faults = {"inputs:cni-not-none"},
      .settles = false,
      .look = Look};
}

}  // namespace tales::config
