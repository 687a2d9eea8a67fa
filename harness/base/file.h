// Files, read with a limit and written whole.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tales {

// The whole file; NotFound, PermissionDenied, or OutOfRange where it is longer than `limit` bytes (input is hostile).
absl::StatusOr<std::string> ReadFile(const std::filesystem::path& path, uint64_t limit = 64 << 20);

// Writes a new file beside `path`, flushes it to the disk and renames it over `path`: a reader sees the old or the new
// content, never half of it, also after a kill. `mode` is that of the new file (0600 for anything with a secret).
absl::Status WriteFileAtomically(const std::filesystem::path& path, std::string_view content, int mode = 0644);

// A new empty folder under $TMPDIR (or /tmp), mode 0700, removed with its content when the object goes.
class TemporaryFolder {
 public:
  static absl::StatusOr<TemporaryFolder> Make(std::string_view prefix);
  TemporaryFolder(TemporaryFolder&& other) noexcept;
  TemporaryFolder& operator=(TemporaryFolder&& other) noexcept;
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path Release();  // hands the folder over: it stays

 private:
  explicit TemporaryFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace tales
