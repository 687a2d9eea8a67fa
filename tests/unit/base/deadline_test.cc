#include "harness/base/deadline.h"

#include "absl/time/clock.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using ::tales::testing::StatusIs;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::StartsWith;

TEST(Deadline, RemainingIsNeverNegative) {
  EXPECT_EQ(Deadline::After(absl::Seconds(-5)).remaining(), absl::ZeroDuration());
  EXPECT_TRUE(Deadline::After(absl::ZeroDuration()).passed());
  const Deadline soon = Deadline::After(absl::Seconds(10));
  EXPECT_FALSE(soon.passed());
  EXPECT_GT(soon.remaining(), absl::Seconds(9));
  EXPECT_LE(soon.remaining(), absl::Seconds(10));
}

TEST(Deadline, NeverIsNever) {
  EXPECT_EQ(Deadline::Never().remaining(), absl::InfiniteDuration());
  EXPECT_EQ(Deadline::After(absl::InfiniteDuration()).remaining(), absl::InfiniteDuration());
  EXPECT_FALSE(Deadline::Never().passed());
  EXPECT_EQ(Deadline::Never().ToSystemClock(), std::chrono::system_clock::time_point::max());
}

TEST(Deadline, AtMostTakesTheEarlier) {
  EXPECT_LE(Deadline::Never().AtMost(absl::Seconds(1)).remaining(), absl::Seconds(1));
  EXPECT_LE(Deadline::After(absl::Seconds(1)).AtMost(absl::Seconds(60)).remaining(), absl::Seconds(1));
  EXPECT_EQ(Deadline::Never().AtMost(absl::InfiniteDuration()).remaining(), absl::InfiniteDuration());
}

TEST(Deadline, IsOverWhenItsOwnerHasEnded) {
  std::atomic<bool> ended = false;
  const Deadline never = Deadline::Never().Unless(ended);
  const Deadline soon = never.AtMost(absl::Seconds(60));
  EXPECT_FALSE(soon.passed());
  EXPECT_EQ(never.remaining(), absl::InfiniteDuration());
  int attempts = 0;
  EXPECT_THAT(RetryUntil(soon, "it", absl::Milliseconds(1),
                         [&] {
                           ended = ++attempts == 3;
                           return absl::UnavailableError("not yet");
                         }),
              StatusIs(absl::StatusCode::kUnavailable, StartsWith("waiting for it")));
  EXPECT_EQ(attempts, 3);
  EXPECT_TRUE(soon.passed());
  EXPECT_TRUE(never.passed());
  EXPECT_LE(never.ToSystemClock() - std::chrono::system_clock::now(), std::chrono::seconds(1));
  EXPECT_LE(soon.ToSteadyClock() - std::chrono::steady_clock::now(), std::chrono::seconds(1));
}

TEST(Deadline, OfTheSystemClockIsTheSameMoment) {
  const auto at = Deadline::After(absl::Seconds(60)).ToSystemClock();
  const auto in = at - std::chrono::system_clock::now();
  EXPECT_GT(in, std::chrono::seconds(58));
  EXPECT_LE(in, std::chrono::seconds(60));
}

TEST(RetryUntil, AttemptsAtLeastOnceAndStopsAtSuccess) {
  int attempts = 0;
  EXPECT_OK(RetryUntil(Deadline::After(absl::ZeroDuration()), "it", absl::Milliseconds(1), [&] {
    ++attempts;
    return absl::OkStatus();
  }));
  EXPECT_EQ(attempts, 1);
  EXPECT_OK(RetryUntil(Deadline::After(absl::Seconds(20)), "it", absl::Milliseconds(1),
                       [&] { return ++attempts < 5 ? absl::UnavailableError("not yet") : absl::OkStatus(); }));
  EXPECT_EQ(attempts, 5);
}

TEST(RetryUntil, SaysWhatWasWaitedForAndWhatWasSeenLast) {
  EXPECT_THAT(RetryUntil(Deadline::After(absl::Milliseconds(30)), "the API server", absl::Milliseconds(5),
                         [] { return absl::UnavailableError("connection refused"); }),
              StatusIs(absl::StatusCode::kUnavailable, AllOf(StartsWith("waiting for the API server, gave up after "),
                                                             EndsWith(": connection refused"))));
}

TEST(RetryUntil, EndsAtOnceWithWhatIsNotWorthRetrying) {
  int attempts = 0;
  EXPECT_THAT(RetryUntil(
                  Deadline::Never(), "it", absl::Milliseconds(1),
                  [&] {
                    ++attempts;
                    return absl::PermissionDeniedError("no");
                  },
                  [](const absl::Status& status) { return status.code() == absl::StatusCode::kUnavailable; }),
              StatusIs(absl::StatusCode::kPermissionDenied, "no"));
  EXPECT_EQ(attempts, 1);
}

}  // namespace
}  // namespace tales
