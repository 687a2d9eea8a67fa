#include "tests/support/stepped_clock.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

namespace {
std::atomic<time_t> ahead{0};
}

// In the place of libc's, for everything in this process.
extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const long result = syscall(SYS_clock_gettime, clock, time);
  if (result == 0 && clock == CLOCK_REALTIME) time->tv_sec += ahead.load();
  return static_cast<int>(result);
}

namespace tales::testing {

void SetWallClockAhead(std::chrono::seconds by) { ahead = by.count(); }

}  // namespace tales::testing
