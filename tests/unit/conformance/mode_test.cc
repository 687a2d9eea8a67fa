// How much is asked for, and what that picks.
#include "suites/conformance/mode.h"

#include "absl/strings/match.h"
#include "suites/conformance/selection.h"
#include "tests/support/status_matchers.h"

namespace tales::conformance {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

absl::StatusOr<Picked> PickFor(std::string_view mode) {
  const absl::StatusOr<ModeRequest> request = ParseMode(mode);
  if (!request.ok()) return request.status();
  return Pick(*request, BuiltInTests());
}

TEST(ModeTest, WhatIsNoModeIsRefusedByName) {
  EXPECT_EQ(ParseMode("")->mode, Mode::kNone);
  EXPECT_EQ(ParseMode("none")->mode, Mode::kNone);
  for (const char* wrong : {"quick", "sig:", "sig:no de", "focus:", "focus:(", "Full"}) {
    EXPECT_THAT(ParseMode(wrong).status(),
                testing::StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("conformance")))
        << wrong;
  }
}

TEST(ModeTest, FullAndFastPickAllAndSayWhatTheyDo) {
  ASSERT_OK_AND_ASSIGN(const Picked full, PickFor("full"));
  ASSERT_OK_AND_ASSIGN(const Picked fast, PickFor("fast"));
  EXPECT_EQ(full.names, BuiltInTests().all);
  EXPECT_EQ(fast.names, full.names);
  EXPECT_TRUE(full.is_all && fast.is_all && full.needs_nodes);
  EXPECT_EQ(full.procs, 1);
  EXPECT_GT(fast.procs, 1);
  EXPECT_EQ(full.tier, Tier::kDisruptive);
}

TEST(ModeTest, TheSampleNeedsNoNodeAndDisturbsNobody) {
  ASSERT_OK_AND_ASSIGN(const Picked sample, PickFor("sample"));
  EXPECT_THAT(sample.names, SizeIs(BuiltInTests().sample.size()));
  EXPECT_FALSE(sample.is_all || sample.needs_nodes);
  EXPECT_EQ(sample.tier, Tier::kCreate);
}

TEST(ModeTest, ASigPicksItsOwn) {
  ASSERT_OK_AND_ASSIGN(const Picked node, PickFor("sig:node"));
  EXPECT_THAT(node.names, SizeIs(89));
  EXPECT_THAT(node.names, Each(StartsWith("[sig-node] ")));
  EXPECT_EQ(PickFor("sig:sig-node")->names, node.names);
  EXPECT_EQ(PickFor("sig:auth")->tier, Tier::kCreate);
  EXPECT_EQ(PickFor("sig:scheduling")->tier, Tier::kDisruptive);
  EXPECT_THAT(PickFor("sig:nodes").status(),
              testing::StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("picks none")));
}

TEST(ModeTest, AFocusPicksByExpression) {
  ASSERT_OK_AND_ASSIGN(const Picked lease, PickFor("focus:Lease lease API"));
  EXPECT_THAT(lease.names, SizeIs(1));
  EXPECT_FALSE(lease.needs_nodes);
  EXPECT_TRUE(PickFor("focus:ConfigMap should be consumable")->needs_nodes);
  EXPECT_EQ(PickFor("focus:.")->is_all, true);
  EXPECT_THAT(PickFor("focus:no such test").status(),
              testing::StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("picks none")));
}

}  // namespace
}  // namespace tales::conformance
