// Files, read with a limit and written whole.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tales {

// The whole file; NotFound, PermissionDenied, or OutOfRange where it is longer than `limit` bytes (input is hostile).
absl::StatusOr<std::string> ReadFile(const std::filesystem::path& path, uint64_t limit = 64 << 20);

// `limit` bytes from `offset` on, or as many as there are: of a file that grows, or of the end of a long one.
absl::StatusOr<std::string> ReadFilePart(const std::filesystem::path& path, uint64_t offset, uint64_t limit);

// Writes a new file that has no name yet, flushes it to the disk and puts it in `path`'s place: a reader sees the old
// or the new content, never half of it, and a kill leaves no half of it either. What is no file (/dev/stdout, a pipe)
// is written to as it is. `mode` is that of the new file (0600 for anything with a secret).
absl::Status WriteFileAtomically(const std::filesystem::path& path, std::string_view content, int mode = 0644);

// A private file without a name, under $TMPDIR (or /tmp): gone with the last process that holds it, however that ends.
// For what must not be left behind.
class UnlinkedFile {
 public:
  static absl::StatusOr<UnlinkedFile> Make();
  UnlinkedFile(UnlinkedFile&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UnlinkedFile& operator=(UnlinkedFile&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  UnlinkedFile(const UnlinkedFile&) = delete;
  UnlinkedFile& operator=(const UnlinkedFile&) = delete;
  ~UnlinkedFile();

  std::filesystem::path path() const;    // by which this process can open it, as long as the object lives
  std::string Tail(size_t limit) const;  // its last bytes; "" where it cannot be read

 private:
  explicit UnlinkedFile(int fd) : fd_(fd) {}
  int fd_;
};

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
