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

TEST(JoinNames, AThousandNodesFitOnALine) {
  EXPECT_EQ(JoinNames({"h.a/1", "h.a/2", "h.a/3", "h.a/4", "h.b"}, 2), "h.a/{1,2 and 2 more}, h.b");
}

}  // namespace
}  // namespace tales::reports
