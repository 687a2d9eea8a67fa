// Excerpts of what cilium-cli 0.18.2 printed.
#include "suites/imports/connectivity_log.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tales::imports {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// The second failure is printed past the queue that the third action's beginning waits in.
constexpr char kFailed[] = R"([=] [cilium-test-1] Test [no-policies] [2/112]
.
  ℹ️  curl stderr:
  curl: (6) Could not resolve host: one.one.one.one.

  [.] Action [no-policies/pod-to-world/https-to-one.one.one.one.-0: cilium-test-1/client-7866 (10.244.0.109) -> one.one.one.one.-https (one.one.one.one.:443)]
  [-] Scenario [no-policies/pod-to-world]
  [.] Action [no-policies/pod-to-world/http-to-one.one.one.one.-0: cilium-test-1/client-7866 (10.244.0.109) -> one.one.one.one.-http (one.one.one.one.:80)]
  ❌ command "curl --silent --fail -w %{local_ip}:%{local_port}\n --output /dev/null http://one.one.one.one.:80" failed: command failed (pod=cilium-test-1/client-7866, container=client): command terminated with exit code 6
.  ❌ command "curl --silent --fail --output /dev/null https://one.one.one.one.:443" failed: command failed (pod=cilium-test-1/client-7866, container=client): command terminated with exit code 28
  [.] Action [no-policies/pod-to-pod/curl-0: cilium-test-1/client-7866 (10.244.0.109) -> cilium-test-1/echo (10.244.0.3:8080)]
  🟥 unexpected end
)";

TEST(ConnectivityLogTest, EachFailureIsOfItsActionAndSaysWhy) {
  const std::vector<FailedAction> failed = FailedActions(kFailed);
  ASSERT_THAT(failed, SizeIs(3));
  EXPECT_EQ(failed[0].action,
            "no-policies/pod-to-world/http-to-one.one.one.one.-0: cilium-test-1/client-7866 (10.244.0.109) -> "
            "one.one.one.one.-http (one.one.one.one.:80)");
  EXPECT_EQ(failed[0].reason, "curl http://one.one.one.one.:80: exit code 6 (the name was not resolved)");
  EXPECT_THAT(failed[1].action, HasSubstr("https-to-one.one.one.one.-0"));
  EXPECT_THAT(failed[1].reason, HasSubstr("exit code 28 (timed out)"));
  EXPECT_THAT(failed[2].action, HasSubstr("no-policies/pod-to-pod/curl-0"));
  EXPECT_EQ(failed[2].reason, "unexpected end");
  EXPECT_THAT(FailedActions(""), IsEmpty());
}

TEST(ConnectivityLogTest, WhatSucceededAndShouldNotHave) {
  const std::vector<FailedAction> failed = FailedActions(
      "  [.] Action [a/b/c: d -> e (10.0.0.2:80)]\n  ❌ command \"curl --silent http://10.0.0.2:80\" succeeded while it "
      "should have failed: 10.0.0.1 -> 10.0.0.2\n");
  ASSERT_THAT(failed, SizeIs(1));
  EXPECT_EQ(failed[0].reason, "curl http://10.0.0.2:80 succeeded while it should have failed: 10.0.0.1 -> 10.0.0.2");
}

TEST(ConnectivityLogTest, AFailureIsKnownByItsMark) {
  EXPECT_EQ(FailureText("...  ❌ it broke "), "it broke");
  EXPECT_EQ(FailureText("  🟥 worse"), "worse");
  EXPECT_EQ(FailureText("  [.] Action [a/b: c]"), "");
  EXPECT_EQ(FailureText(""), "");
  EXPECT_EQ(TestOfAction("..  [.] Action [health/b: c]"), "health");
  EXPECT_EQ(TestOfAction("  ❌ it broke"), "");
}

TEST(ConnectivityLogTest, DotsAreActions) {
  EXPECT_EQ(ActionsIn("] Test [health] [54/112]\n..\n...\n"), 5u);
  EXPECT_EQ(ActionsIn("] Test [health] [54/112]\n.⚠️  cilium-health validation failed: x, retrying...\n"), 1u);
  EXPECT_EQ(ActionsIn("] Test [health] [54/112]\n\n"), 0u);
}

TEST(ConnectivityLogTest, LinesOfTheLogCheckAreAsTheyAreInTheLog) {
  const LogCheck check = ReadLogCheck(
      "  ❌ Found 2 logs in rn/cilium/a (cilium-agent) matching list of errors that must be investigated:\n"
      "time=1 level=warn msg=\"x (y)\" (1 occurrences)\n"
      "panic: z (12 occurrences)\n"
      ".  [.] Action [check-log-errors/no-errors-in-logs/rn/cilium/b (cilium-agent)]\n"
      "  ❌ Found 3 logs in rn/cilium/b (cilium-agent) matching list of errors that must be investigated:\n"
      "one (1 occurrences)\n"
      "  ❌ Non-zero (1) restart count of rn/cilium/b (config) must be investigated\n");
  ASSERT_THAT(check.containers, SizeIs(2));
  EXPECT_EQ(check.containers[0].name, "rn/cilium/a (cilium-agent)");
  EXPECT_THAT(check.containers[0].lines, ElementsAre("time=1 level=warn msg=\"x (y)\"", "panic: z"));
  EXPECT_TRUE(check.containers[0].whole);
  EXPECT_FALSE(check.containers[1].whole);
  EXPECT_THAT(check.others, ElementsAre("Non-zero (1) restart count of rn/cilium/b (config) must be investigated"));
}

}  // namespace
}  // namespace tales::imports
