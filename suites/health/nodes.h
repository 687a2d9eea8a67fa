// Kubernetes' Node objects beside the declared nodes. They are matched by address: names are the operator's choice.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "harness/check/check.h"

namespace tales::health {

struct NodePair {
  const NodeDefinition* declared = nullptr;  // nullptr: Kubernetes knows a node that is not declared
  kube::Json object;                         // null: a declared node that Kubernetes does not know
};

// Every declared node and every Node object, each once.
absl::StatusOr<std::vector<NodePair>> PairNodes(CheckContext& context);

}  // namespace tales::health
