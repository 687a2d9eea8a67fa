// Tarballs of others (sonobuoy, the conformance image): the wanted files out of them, into memory.
//
// Nothing is unpacked to the disk, so no name in an archive can lead anywhere. A bomb ends in an error before it costs
// more than the limits say.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace tales::imports {

struct ArchiveLimits {
  uint64_t entries = 200'000;             // names in the archive
  uint64_t unpacked = uint64_t{4} << 30;  // bytes that come out of the decompressor, wanted or not
  uint64_t wanted = uint64_t{1} << 30;    // bytes of all wanted files together
};

// Gives every regular file whose name is `wanted` to `take`, in the order of the archive. DataLoss: cut off or damaged;
// InvalidArgument: not a tar archive, compressed or not; OutOfRange: a limit, which is named; NotFound,
// PermissionDenied.
absl::Status ReadArchive(const std::filesystem::path& path, const std::function<bool(std::string_view name)>& wanted,
                         const std::function<void(const std::string& name, std::string content)>& take,
                         const ArchiveLimits& limits = {});

}  // namespace tales::imports
