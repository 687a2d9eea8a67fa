#include "harness/operator/private_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "harness/base/status.h"

namespace tales::config {
namespace {

namespace fs = std::filesystem;

constexpr char kAlive[] = ".tales-alive";

// One without the file was killed before there was a secret in it, or is just being made.
bool IsDead(const fs::path& folder) {
  struct stat status;
  if (lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) || status.st_uid != geteuid()) return false;
  const int fd = open((folder / kAlive).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return false;
  const bool dead = flock(fd, LOCK_EX | LOCK_NB) == 0;
  close(fd);
  return dead;
}

void Sweep(const fs::path& place, std::string_view prefix) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(place, error)) {
    if (!absl::StartsWith(entry.path().filename().string(), absl::StrCat(prefix, "-")) || !IsDead(entry.path()))
      continue;
    std::error_code ignored;
    fs::remove_all(entry.path(), ignored);
  }
}

}  // namespace

absl::StatusOr<PrivateFolder> PrivateFolder::Make(std::string_view prefix) {
  TALES_ASSIGN_OR_RETURN(TemporaryFolder folder, TemporaryFolder::Make(prefix));
  Sweep(folder.path().parent_path(), prefix);
  const std::string file = folder.path() / kAlive;
  const int lock = open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (lock < 0 || flock(lock, LOCK_EX | LOCK_NB) != 0) {
    const int number = errno;
    if (lock >= 0) close(lock);
    return absl::ErrnoToStatus(number, absl::StrCat("locking ", file));
  }
  return PrivateFolder(std::move(folder), lock);
}

PrivateFolder::~PrivateFolder() {
  if (lock_ >= 0) close(lock_);
}

}  // namespace tales::config
