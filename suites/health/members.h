// Members: the cluster as Talos' discovery sees it, read from one node.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/check/check.h"

namespace tales::health {

struct Member {
  std::string id;  // the node's name
  std::vector<std::string> addresses;
  std::string machine_type;  // "controlplane", "worker"
};

absl::StatusOr<std::vector<Member>> MembersSeenBy(CheckContext& context, const NodeDefinition& node);
// The declared node that has one of the member's addresses; nullptr: none.
const NodeDefinition* DeclaredNodeOf(const ClusterDefinition& definition, const Member& member);

}  // namespace tales::health
