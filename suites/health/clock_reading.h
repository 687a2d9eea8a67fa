// Wall-clock time of a machine, out of its /proc/timer_list (kernel/time/timer_list.c).
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tales::health {
// The time at which the file was read, by the machine's own clock; InvalidArgument when the text does not tell. Only
// the first few KiB are needed.
absl::StatusOr<absl::Time> ParseTimerList(std::string_view text);
}  // namespace tales::health
