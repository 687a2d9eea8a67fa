// Talos, kernel, containerd, kubelet and API server versions: the declared ones where declared, the same on every node
// in any case. Half an upgrade is the commonest way to a cluster that works today and not after the next reboot.
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "harness/check/spec.h"
#include "suites/health/checks.h"
#include "suites/shared/commands.h"

namespace tales::health {
namespace {

std::optional<std::string> NoApi(const Cluster& cluster) {
  if (cluster.talos() != nullptr || cluster.kube() != nullptr) return std::nullopt;
  return "neither talosconfig nor kubeconfig";
}
const Requirement kNeedsAnApi{"talos|kubernetes", "a Talos API or a Kubernetes API", NoApi};

// "v1.32.2" and "1.32.2" name the same version.
std::string_view WithoutV(std::string_view version) { return absl::StripPrefix(version, "v"); }

struct Reading {
  std::string component, where, version, declared;
};

absl::StatusOr<std::vector<Reading>> ReadTalos(CheckContext& context) {
  std::vector<Reading> readings;
  for (const NodeDefinition& node : context.definition().nodes) {
    const absl::StatusOr<machine::Version> version = context.facts().Version(node);
    if (!version.ok()) return version.status();
    readings.push_back({"Talos", node.name, version->version().tag(), context.definition().talos.version});
  }
  return readings;
}

absl::StatusOr<std::vector<Reading>> ReadKubernetes(CheckContext& context) {
  const std::string& declared = context.definition().kubernetes.version;
  std::vector<Reading> readings;
  const absl::StatusOr<kube::Json> server = context.facts().ServerVersion();
  if (!server.ok()) return server.status();
  readings.push_back({"API server", "the API server", Text(*server, "gitVersion"), declared});
  const absl::StatusOr<std::vector<kube::Json>> nodes = context.facts().Objects(kube::kNodes);
  if (!nodes.ok()) return nodes.status();
  for (const kube::Json& node : *nodes) {
    const std::string name = Text(node, "metadata.name");
    readings.push_back({"kubelet", name, Text(node, "status.nodeInfo.kubeletVersion"), declared});
    readings.push_back({"kernel", name, Text(node, "status.nodeInfo.kernelVersion"), ""});
    readings.push_back({"containerd", name, Text(node, "status.nodeInfo.containerRuntimeVersion"), ""});
  }
  return readings;
}

std::string NextStep(const Reading& reading) {
  if (reading.component == "Talos") return "finish the upgrade: `talosctl upgrade` of the nodes that lag behind";
  if (reading.component == "kernel" || reading.component == "containerd") {
    return "both come with Talos: `talosctl upgrade` the node that lags behind, or reboot it into the new version";
  }
  return "`talosctl upgrade-k8s --to` the declared version, or correct kubernetes.version in the cluster file";
}

Outcome Look(CheckContext& context) {
  std::vector<Reading> readings;
  for (auto read : {ReadTalos, ReadKubernetes}) {
    if (read == ReadTalos ? context.cluster().talos() == nullptr : context.cluster().kube() == nullptr) continue;
    absl::StatusOr<std::vector<Reading>> more = read(context);
    if (!more.ok()) return Outcome::CannotLook(more.status(), "`talosctl version` and `kubectl get nodes -o wide`");
    readings.insert(readings.end(), more->begin(), more->end());
  }
  std::map<std::string, std::map<std::string, std::vector<std::string>>> by_component;  // component -> version -> where
  std::vector<Problem> problems;
  for (const Reading& reading : readings) {
    by_component[reading.component][reading.version].push_back(reading.where);
    if (!reading.declared.empty() && WithoutV(reading.version) != WithoutV(reading.declared)) {
      problems.push_back({.expected = absl::StrCat(reading.component, " ", reading.declared, " on ", reading.where),
                          .found = reading.version.empty() ? "none reported" : reading.version,
                          .next = NextStep(reading)});
    }
  }
  std::vector<std::string> summary;
  for (const auto& [component, versions] : by_component) {
    summary.push_back(absl::StrCat(component, " ", versions.begin()->first));
    const bool judged_already = component == "Talos" ? !context.definition().talos.version.empty()
                                : component == "kubelet" || component == "API server"
                                    ? !context.definition().kubernetes.version.empty()
                                    : false;
    if (versions.size() == 1 || judged_already) continue;
    std::vector<std::string> found;
    for (const auto& [version, where] : versions)
      found.push_back(absl::StrCat(version, " on ", absl::StrJoin(where, ", ")));
    problems.push_back({.expected = absl::StrCat("one ", component, " version on all nodes"),
                        .found = absl::StrJoin(found, "; "),
                        .next = NextStep({component, "", "", ""})});
  }
  return Outcome::FromProblems(std::move(problems), absl::StrJoin(summary, ", "));
}

}  // namespace

Check Versions() {
  return {
      .id = "health.versions",
      .question = "Are Talos, kernel, containerd, kubelet and the API server of the declared version on every node?",
      .needs = {&kNeedsAnApi},
      .after = {"health.talos_api", "health.kubernetes_api"},
      .faults = {"lab:version-skew"},
      .look = Look};
}

}  // namespace tales::health
