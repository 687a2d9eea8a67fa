// Programs of others that a check or a producer runs, such as e2e.test: what the fixture named, or can make.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "harness/base/deadline.h"
#include "harness/check/cluster_access.h"

namespace tales {

// The one in access.tools, else the one in PATH. NotFound.
absl::StatusOr<std::filesystem::path> FindToolAtHand(const ClusterAccess& access, const std::string& name);

// The one in access.tools, else what access.tool_maker finds or builds, which may take minutes: `progress` is told
// before. NotFound says why there is none.
absl::StatusOr<std::filesystem::path> FindTool(const ClusterAccess& access, const std::string& name,
                                               const std::function<void(std::string_view)>& progress,
                                               Deadline deadline);

}  // namespace tales
