// The Kubeconfig call answers with a tar.gz that has one entry, `kubeconfig`.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tales::talos {
// InvalidArgument when it is no such archive, NotFound without the entry, OutOfRange above `limit` bytes unpacked.
absl::StatusOr<std::string> UnpackKubeconfig(std::string_view archive, size_t limit);
}  // namespace tales::talos
