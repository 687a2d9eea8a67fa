#include "suites/health/clock_reading.h"

#include "tests/support/status_matchers.h"

namespace tales::health {
namespace {

using ::testing::HasSubstr;
using testing::StatusIs;

constexpr char kTimerList[] = R"(Timer List Version: v0.10
HRTIMER_MAX_CLOCK_BASES: 8
now at 90061000000001 nsecs

cpu: 0
 clock 0:
  .base:       0000000000000000
  .index:      0
  .resolution: 1 nsecs
  .get_time:   ktime_get
  .offset:     0 nsecs
active timers:
 clock 1:
  .base:       0000000000000000
  .index:      1
  .resolution: 1 nsecs
  .get_time:   ktime_get_real
  .offset:     1700000000000000000 nsecs
active timers:
)";

TEST(ParseTimerListTest, AddsTheOffsetOfTheRealtimeClock) {
  ASSERT_OK_AND_ASSIGN(const absl::Time time, ParseTimerList(kTimerList));
  EXPECT_EQ(time, absl::FromUnixNanos(1700000000000000000 + 90061000000001));
}

TEST(ParseTimerListTest, RefusesWhatHoldsNoClock) {
  const std::string text = kTimerList;
  for (const std::string& bad : {std::string(), std::string("now at x nsecs\n"), text.substr(0, text.find("clock 1")),
                                 text.substr(text.find("cpu")), std::string("\xff\xfe\0garbage", 10)}) {
    EXPECT_THAT(ParseTimerList(bad), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("timer_list"))) << bad;
  }
}

}  // namespace
}  // namespace tales::health
