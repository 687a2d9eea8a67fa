#include "suites/known_issues/suite.h"

#include "absl/strings/match.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/check/builtin_issues.h"

namespace tales {
namespace {

TEST(KnownIssuesSuiteTest, EveryBuiltinIssueHasItsClassifier) {
  const Suite suite = KnownIssuesSuite();
  for (const BuiltinIssue& issue : BuiltinIssues()) {
    EXPECT_TRUE(std::any_of(suite.checks.begin(), suite.checks.end(), [&](const Check& check) {
      return check.id == "known_issues." + issue.entry.id;
    })) << issue.entry.id;
  }
  EXPECT_EQ(suite.checks.size(), BuiltinIssues().size() + 1);
}

TEST(KnownIssuesSuiteTest, EveryCheckAsksOneQuestionAndNamesAFault) {
  for (const Check& check : KnownIssuesSuite().checks) {
    EXPECT_TRUE(absl::EndsWith(check.question, "?")) << check.id;
    EXPECT_THAT(check.faults, ::testing::Not(::testing::IsEmpty())) << check.id;
    EXPECT_TRUE(check.look != nullptr) << check.id;
  }
}

}  // namespace
}  // namespace tales
