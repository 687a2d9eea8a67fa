#include "harness/definition/cluster_definition.h"

#include <algorithm>

namespace tales {

std::string_view ToString(Role role) { return role == Role::kControlPlane ? "controlplane" : "worker"; }

std::string_view ToString(Tier tier) {
  switch (tier) {
    case Tier::kRead:
      return "read";
    case Tier::kCreate:
      return "create";
    case Tier::kDisruptive:
      return "disruptive";
  }
  return "read";
}

std::optional<Tier> ParseTier(std::string_view text) {
  for (Tier tier : {Tier::kRead, Tier::kCreate, Tier::kDisruptive}) {
    if (ToString(tier) == text) return tier;
  }
  return std::nullopt;
}

const NodeDefinition* ClusterDefinition::FindNode(std::string_view name) const {
  for (const NodeDefinition& node : nodes) {
    if (node.name == name) return &node;
  }
  return nullptr;
}

const NodeDefinition* ClusterDefinition::FindNodeByAddress(std::string_view address) const {
  for (const NodeDefinition& node : nodes) {
    if (node.address == address) return &node;
  }
  return nullptr;
}

int ClusterDefinition::SchedulableNodes() const {
  const auto takes_ordinary_pods = [](const NodeDefinition& node) {
    return std::none_of(node.taints.begin(), node.taints.end(), [](const std::string& taint) {
      return taint.ends_with(":NoSchedule") || taint.ends_with(":NoExecute");
    });
  };
  return static_cast<int>(std::count_if(nodes.begin(), nodes.end(), takes_ordinary_pods));
}

std::vector<const NodeDefinition*> ClusterDefinition::NodesWithRole(Role role) const {
  std::vector<const NodeDefinition*> found;
  for (const NodeDefinition& node : nodes) {
    if (node.role == role) found.push_back(&node);
  }
  return found;
}

}  // namespace tales
