#include "harness/base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace tales {
namespace {

// Longer than somebody who only asks whether it is locked holds it.
constexpr int kTries = 20;
constexpr absl::Duration kPause = absl::Milliseconds(10);

// Not where the one who had it before has removed the file since it was opened: the next one makes another.
bool IsThere(const internal::Fd& fd, const std::filesystem::path& file) {
  struct stat ours, there;
  return fstat(fd.get(), &ours) == 0 && stat(file.c_str(), &there) == 0 && ours.st_dev == there.st_dev &&
         ours.st_ino == there.st_ino;
}

}  // namespace

absl::StatusOr<internal::Fd> TryLockFile(const std::filesystem::path& file) {
  for (int i = 0;; ++i) {
    internal::Fd fd(open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (fd.get() < 0) return absl::ErrnoToStatus(errno, absl::StrCat("opening ", file.string()));
    if (flock(fd.get(), LOCK_EX | LOCK_NB) == 0) {
      // Never there: a file system whose inode numbers mean nothing.
      if (IsThere(fd, file) || i == kTries) return fd;
      continue;
    }
    if (errno == EWOULDBLOCK) return absl::AlreadyExistsError(absl::StrCat(file.string(), " is locked"));
    if (errno != EINTR) return absl::ErrnoToStatus(errno, absl::StrCat("locking ", file.string()));
  }
}

absl::StatusOr<internal::Fd> LockFile(const std::filesystem::path& file, std::string_view held) {
  for (int i = 0; i < kTries; ++i) {
    absl::StatusOr<internal::Fd> lock = TryLockFile(file);
    if (!absl::IsAlreadyExists(lock.status())) return lock;
    absl::SleepFor(kPause);
  }
  return absl::AlreadyExistsError(absl::StrCat(held));
}

bool IsLocked(const std::filesystem::path& file) {
  const internal::Fd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  return fd.get() >= 0 && flock(fd.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

}  // namespace tales
