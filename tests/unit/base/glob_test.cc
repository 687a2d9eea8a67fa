#include "harness/base/glob.h"

#include <chrono>
#include <string>

#include "gtest/gtest.h"

namespace tales {
namespace {

TEST(Glob, MatchesTheWholeName) {
  EXPECT_TRUE(GlobMatches("health.*", "health.services/worker"));
  EXPECT_TRUE(GlobMatches("health.services", "health.services"));
  EXPECT_TRUE(GlobMatches("*", "anything/at/all"));
  EXPECT_TRUE(GlobMatches("health.?ervices", "health.services"));
  EXPECT_TRUE(GlobMatches("*.services/*", "health.services/worker"));
  EXPECT_FALSE(GlobMatches("health", "health.services"));
  EXPECT_FALSE(GlobMatches("health.", "health.services"));
  EXPECT_FALSE(GlobMatches("services", "health.services"));
  EXPECT_FALSE(GlobMatches("", "health.services"));
  EXPECT_TRUE(GlobMatches("", ""));
  EXPECT_FALSE(GlobMatches("?", ""));
}

TEST(Glob, WithoutASlashItTakesEveryInstance) {
  EXPECT_TRUE(GlobMatches("health.services", "health.services/worker"));
  EXPECT_TRUE(GlobMatches("health.s*s", "health.services/worker"));
  EXPECT_FALSE(GlobMatches("health.services/control", "health.services/worker"));
  EXPECT_TRUE(GlobMatches("health.services/w*", "health.services/worker"));
  EXPECT_FALSE(GlobMatches("health.service", "health.services/worker"));
}

TEST(Glob, AStarIsNeverTakenLiterally) {
  EXPECT_TRUE(GlobMatches("a*c", "abc"));
  EXPECT_TRUE(GlobMatches("a*c", "a*c"));
  EXPECT_TRUE(GlobMatches("a*", "a*b"));
  EXPECT_TRUE(GlobMatches("*b", "a*b"));
}

TEST(Glob, ManyStarsDoNotExplode) {
  std::string glob, text(5000, 'a');
  for (int i = 0; i < 50; ++i) glob += "a*";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(GlobMatches(glob + "b", text));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
}

}  // namespace
}  // namespace tales
