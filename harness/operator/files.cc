#include "harness/operator/files.h"

#include <sys/stat.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "harness/base/file.h"
#include "harness/operator/document.h"

namespace tales::config {

std::string FileOf(Role role) { return role == Role::kControlPlane ? kControlPlaneFile : kWorkerFile; }

std::filesystem::path SecretsFile(const ConfigDefinition& config) {
  if (!config.secrets_file.empty()) return config.secrets_file;
  return std::filesystem::path(config.folder) / "secrets.yaml";
}

absl::StatusOr<std::string> ReadRegularFile(const std::filesystem::path& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("reading ", path.string()));
  if (!S_ISREG(info.st_mode)) return absl::InvalidArgumentError(absl::StrCat(path.string(), " is no file"));
  return ReadFile(path, kLargestFile);
}

}  // namespace tales::config
