// config.secrets_protected: who else can read a file that holds secrets, and whether git keeps it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/base/deadline.h"
#include "harness/check/outcome.h"

namespace tales::config {

// A file of the operator's that holds secrets.
struct SecretFile {
  std::filesystem::path path;
  std::vector<std::string> fields;  // "machine.token"
};

// Others can read it: its mode lets group or others, and so does the folder that it lies in. A folder further up may
// still keep them out; that is no property of the file, and is gone in a copy, a backup, a mount.
std::vector<Problem> JudgeModes(const SecretFile& file);

// Whether git keeps the file in clear, today or in one of its last commits: what git has once had, everybody has who
// can clone it. A version that SOPS has encrypted is no harm. FailedPrecondition where there is no git to ask, or it
// does not answer (a folder of another user's).
absl::StatusOr<std::vector<Problem>> JudgeGit(const SecretFile& file, Deadline deadline);

}  // namespace tales::config
