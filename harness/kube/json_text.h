// JSON from a server, which may be hostile.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"

namespace tales::kube {

// DataLoss where the text is not JSON (says where) or is nested deeper than anything the API has: copying a value
// recurses once a level.
absl::StatusOr<nlohmann::json> ParseJson(std::string_view text);

// `metadata.KEY` of an object or a list; "" where it is no text.
std::string MetadataText(const nlohmann::json& object, const char* key);

}  // namespace tales::kube
