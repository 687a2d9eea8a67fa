// The commands that messages tell a person to type.
#pragma once

#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "harness/definition/cluster_definition.h"

namespace tales {

// "talosctl -n 10.0.1.100 services"
inline std::string Talosctl(const NodeDefinition& node, std::string_view arguments) {
  return absl::StrCat("talosctl -n ", node.address, " ", arguments);
}

}  // namespace tales
