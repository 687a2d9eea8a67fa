#include "suites/connectivity/requested_tests.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tales::connectivity {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(RequestedTestsTest, EachExpressionPicksATestThatRan) {
  EXPECT_THAT(ExpressionsWithoutATest("^no-policies/,^health/,^echo-ingress/,^client-egress/,check-log-errors",
                                      {"no-policies", "health", "echo-ingress", "client-egress", "check-log-errors"}),
              IsEmpty());
  EXPECT_THAT(ExpressionsWithoutATest("all", {}), IsEmpty());
  EXPECT_THAT(ExpressionsWithoutATest("", {}), IsEmpty());
}

TEST(RequestedTestsTest, OneThatPicksNothingIsNamed) {
  EXPECT_THAT(ExpressionsWithoutATest("^no-policies/,^healht/,^echo-ingress$", {"no-policies", "echo-ingress"}),
              ElementsAre("^healht/", "^echo-ingress$"));  // the second for want of its scenario
  EXPECT_THAT(ExpressionsWithoutATest("health", {}), ElementsAre("health"));
  EXPECT_THAT(ExpressionsWithoutATest("(health", {"health"}), ElementsAre("(health"));
  EXPECT_THAT(ExpressionsWithoutATest("^client-egress/", {"client-egress-knp"}), ElementsAre("^client-egress/"));
}

TEST(RequestedTestsTest, ScenariosAreNamesToo) {
  EXPECT_THAT(ExpressionsWithoutATest("/pod-to-cidr,pod-to-world$,/cilium-healht", {"no-policies"}),
              ElementsAre("/cilium-healht"));
  EXPECT_THAT(ExpressionsWithoutATest("^no-policies/one-that-is-new", {"no-policies"}), IsEmpty());
}

TEST(RequestedTestsTest, ExclusionsAndQuotes) {
  EXPECT_THAT(ExpressionsWithoutATest("!^health/,!nothing", {"no-policies"}), IsEmpty());
  EXPECT_THAT(ExpressionsWithoutATest("\"^h[a-z]{1,9}/\",^none/", {"health"}), ElementsAre("^none/"));
}

}  // namespace
}  // namespace tales::connectivity
