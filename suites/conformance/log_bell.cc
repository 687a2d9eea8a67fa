#include "suites/conformance/log_bell.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace tales::conformance {
namespace {

constexpr absl::Duration kOneStream = absl::Seconds(15);  // then a new one: so that it can be stopped
constexpr absl::Duration kPause = absl::Seconds(1);
// ginkgo ends each test with "• [0.123 seconds]".
constexpr std::string_view kEnded = " seconds]";

}  // namespace

LogBell::LogBell(kube::Client& client, std::string namespace_, std::string pod, std::string container)
    : client_(client),
      namespace_(std::move(namespace_)),
      pod_(std::move(pod)),
      container_(std::move(container)),
      thread_([this] { Listen(); }) {}

LogBell::~LogBell() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void LogBell::Ring() {
  {
    const std::lock_guard lock(mutex_);
    rang_ = true;
  }
  changed_.notify_all();
}

bool LogBell::Await(absl::Duration longest) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, absl::ToChronoNanoseconds(longest), [this] { return rang_; });
  return std::exchange(rang_, false);
}

void LogBell::Listen() {
  const auto is_stopped = [this] {
    const std::lock_guard lock(mutex_);
    return stopped_;
  };
  while (!is_stopped()) {
    const absl::Time begin = absl::Now();
    std::string seen;  // the end of it: what is looked for may be cut
    client_
        .Logs(
            namespace_, pod_, {.container = container_, .tail_lines = 0, .follow = true},
            [&](std::string_view chunk) {
              seen.append(chunk);
              if (absl::StrContains(seen, kEnded)) {
                Ring();
                seen.clear();
              }
              if (seen.size() > kEnded.size()) seen.erase(0, seen.size() - kEnded.size());
              return !is_stopped();
            },
            Deadline::After(kOneStream))
        .IgnoreError();  // the next one may work
    Ring();              // it may have ended because the container did
    std::unique_lock lock(mutex_);
    if (absl::Now() - begin < kPause) {
      changed_.wait_for(lock, absl::ToChronoNanoseconds(kPause), [this] { return stopped_; });
    }
  }
}

}  // namespace tales::conformance
