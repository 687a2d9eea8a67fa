// Changing one value of a YAML file and leaving every other byte as it is.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tales::config {

// `text` with the scalar at `path` ("cluster.network.podSubnets[0]", in the first document) replaced by `value`, which
// is written as it is given. NotFound where there is no scalar of one line.
absl::StatusOr<std::string> WithValue(std::string text, std::string_view path, std::string_view value);

}  // namespace tales::config
