// A temporary folder for what holds secrets: gone with its object, and where that was killed, at the next one's start.
#pragma once

#include <filesystem>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "harness/base/file.h"

namespace tales::config {

class PrivateFolder {
 public:
  // Mode 0700, below the system's folder for temporary files. Before that, removes the folders of the same prefix that
  // are ours and that no process holds any more.
  static absl::StatusOr<PrivateFolder> Make(std::string_view prefix);
  PrivateFolder(PrivateFolder&& other) noexcept
      : folder_(std::move(other.folder_)), lock_(std::exchange(other.lock_, -1)) {}
  PrivateFolder& operator=(PrivateFolder&&) = delete;
  ~PrivateFolder();

  const std::filesystem::path& path() const { return folder_.path(); }

 private:
  PrivateFolder(TemporaryFolder folder, int lock) : folder_(std::move(folder)), lock_(lock) {}
  TemporaryFolder folder_;
  int lock_;  // held as long as we live
};

}  // namespace tales::config
