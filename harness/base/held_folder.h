// A temporary folder for what may be secret: it goes with its object, and where the process was killed, at a later
// start.
#pragma once

#include <filesystem>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "harness/base/file.h"
#include "harness/base/spawn.h"

namespace tales {

class HeldFolder {
 public:
  // Mode 0700. Also removes those of the same prefix that are this user's and that nobody has held for a minute.
  static absl::StatusOr<HeldFolder> Make(std::string_view prefix);

  const std::filesystem::path& path() const { return folder_.path(); }

 private:
  HeldFolder(TemporaryFolder folder, internal::Fd lock) : folder_(std::move(folder)), lock_(std::move(lock)) {}
  TemporaryFolder folder_;
  internal::Fd lock_;  // held as long as we live
};

}  // namespace tales
