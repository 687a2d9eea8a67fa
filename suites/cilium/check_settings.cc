// The options that agents start with, and what of them cannot go together. Values of an umbrella chart that stand one
// level too high are ignored without a word by Helm: only what was rendered tells.
#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/check/spec.h"
#include "harness/talos/resources.h"
#include "suites/cilium/agents.h"
#include "suites/cilium/checks.h"
#include "suites/cilium/settings.h"

namespace tales::cilium {
namespace {

bool IsTalos(const std::vector<Json>& nodes) {
  return std::any_of(nodes.begin(), nodes.end(),
                     [](const Json& node) { return absl::StartsWith(Text(node, "status.nodeInfo.osImage"), "Talos"); });
}

// Host DNS listens on an address beside loopback where it also serves CoreDNS.
absl::StatusOr<bool> ForwardsKubeDns(CheckContext& context, const NodeDefinition& node) {
  const absl::StatusOr<std::vector<talos::Resource>> resources = context.facts().Resources(node, talos::kHostDnsConfig);
  if (!resources.ok()) return resources.status();
  for (const talos::Resource& resource : *resources) {
    const absl::StatusOr<YAML::Node> spec = ParseSpec(resource);
    if (!spec.ok()) return spec.status();
    if (SpecText(*spec, "enabled") != "true") continue;
    for (const std::string& address : SpecList(*spec, "listenAddresses")) {
      if (!absl::StartsWith(address, "127.")) return true;
    }
  }
  return false;
}

// What an agent says it does counts; where it cannot be asked, what it was told to do.
bool RoutesPastTheStack(CheckContext& context, const NodeDefinition& node, const Settings& live) {
  const absl::StatusOr<AgentAnswer> status = AgentStatus(context, node);
  const std::string mode = status.ok() ? Text(status->json, "routing.intra-host-routing-mode") : "";
  return mode.empty() ? AsksForBpfHostRouting(live) : mode == "BPF";
}

Outcome Look(CheckContext& context) {
  const ClusterDefinition& definition = context.definition();
  const std::string home = NamespaceOf(definition);
  const std::string next = absl::StrCat("kubectl -n ", home, " get configmap cilium-config -o yaml");
  const absl::StatusOr<Settings> live = LiveSettings(context);
  if (live.status().code() == absl::StatusCode::kNotFound) {
    return Outcome::Failed({.expected = absl::StrCat("ConfigMap cilium-config in namespace ", home),
                            .found = "there is none",
                            .next = "helm list -A; is Cilium installed in another namespace?"});
  }
  if (!live.ok()) return Outcome::CannotLook(live.status(), next);
  const absl::StatusOr<std::vector<Json>> nodes = context.facts().Objects(kube::kNodes);
  if (!nodes.ok()) return Outcome::CannotLook(nodes.status(), "kubectl get nodes");
  const absl::StatusOr<std::vector<Json>> sets = context.facts().Objects(kube::kDaemonSets);
  if (!sets.ok()) return Outcome::CannotLook(sets.status(), absl::StrCat("kubectl -n ", home, " get daemonsets"));
  const absl::StatusOr<HelmRelease> release = FindHelmRelease(context);

  std::vector<Problem> problems;
  const auto add = [&](std::vector<Problem> more) {
    for (Problem& problem : more) problems.push_back(std::move(problem));
  };
  std::vector<std::string> not_judged;
  add(JudgeDeclaredValues(*definition.cilium, *live, release.ok() ? &*release : nullptr, not_judged));
  if (release.ok()) add(JudgeDrift(*definition.cilium, *live, release->config));
  add(JudgeBigTcp(*live));
  const auto agents = std::find_if(sets->begin(), sets->end(), [&](const Json& set) {
    return Text(set, "metadata.namespace") == home && Text(set, "metadata.name") == "cilium";
  });
  const bool talos = IsTalos(*nodes);
  if (talos && agents != sets->end()) add(JudgeForTalos(definition, *live, *agents));
  std::string unseen;
  for (const NodeDefinition& node : definition.nodes) {
    if (!talos || context.cluster().talos() == nullptr) break;
    const absl::StatusOr<bool> forwards = ForwardsKubeDns(context, node);
    if (!forwards.ok()) {
      unseen = node.name;
      continue;
    }
    add(JudgeHostDns(node.name, *forwards, *forwards && RoutesPastTheStack(context, node, *live)));
  }
  if (problems.empty() && !not_judged.empty()) {
    return Outcome::Unsupported(
        absl::StrCat("the Helm release, to judge ", absl::StrJoin(not_judged, ", ")),
        release.status().code() == absl::StatusCode::kNotFound ? "there is none" : "it cannot be read");
  }
  return Outcome::FromProblems(
      std::move(problems),
      absl::StrCat(
          live->size(), " options",
          release.ok() && !release->config.empty() ? ", as Helm rendered them" : "; Helm's own could not be compared",
          ", ", definition.cilium->values.size(), " declared values in force",
          talos && context.cluster().talos() == nullptr ? "; host DNS not looked at: no Talos API" : "",
          unseen.empty() ? "" : absl::StrCat("; host DNS of ", unseen, " could not be asked")));
}

}  // namespace

Check SettingsCheck() {
  return {.id = "cilium.settings",
          .question = "Are Cilium's options those of the declared values, fit for Talos, and without conflicts?",
          .needs = {&kNeedsCilium, &kNeedsKubernetes},
          .after = {"health.kubernetes_api"},
          .faults = {"lab:cilium-setting-differs", "lab:host-dns-forwarding"},
          .deadline = absl::Seconds(60),
          .look = Look};
}

}  // namespace tales::cilium
