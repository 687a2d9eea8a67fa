#include "harness/check/ledger_facts.h"

#include "absl/strings/str_cat.h"
#include "harness/check/spec.h"

namespace tales {

std::string WhyUnschedulable(const kube::Json& node) {
  if (node.is_object() && node.contains("spec") && node["spec"].is_object() &&
      node["spec"].value("unschedulable", kube::Json(false)) == kube::Json(true)) {
    return "is cordoned";
  }
  for (const kube::Json& taint : Array(node, "spec.taints")) {
    const std::string effect = Text(taint, "effect");
    if (effect == "NoSchedule" || effect == "NoExecute") {
      return absl::StrCat("has the taint ", Text(taint, "key"), ":", effect);
    }
  }
  return "";
}

std::string ImageTag(std::string_view image) {
  image = image.substr(0, image.find('@'));
  const size_t colon = image.rfind(':');
  if (colon == std::string_view::npos || image.find('/', colon) != std::string_view::npos) return "";
  return std::string(image.substr(colon + 1));
}

LedgerFacts FindLedgerFacts(const Cluster& cluster, Facts& facts) {
  LedgerFacts found;
  if (cluster.talos() != nullptr) {
    for (const NodeDefinition& node : cluster.definition().nodes) {
      const absl::StatusOr<machine::Version> version = facts.Version(node);
      if (!version.ok()) continue;
      found.talos = version->version().tag();
      break;
    }
  }
  if (cluster.kube() == nullptr) return found;
  if (const absl::StatusOr<kube::Json> version = facts.ServerVersion(); version.ok()) {
    found.kubernetes = Text(*version, "gitVersion");
  }
  if (const absl::StatusOr<std::vector<kube::Json>> nodes = facts.Objects(kube::kNodes); nodes.ok()) {
    int schedulable = 0;
    for (const kube::Json& node : *nodes) schedulable += WhyUnschedulable(node).empty() ? 1 : 0;
    found.schedulable = schedulable;
  }
  if (const absl::StatusOr<std::vector<kube::Json>> sets = facts.Objects(kube::kDaemonSets); sets.ok()) {
    for (const kube::Json& set : *sets) {
      if (Label(set, "k8s-app") != "cilium") continue;
      for (const kube::Json& container : Array(set, "spec.template.spec.containers")) {
        if (Text(container, "name") == "cilium-agent") found.cilium = ImageTag(Text(container, "image"));
      }
    }
  }
  return found;
}

}  // namespace tales
