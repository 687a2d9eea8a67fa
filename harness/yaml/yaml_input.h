// YAML that somebody else wrote (a kubeconfig, a node's answer), as yaml-cpp's nodes: read within limits first, so that
// no text takes long, or much memory, or the stack, and every error names its place.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "harness/yaml/yaml_tree.h"
#include "yaml-cpp/yaml.h"

namespace tales {

// yaml-cpp needs a second and 200 MiB for a MiB of nodes.
inline constexpr YamlLimits kInputLimits{.bytes = 512 << 10, .depth = 64, .aliases = 100, .nodes = 50'000};

// The first document of `text`; a null node where there is none. InvalidArgument: "NAME:LINE:COLUMN: what".
absl::StatusOr<YAML::Node> LoadYaml(std::string_view text, std::string_view name,
                                    const YamlLimits& limits = kInputLimits);

}  // namespace tales
