// A point in time by which something must be over, on the steady clock; and waiting for a condition until then.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace tales {

// Value type, cheap to copy; every call that leaves the process takes one. Thread-safe as any value.
class Deadline {
 public:
  static Deadline After(absl::Duration duration);  // from now; a negative duration has already passed
  static Deadline Never();

  absl::Duration remaining() const;  // never negative; absl::InfiniteDuration() for Never()
  bool passed() const { return remaining() <= absl::ZeroDuration(); }
  // The earlier of this deadline and `duration` from now: "at most 5 s for this call, and never past the check's end".
  Deadline AtMost(absl::Duration duration) const;
  // The same, and over at once when `ended` becomes true: what looks at it then and again, as RetryUntil() does, stops;
  // a call that blocks does not. `ended` outlives every copy.
  Deadline Unless(const std::atomic<bool>& ended) const;
  // For gRPC and condition variables.
  std::chrono::system_clock::time_point ToSystemClock() const;
  std::chrono::steady_clock::time_point ToSteadyClock() const;

 private:
  explicit Deadline(std::chrono::steady_clock::time_point at) : at_(at) {}
  bool ended() const { return ended_ != nullptr && ended_->load(); }

  std::chrono::steady_clock::time_point at_;
  const std::atomic<bool>* ended_ = nullptr;  // none: only time ends it
};

// Calls `attempt` until it returns OK or `deadline` passes, sleeping `pause` between (at least one attempt is made).
// A status for which `worth_retrying` is false ends it at once. Returns the last status; when time ran out its message
// starts with what was waited for: "waiting for <what>, gave up after 5s: <last error>".
absl::Status RetryUntil(Deadline deadline, std::string_view what, absl::Duration pause,
                        const std::function<absl::Status()>& attempt,
                        const std::function<bool(const absl::Status&)>& worth_retrying = nullptr);

}  // namespace tales
