#include "harness/base/join_few.h"

#include <set>
#include <vector>

#include "gtest/gtest.h"

namespace tales {
namespace {

TEST(JoinFew, NamesTheFirstAndCountsTheRest) {
  const std::vector<std::string> three = {"a", "b", "c"};
  EXPECT_EQ(JoinFew(std::vector<std::string>()), "");
  EXPECT_EQ(JoinFew(three), "a; b; c");
  EXPECT_EQ(JoinFew(three, ", ", 3), "a, b, c");
  EXPECT_EQ(JoinFew(three, ", ", 2), "a, b, and 1 more");
  EXPECT_EQ(JoinFew(std::set<std::string>{"1", "2", "3", "4", "5", "6", "7"}), "1; 2; 3; 4; 5; and 2 more");
}

}  // namespace
}  // namespace tales
