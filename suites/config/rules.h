// config.valid: what must hold of a machine configuration by itself, as far as we can tell without Talos' own code.
//
// The rules are those whose breach costs an evening because it shows only on the machine: a file of the wrong role, an
// authority that is missing, subnets that overlap, an install section that installs nowhere. Talos' own validation
// (`talosctl validate`) knows many more.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/check/outcome.h"
#include "harness/definition/cluster_definition.h"
#include "harness/operator/document.h"

namespace tales::config {

// `file` names it in messages, `next` is how to make it anew. No message holds a secret.
std::vector<Problem> JudgeStructure(const MachineConfig& config, Role role, const ClusterDefinition& definition,
                                    std::string_view file, std::string_view next);

// "https://10.0.1.50:6443" in parts; false for what is no such URL.
struct EndpointParts {
  std::string host;  // without brackets
  int port = 0;
};
bool SplitEndpoint(std::string_view endpoint, EndpointParts& parts);

// The tag of an image reference ("v1.32.2" of "ghcr.io/siderolabs/kubelet:v1.32.2"); "" where there is none.
std::string TagOf(std::string_view image);

}  // namespace tales::config
