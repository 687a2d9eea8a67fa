// What a program of ours ends with, whatever it was asked: README.md has the table.
#pragma once

#include "absl/status/status.h"

namespace tales {

inline constexpr int kExitOk = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitNothingJudged = 3;
inline constexpr int kExitInterrupted = 130;

// Of trouble with what a person named (a file, a run, a fault): that it is wrong, not there or not theirs to read is
// for them to mend, and usage; anything else kept us from judging.
inline int ExitCodeOf(const absl::Status& trouble) {
  return absl::IsInvalidArgument(trouble) || absl::IsNotFound(trouble) || absl::IsPermissionDenied(trouble)
             ? kExitUsage
             : kExitNothingJudged;
}

}  // namespace tales
