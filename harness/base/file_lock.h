// One process at a time: a lock on a file that goes with the last process that has its descriptor, however that ends.
// Source: flock(2); children inherit it where the descriptor is handed to them.
#pragma once

#include <filesystem>
#include <string_view>

#include "absl/status/statusor.h"
#include "harness/base/spawn.h"

namespace tales {

// Locks the file, which is made where it is not there, as long as the descriptor is open. Who has the lock may remove
// the file. AlreadyExists, with the words of `held`: another process has it. What it means that there is no lock, as on
// some network file systems, is for the caller to say: any other error.
absl::StatusOr<internal::Fd> LockFile(const std::filesystem::path& file, std::string_view held);

// The same at once: AlreadyExists also where somebody only asked at this moment whether it is locked.
absl::StatusOr<internal::Fd> TryLockFile(const std::filesystem::path& file);

// Whether a process holds the lock. Where nobody does, we have held it for no longer than this call.
bool IsLocked(const std::filesystem::path& file);

}  // namespace tales
