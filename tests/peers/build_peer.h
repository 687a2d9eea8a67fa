// Builds the Go peers of this folder, once per content: the binaries are kept in the user's cache.
#pragma once

#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "harness/base/file.h"
#include "harness/base/status.h"
#include "harness/base/subprocess.h"

namespace tales::testing {

// FailedPrecondition when there is no Go of at least 1.23: the caller skips, and says so.
inline absl::Status NeedGo() {
  absl::StatusOr<Finished> version =
      Run({.argv = {"go", "env", "GOVERSION"}, .environment = {{"GOTOOLCHAIN", "local"}}},
          Deadline::After(absl::Seconds(20)));
  if (!version.ok()) return absl::FailedPreconditionError("there is no Go toolchain (1.23 or newer) on PATH");
  const std::vector<std::string> parts = absl::StrSplit(version->output, absl::ByAnyChar(".\n "));
  int minor = 0;
  if (parts.size() < 2 || parts[0] != "go1" || !absl::SimpleAtoi(parts[1], &minor) || minor < 23) {
    return absl::FailedPreconditionError(absl::StrCat("Go 1.23 or newer is needed, this is ", version->output));
  }
  return absl::OkStatus();
}

// The path of the binary of package `name` of the Go module in tests/peers/`module`: ("talos", "server"),
// ("generator", ".").
inline absl::StatusOr<std::filesystem::path> BuildPeer(const std::filesystem::path& source_root,
                                                       const std::string& module, const std::string& name) {
  const std::filesystem::path folder = source_root / "tests" / "peers" / module;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string extension = entry.path().extension().string();
    if (extension == ".go" || extension == ".mod" || extension == ".sum") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::string all;
  for (const std::filesystem::path& file : files) {
    TALES_ASSIGN_OR_RETURN(const std::string content, ReadFile(file));
    absl::StrAppend(&all, file.lexically_relative(folder).string(), "\n", content.size(), "\n", content);
  }
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(all.data(), all.size(), digest, &size, EVP_sha256(), nullptr);
  const std::string hex = absl::BytesToHexString(std::string(reinterpret_cast<const char*>(digest), size));
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  const std::filesystem::path root = cache != nullptr && *cache != 0 ? std::filesystem::path(cache)
                                     : home != nullptr               ? std::filesystem::path(home) / ".cache"
                                                                     : std::filesystem::temp_directory_path();
  const std::filesystem::path built = root / "tales" / "peers" / hex.substr(0, 16) / (name == "." ? module : name);
  if (std::filesystem::exists(built)) return built;

  TALES_RETURN_IF_ERROR(NeedGo());
  std::error_code error;
  std::filesystem::create_directories(built.parent_path(), error);
  // Under a name of our own, then renamed: another test may build the same at the same time.
  const std::filesystem::path temporary = absl::StrCat(built.string(), ".", getpid());
  const Command command{.argv = {"go", "build", "-o", temporary.string(), absl::StrCat("./", name)},
                        .environment = {{"GOTOOLCHAIN", "local"},
                                        {"GOFLAGS", "-mod=mod -buildvcs=false"},
                                        {"GOSUMDB", "off"},
                                        {"GONOSUMDB", "*"}},
                        .working_folder = folder};
  TALES_ASSIGN_OR_RETURN(const Finished finished, Run(command, Deadline::After(absl::Minutes(9))));
  if (!finished.ok()) return absl::InternalError(absl::StrCat(command.ToString(), ": ", finished.error_output));
  std::filesystem::rename(temporary, built, error);
  if (error) return absl::InternalError(absl::StrCat("renaming ", temporary.string(), ": ", error.message()));
  return built;
}

}  // namespace tales::testing
