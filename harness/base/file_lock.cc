#include "harness/base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace tales {
namespace {

// Longer than somebody who only asks whether it is locked holds it.
constexpr int kTries = 20;
constexpr absl::Duration kPause = absl::Milliseconds(10);

}  // namespace

absl::StatusOr<int> LockFile(const std::filesystem::path& file, std::string_view held) {
  const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("opening ", file.string()));
  for (int i = 0; i < kTries; ++i) {
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
    if (errno != EWOULDBLOCK && errno != EINTR) {
      const int number = errno;
      close(fd);
      return absl::ErrnoToStatus(number, absl::StrCat("locking ", file.string()));
    }
    absl::SleepFor(kPause);
  }
  close(fd);
  return absl::AlreadyExistsError(absl::StrCat(held));
}

bool IsLocked(const std::filesystem::path& file) {
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool locked = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  close(fd);
  return locked;
}

}  // namespace tales
