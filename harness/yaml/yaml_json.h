// YAML as Kubernetes reads it: as JSON.
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/yaml/yaml_tree.h"
#include "nlohmann/json.hpp"

namespace tales {

// By YAML's core schema: plain scalars that look like null, booleans and numbers are those, quoted ones are texts. Of
// two equal keys the last one counts.
nlohmann::json ToJson(const YamlNode& node);
// Every document with content. InvalidArgument: "NAME:LINE:COLUMN: what", a line per mistake.
absl::StatusOr<std::vector<nlohmann::json>> YamlDocumentsToJson(std::string_view text, std::string_view name,
                                                                const YamlLimits& limits);

}  // namespace tales
