#include "suites/health/suite.h"

#include <set>

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tales {
namespace {

TEST(HealthSuiteTest, EveryCheckAsksOneQuestionAndNamesAFault) {
  std::set<std::string> ids;
  for (const Check& check : HealthSuite().checks) {
    SCOPED_TRACE(check.id);
    EXPECT_TRUE(ids.insert(check.id).second) << "twice";
    EXPECT_TRUE(absl::StartsWith(check.id, "health."));
    EXPECT_TRUE(absl::EndsWith(check.question, "?"));
    EXPECT_THAT(check.faults, ::testing::Not(::testing::IsEmpty()));
    EXPECT_TRUE(check.look != nullptr);
  }
}

TEST(HealthSuiteTest, DependsOnlyOnItself) {
  std::set<std::string> ids;
  for (const Check& check : HealthSuite().checks) ids.insert(check.id);
  for (const Check& check : HealthSuite().checks) {
    for (const std::string& root : check.after) EXPECT_EQ(ids.count(root), 1U) << check.id << " after " << root;
  }
}

}  // namespace
}  // namespace tales
