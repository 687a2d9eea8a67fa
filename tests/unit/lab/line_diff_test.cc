#include "fixtures/lab/machine/line_diff.h"

#include <gtest/gtest.h>

namespace tales::lab {
namespace {

TEST(UnifiedDiff, EqualTextsHaveNone) {
  EXPECT_EQ(UnifiedDiff("a\nb\n", "a\nb\n"), "");
  EXPECT_EQ(UnifiedDiff("", ""), "");
}

TEST(UnifiedDiff, ShowsThreeLinesAround) {
  EXPECT_EQ(UnifiedDiff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n"),
            "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}

TEST(UnifiedDiff, ChangesFarApartAreHunksOfTheirOwn) {
  const std::string before = "a\n1\n2\n3\n4\n5\n6\n7\n8\nb\n", after = "A\n1\n2\n3\n4\n5\n6\n7\n8\nb\nc\n";
  EXPECT_EQ(UnifiedDiff(before, after),
            "--- a\n+++ b\n@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -8,3 +8,4 @@\n 7\n 8\n b\n+c\n");
}

TEST(UnifiedDiff, FromNothingAndToNothing) {
  EXPECT_EQ(UnifiedDiff("", "x\n"), "--- a\n+++ b\n@@ -1 +1 @@\n+x\n");
  EXPECT_EQ(UnifiedDiff("x\n", ""), "--- a\n+++ b\n@@ -1 +1 @@\n-x\n");
}

TEST(UnifiedDiff, LargeTextsAreShownAsReplaced) {
  std::string before, after;
  for (int i = 0; i < 6000; ++i) {
    before += "b" + std::to_string(i) + "\n";
    after += "a" + std::to_string(i) + "\n";
  }
  EXPECT_NE(UnifiedDiff(before, after).find("@@ -1,6000 +1,6000 @@"), std::string::npos);
}

}  // namespace
}  // namespace tales::lab
