// Globs over check instances: `*` any run of characters, `?` one. The whole name must match; a glob without a slash
// also matches every instance of a check ("health.services" matches "health.services/worker").
#pragma once

#include <string_view>

namespace tales {
bool GlobMatches(std::string_view glob, std::string_view check_instance);
}  // namespace tales
