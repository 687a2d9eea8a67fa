// Between two tries, where there is no event to wait for.
#pragma once

#include <algorithm>

#include "absl/time/clock.h"
#include "harness/base/deadline.h"

namespace tales {

// Returns after `pause`, and never after `deadline`.
inline void Pause(absl::Duration pause, Deadline deadline) { absl::SleepFor(std::min(pause, deadline.remaining())); }

}  // namespace tales
