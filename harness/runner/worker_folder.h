// Where the workers of a run keep what is temporary ($TMPDIR): one private folder, which goes with the run. What is in
// it may be secret (a check generates configurations), and a worker that is killed cleans nothing up.
#pragma once

#include <filesystem>
#include <utility>

#include "absl/status/statusor.h"
#include "harness/base/file.h"

namespace tales {

class WorkerFolder {
 public:
  // Also removes those of earlier runs of this user that were killed themselves.
  static absl::StatusOr<WorkerFolder> Make();
  WorkerFolder(WorkerFolder&& other) noexcept
      : folder_(std::move(other.folder_)), lock_(std::exchange(other.lock_, -1)) {}
  WorkerFolder& operator=(WorkerFolder&&) = delete;
  ~WorkerFolder();

  const std::filesystem::path& path() const { return folder_.path(); }

 private:
  WorkerFolder(TemporaryFolder folder, int lock) : folder_(std::move(folder)), lock_(lock) {}
  TemporaryFolder folder_;
  int lock_;  // held as long as the run lives
};

}  // namespace tales
