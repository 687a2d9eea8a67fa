#include "harness/base/held_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "harness/base/status.h"

namespace tales {
namespace {

constexpr time_t kYoung = 60;  // seconds: its process may not have come to locking it

// The folder's own descriptor, locked; none where somebody else has it.
internal::Fd Lock(const std::filesystem::path& folder) {
  internal::Fd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (fd.get() >= 0 && flock(fd.get(), LOCK_EX | LOCK_NB) != 0) fd.Close();
  return fd;
}

void RemoveAbandoned(const std::filesystem::path& place, std::string_view prefix) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(place, error)) {
    if (!absl::StartsWith(entry.path().filename().string(), absl::StrCat(prefix, "-"))) continue;
    struct stat info;
    if (lstat(entry.path().c_str(), &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != geteuid() ||
        info.st_mtime > time(nullptr) - kYoung) {
      continue;
    }
    const internal::Fd lock = Lock(entry.path());
    if (lock.get() < 0) continue;
    std::error_code ignored;  // the next one tries again
    std::filesystem::remove_all(entry.path(), ignored);
  }
}

}  // namespace

absl::StatusOr<HeldFolder> HeldFolder::Make(std::string_view prefix) {
  TALES_ASSIGN_OR_RETURN(TemporaryFolder folder, TemporaryFolder::Make(prefix));
  internal::Fd lock = Lock(folder.path());
  if (lock.get() < 0) return absl::ErrnoToStatus(errno, absl::StrCat("locking ", folder.path().string()));
  RemoveAbandoned(folder.path().parent_path(), prefix);
  return HeldFolder(std::move(folder), std::move(lock));
}

}  // namespace tales
