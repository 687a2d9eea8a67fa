// The wall clock of a test, set forward while it runs: as NTP does, or the end of a laptop's sleep. The steady clock
// goes on as it is. Link stepped_clock.cc into the test.
#pragma once

#include <chrono>

namespace tales::testing {

// From now on this process's wall clock is ahead by this much; absl::Now() notices within three seconds.
void SetWallClockAhead(std::chrono::seconds ahead);

}  // namespace tales::testing
