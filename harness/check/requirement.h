// What a check needs before it can look. Unmet = `unsupported`, with want and have.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "harness/check/cluster.h"

namespace tales {

struct Requirement {
  std::string name;  // as in `tales list`: "talos", "kubernetes", "talos:operator", "nodes>=1", "declared:crds"
  std::string want;  // "a Talos API"
  // nullopt when met, else what there is instead ("no talosconfig given"). May ask the cluster; an answer that cannot
  // be had counts as met, so that the check itself says why.
  std::optional<std::string> (*unmet)(const Cluster& cluster);
};

// The ones that several suites use; a suite may have its own.
extern const Requirement kNeedsTalos;          // a Talos API
extern const Requirement kNeedsTalosOperator;  // credentials with os:operator (EtcdStatus, EtcdAlarmList)
extern const Requirement kNeedsTalosAdmin;     // credentials with os:admin (Read, sensitive resources)
extern const Requirement kNeedsKubernetes;     // a Kubernetes API
extern const Requirement kNeedsDeclaredNodes;  // at least one declared (or discovered) node
extern const Requirement kNeedsDeclaredNamespaces;

}  // namespace tales
