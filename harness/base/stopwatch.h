// How long ago something was, on the steady clock: where the wall clock is set, or the machine slept, nothing seems to
// have taken longer for it.
#pragma once

#include <chrono>

#include "absl/time/time.h"

namespace tales {

// Value type, cheap to copy.
class Stopwatch {
 public:
  absl::Duration elapsed() const { return absl::FromChrono(std::chrono::steady_clock::now() - start_); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace tales
