// Excerpts of what cilium-cli 0.18.2 printed.
#include "suites/connectivity/cli_output.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tales::connectivity {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kRun[] = R"(ℹ️  Monitor aggregation detected, will skip some flow validation steps
⌛ [tales] Waiting for deployment cilium-test-1/client to become ready...
ℹ️  Cilium version: 1.17.1
🏃[cilium-test-1] Running 112 tests ...
[=] [cilium-test-1] Skipping test [no-unexpected-packet-drops] [1/112] (skipped by user)
[=] [cilium-test-1] Test [no-policies] [2/112]
.
  [-] Scenario [no-policies/pod-to-world]
  [.] Action [no-policies/pod-to-world/http-to-one-0: cilium-test-1/client (10.244.0.109) -> one-http (one:80)]
  ❌ command "curl --silent http://one:80" failed: command failed (pod=cilium-test-1/client, container=client): command terminated with exit code 6
....
[=] [cilium-test-1] Test [client-egress] [23/112]
......
[=] [cilium-test-1] Skipping test [dns-only] [93/112] (Feature l7-proxy is disabled)
[=] [cilium-test-1] Test [health] [54/112]
..
📋 Test Report [cilium-test-1]
❌ 1/3 tests failed (1/9 actions), 109 tests skipped, 0 scenarios skipped:
Test [no-policies]:
  ❌ no-policies/pod-to-world/http-to-one-0: cilium-test-1/client (10.244.0.109) -> one-http (one:80)
[cilium-test-1] 1 tests failed
)";

struct Told {
  CliOutput output;
  std::vector<std::string> events;
  std::vector<TestEvent> ended;

  void Take(const TestEvent& event) {
    const char* what = event.kind == TestEvent::Kind::kStarted   ? "started"
                       : event.kind == TestEvent::Kind::kSkipped ? "skipped"
                       : event.failed                            ? "failed"
                                                                 : "passed";
    events.push_back(absl::StrCat(event.number, "/", event.all, " ", what, " ", event.test));
    if (event.kind == TestEvent::Kind::kEnded) ended.push_back(event);
  }
  explicit Told(std::string_view text, size_t piece) {
    const auto sink = [this](const TestEvent& event) { Take(event); };
    for (size_t at = 0; at < text.size(); at += piece) output.Feed(text.substr(at, piece), sink);
    output.Finish(sink);
  }
};

TEST(CliOutputTest, EveryTestBeginsAndEndsHoweverItsTextComes) {
  for (const size_t piece : {1u, 7u, 100u, 100000u}) {
    const Told told(kRun, piece);
    EXPECT_THAT(told.events,
                ElementsAre("1/112 skipped no-unexpected-packet-drops", "2/112 started no-policies",
                            "2/112 failed no-policies", "23/112 started client-egress", "23/112 passed client-egress",
                            "93/112 skipped dns-only", "54/112 started health", "54/112 passed health"));
    EXPECT_TRUE(told.output.reported());
    EXPECT_EQ(told.output.all(), 112);
    EXPECT_FALSE(told.output.single_node());
    EXPECT_THAT(told.output.tail(), HasSubstr("[cilium-test-1] 1 tests failed"));
  }
  const Told told(kRun, 100);
  EXPECT_THAT(told.ended.at(0).log,
              AllOf(HasSubstr("Test [no-policies]"), HasSubstr("exit code 6"), Not(HasSubstr("client-egress"))));
}

TEST(CliOutputTest, ARunThatIsCutOffLeavesItsTestOpen) {
  const std::string text(kRun);
  const Told told(text.substr(0, text.find("......")), 50);
  EXPECT_EQ(told.output.current(), "client-egress");
  EXPECT_FALSE(told.output.reported());
  EXPECT_FALSE(told.output.cancelled());
}

TEST(CliOutputTest, WhatEndsAfterACancellationIsMarked) {
  const Told told(
      "[=] [cilium-test-1] Test [a] [1/2]\n..\nCancellation request (connectivity test suite timeout (5m0s) reached) "
      "received, cancelling tests...\n  ❌ it broke\n[=] [cilium-test-1] Test [b] [2/2]\n",
      1000);
  EXPECT_TRUE(told.output.cancelled());
  ASSERT_EQ(told.ended.size(), 1u);
  EXPECT_TRUE(told.ended[0].cancelled);
}

TEST(CliOutputTest, WhatItCancelsBehindItsReportIsOver) {
  const Told told(absl::StrCat(kRun, "Cancellation request (context canceled) received, cancelling tests...\n"), 1000);
  EXPECT_TRUE(told.output.reported());
  EXPECT_FALSE(told.output.cancelled());
  const std::string late = absl::StrCat(kRun, "[=] [cilium-test-1] Skipping test [x] [3/3] (skipped by user)\n");
  const auto cancelled = [&late](std::string_view why) {
    return Told(absl::StrCat(late, "Cancellation request (", why, ") received, cancelling tests...\n"), 1000)
        .output.cancelled();
  };
  EXPECT_FALSE(cancelled("context canceled"));
  EXPECT_TRUE(cancelled("interrupt signal received"));
  EXPECT_TRUE(cancelled("connectivity test suite timeout (5m0s) reached"));
}

// Behind its first failure a test prints past the queue that the headers wait in.
TEST(CliOutputTest, LinesThatComeBeforeTheirTestAreItsAllTheSame) {
  const Told told(
      "[=] [cilium-test-1] Test [health] [1/2]\n..\n  [.] Action [check-log-errors/no-errors-in-logs/x]\n  ❌ Found it\n"
      "[=] [cilium-test-1] Test [check-log-errors] [2/2]\n.\n✅ [cilium-test-1] All 2 tests (3 actions) successful\n",
      9);
  EXPECT_THAT(told.events, ElementsAre("1/2 started health", "1/2 passed health", "2/2 started check-log-errors",
                                       "2/2 failed check-log-errors"));
  EXPECT_THAT(told.ended.at(1).log, HasSubstr("Found it"));
}

TEST(CliOutputTest, OneNodeIsNoticed) {
  EXPECT_TRUE(Told("ℹ️  Single-node environment detected, enabling single-node connectivity test\n", 10)
                  .output.single_node());
}

TEST(CliOutputTest, WhatIsNoneOfItsLinesIsPassedOver) {
  const Told told("[=] [\n[=] [x] Test [a]\n[=] [x] Test [a] [b/c]\n[=] [x] Other [a] [1/2]\n\xff\xfe\n", 3);
  EXPECT_THAT(told.events, ElementsAre());
}

}  // namespace
}  // namespace tales::connectivity
