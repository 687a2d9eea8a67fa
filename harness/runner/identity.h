// Which cluster is it, and is it still the one that it was? What a resumed run compares before it goes on.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "harness/check/cluster_access.h"
#include "harness/definition/cluster_definition.h"
#include "nlohmann/json.hpp"

namespace tales {

// "sha256:..." of the Kubernetes CA: as declared, else as the kubeconfig says; "" where neither knows.
std::string Authority(const ClusterDefinition& definition, const ClusterAccess& access);

// Each node's boot id by its name, as an object: from Kubernetes where it answers, else from the machines themselves.
// A node that tells neither is left out. Blocks for some seconds at the most.
nlohmann::json BootIds(const ClusterAccess& access);

// Of a run that is gone on with: `then` as its journal has them. FailedPrecondition: a node was started since, or does
// not tell any more whether it was. Unavailable: no node tells now, so nothing can be said yet.
absl::Status CompareBootIds(const nlohmann::json& then, const nlohmann::json& now);

}  // namespace tales
