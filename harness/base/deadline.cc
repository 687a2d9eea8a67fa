#include "harness/base/deadline.h"

#include <algorithm>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace tales {

using std::chrono::steady_clock;
using std::chrono::system_clock;

Deadline Deadline::After(absl::Duration duration) {
  if (duration >= absl::Hours(24 * 365)) return Never();
  return Deadline(steady_clock::now() + absl::ToChronoNanoseconds(duration));
}

Deadline Deadline::Never() { return Deadline(steady_clock::time_point::max()); }

absl::Duration Deadline::remaining() const {
  if (ended()) return absl::ZeroDuration();
  if (at_ == steady_clock::time_point::max()) return absl::InfiniteDuration();
  return std::max(absl::FromChrono(at_ - steady_clock::now()), absl::ZeroDuration());
}

Deadline Deadline::AtMost(absl::Duration duration) const {
  Deadline earlier = *this;
  earlier.at_ = std::min(at_, After(duration).at_);
  return earlier;
}

Deadline Deadline::Unless(const std::atomic<bool>& ended) const {
  Deadline other = *this;
  other.ended_ = &ended;
  return other;
}

steady_clock::time_point Deadline::ToSteadyClock() const { return ended() ? steady_clock::now() : at_; }

system_clock::time_point Deadline::ToSystemClock() const {
  if (ended()) return system_clock::now();
  if (at_ == steady_clock::time_point::max()) return system_clock::time_point::max();
  return system_clock::now() + std::chrono::duration_cast<system_clock::duration>(at_ - steady_clock::now());
}

absl::Status RetryUntil(Deadline deadline, std::string_view what, absl::Duration pause,
                        const std::function<absl::Status()>& attempt,
                        const std::function<bool(const absl::Status&)>& worth_retrying) {
  const absl::Time start = absl::Now();
  while (true) {
    absl::Status status = attempt();
    if (status.ok()) return status;
    if (worth_retrying != nullptr && !worth_retrying(status)) return status;
    if (deadline.remaining() <= pause) {
      return absl::Status(status.code(),
                          absl::StrCat("waiting for ", what, ", gave up after ",
                                       absl::FormatDuration(absl::Trunc(absl::Now() - start, absl::Milliseconds(1))),
                                       ": ", status.message()));
    }
    // A retry pause with a deadline around it: see the loop's exit.
    std::this_thread::sleep_for(absl::ToChronoNanoseconds(pause));
  }
}

}  // namespace tales
