#include "harness/check/outcome.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tales {
namespace {

TEST(OutcomeTest, IsAsRedAsItsProblems) {
  EXPECT_EQ(Outcome::FromProblems({}, "fine").verdict(), Verdict::kPassed);
  EXPECT_EQ(Outcome::FromProblems({}, "fine").found(), "fine");
  const Outcome failed = Outcome::FromProblems({{"a", "b", "c"}, {"d", "e", "f"}}, "fine");
  EXPECT_EQ(failed.verdict(), Verdict::kFailed);
  EXPECT_THAT(failed.problems(), ::testing::SizeIs(2));
}

TEST(OutcomeTest, CannotLookIsNeverGreen) {
  EXPECT_EQ(Outcome::CannotLook(absl::UnavailableError("down"), "look").verdict(), Verdict::kError);
  EXPECT_EQ(Outcome::CannotLook(absl::PermissionDeniedError("os:reader"), "look").verdict(), Verdict::kUnsupported);
}

TEST(OutcomeTest, OnlyAnswersThatTimeCanChangeMaySettle) {
  EXPECT_TRUE(Outcome::Failed({"a", "b", "c"}).may_settle());
  EXPECT_TRUE(Outcome::CannotLook(absl::UnavailableError("down"), "").may_settle());
  EXPECT_FALSE(Outcome::Passed("x").may_settle());
  EXPECT_FALSE(Outcome::Unsupported("x", "y").may_settle());
  EXPECT_FALSE(Outcome::Known("KI", "x").may_settle());
  EXPECT_FALSE(Outcome::Inconclusive("x").may_settle());
}

TEST(OutcomeTest, ANoteStandsBehindWhatWasFoundOfTrouble) {
  Outcome failed = Outcome::FromProblems({{"a", "b", "c"}, {"d", "e", "f"}}, "");
  EXPECT_EQ(failed.Note("why not").problems()[1].found, "e; why not");
  EXPECT_EQ(failed.Note("").problems()[1].found, "e; why not");
  EXPECT_EQ(Outcome::CannotLook(absl::UnavailableError("x"), "").Note("y").problems()[0].found, "x; y");
  EXPECT_EQ(Outcome::Unsupported("x", "z").Note("y").problems()[0].found, "has z");
  EXPECT_EQ(Outcome::Passed("x").Note("y").found(), "x");
}

}  // namespace
}  // namespace tales
