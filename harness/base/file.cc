#include "harness/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace tales {
namespace {

absl::Status FromErrno(int error, std::string_view what, const std::filesystem::path& path) {
  return absl::ErrnoToStatus(error, absl::StrCat(what, " ", path.string()));
}

std::filesystem::path TemporaryPlace() {
  std::error_code error;
  const std::filesystem::path place = std::filesystem::temp_directory_path(error);
  return error ? "/tmp" : place;
}

// 0, or the errno of what went wrong.
int WriteAll(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t n = write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    content.remove_prefix(static_cast<size_t>(n));
  }
  return 0;
}

// A device or a pipe: nothing can be put in its place.
absl::Status WriteToDevice(const std::filesystem::path& path, std::string_view content) {
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return FromErrno(errno, "writing", path);
  const int error = WriteAll(fd, content);
  close(fd);
  return error == 0 ? absl::OkStatus() : FromErrno(error, "writing", path);
}

// A name for an open file that has none. False with errno.
bool NameIt(int fd, const std::filesystem::path& name) {
  const std::string file = absl::StrCat("/proc/self/fd/", fd);
  return linkat(AT_FDCWD, file.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0;
}

}  // namespace

absl::StatusOr<std::string> ReadFilePart(const std::filesystem::path& path, uint64_t offset, uint64_t limit) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return FromErrno(errno, "reading", path);
  const absl::Cleanup close_it = [fd] { close(fd); };
  std::string part(limit, '\0');
  size_t size = 0;
  while (size < limit) {
    const ssize_t n = pread(fd, part.data() + size, limit - size, static_cast<off_t>(offset + size));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FromErrno(errno, "reading", path);
    if (n == 0) break;
    size += static_cast<size_t>(n);
  }
  part.resize(size);
  return part;
}

absl::StatusOr<std::string> ReadFile(const std::filesystem::path& path, uint64_t limit) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return FromErrno(errno, "reading", path);
  const absl::Cleanup close_it = [fd] { close(fd); };
  std::string content;
  // Grown by doubling, a large file would need its size three times over.
  if (struct stat about{}; fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > 0) {
    content.reserve(std::min(limit, static_cast<uint64_t>(about.st_size)));
  }
  std::vector<char> buffer(64 << 10);
  while (true) {
    const ssize_t n = read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return FromErrno(errno, "reading", path);
    if (n == 0) break;
    content.append(buffer.data(), static_cast<size_t>(n));
    if (content.size() > limit) {
      return absl::OutOfRangeError(absl::StrCat("reading ", path.string(), ": longer than ", limit, " bytes"));
    }
  }
  return content;
}

absl::Status WriteFileAtomically(const std::filesystem::path& path, std::string_view content, int mode) {
  struct stat about {};
  const bool exists = stat(path.c_str(), &about) == 0;
  if (exists && (S_ISCHR(about.st_mode) || S_ISFIFO(about.st_mode))) return WriteToDevice(path, content);
  // Without a name until it is whole: whoever is killed before that leaves nothing.
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  std::string beside;
  int fd = open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0) {  // not every file system can; what else is amiss the second try says
    beside = path.string() + ".XXXXXX";
    fd = mkostemp(beside.data(), O_CLOEXEC);
    if (fd < 0) return FromErrno(errno, "writing", path);
  }
  const absl::Cleanup close_it = [fd] { close(fd); };
  auto fail = [&](int error) {
    if (!beside.empty()) unlink(beside.c_str());
    return FromErrno(error, "writing", path);
  };
  if (const int error = WriteAll(fd, content); error != 0) return fail(error);
  if (fchmod(fd, static_cast<mode_t>(mode)) != 0 || fdatasync(fd) != 0) return fail(errno);
  if (beside.empty()) {
    if (NameIt(fd, path)) return absl::OkStatus();
    if (errno != EEXIST || fstat(fd, &about) != 0) return fail(errno);
    // A name cannot be moved to a file in one step. The number is this file's own, so nobody else has the name.
    const std::string name = absl::StrCat(path.string(), ".", about.st_ino);
    if (!NameIt(fd, name)) return fail(errno);
    beside = name;
  }
  if (rename(beside.c_str(), path.c_str()) != 0) return fail(errno);
  return absl::OkStatus();
}

absl::StatusOr<UnlinkedFile> UnlinkedFile::Make() {
  std::string path = (TemporaryPlace() / "tales-XXXXXX").string();
  const int fd = mkostemp(path.data(), O_CLOEXEC);
  if (fd < 0) return FromErrno(errno, "making", path);
  unlink(path.c_str());
  return UnlinkedFile(fd);
}

UnlinkedFile::~UnlinkedFile() {
  if (fd_ >= 0) close(fd_);
}

std::filesystem::path UnlinkedFile::path() const { return absl::StrCat("/proc/self/fd/", fd_); }

std::string UnlinkedFile::Tail(size_t limit) const {
  const off_t size = lseek(fd_, 0, SEEK_END);
  if (size <= 0) return "";
  std::string bytes(std::min(limit, static_cast<size_t>(size)), '\0');
  const ssize_t count = pread(fd_, bytes.data(), bytes.size(), size - static_cast<off_t>(bytes.size()));
  bytes.resize(count < 0 ? 0 : static_cast<size_t>(count));
  return bytes;
}

absl::StatusOr<TemporaryFolder> TemporaryFolder::Make(std::string_view prefix) {
  std::string pattern = (TemporaryPlace() / absl::StrCat(prefix, "-XXXXXX")).string();
  if (mkdtemp(pattern.data()) == nullptr) return FromErrno(errno, "making a temporary folder", pattern);
  return TemporaryFolder(pattern);
}

TemporaryFolder::TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}

TemporaryFolder& TemporaryFolder::operator=(TemporaryFolder&& other) noexcept {
  std::swap(path_, other.path_);
  return *this;
}

TemporaryFolder::~TemporaryFolder() {
  if (path_.empty()) return;
  // What was killed a moment ago may still write there. Beyond that nothing useful can be done in a destructor.
  std::error_code error;
  for (int i = 0; i < 5; ++i) {
    std::filesystem::remove_all(path_, error);
    if (error != std::errc::directory_not_empty) return;
    absl::SleepFor(absl::Milliseconds(20));
  }
}

std::filesystem::path TemporaryFolder::Release() { return std::exchange(path_, {}); }

}  // namespace tales
