#include "reports/names.h"

#include "gtest/gtest.h"

namespace tales::reports {
namespace {

TEST(JoinNames, TellsInstancesOnce) {
  EXPECT_EQ(JoinNames({"h.a/x", "h.b", "h.a/y", "h.c/z"}, 0), "h.a/{x,y}, h.b, h.c/z");
}

TEST(JoinNames, CountsWhatItLeavesOut) {
  EXPECT_EQ(JoinNames({"h.a/x", "h.b", "h.a/y", "h.c/z", "h.c/q"}, 2), "h.a/{x,y}, h.b and 2 more");
}

}  // namespace
}  // namespace tales::reports
