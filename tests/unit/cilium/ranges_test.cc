#include "gmock/gmock.h"
#include "suites/cilium/pod_ranges.h"
#include "tests/support/status_matchers.h"

namespace tales::cilium {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<Range> Of(const std::vector<std::string>& texts) {
  std::vector<Range> ranges;
  for (const std::string& text : texts) ranges.push_back(*ParseRange(text));
  return ranges;
}

ClusterRanges Healthy() {
  return {"kubernetes",
          {{"control", Of({"10.244.0.0/24"}), Of({"10.244.0.0/24"})},
           {"worker", Of({"10.244.1.0/24"}), Of({"10.244.1.0/24"})}},
          Of({"10.0.1.50/24", "10.0.1.100/24"}),
          Of({"10.96.0.1", "10.96.0.10"})};
}

Json Pod(const char* node, const char* address, bool of_host = false) {
  return {{"metadata", {{"namespace", "a"}, {"name", "p"}}},
          {"spec", {{"nodeName", node}, {"hostNetwork", of_host}}},
          {"status", {{"phase", "Running"}, {"podIP", address}}}};
}

TEST(Range, Parses) {
  EXPECT_EQ(ParseRange("10.0.0.0/8")->prefix, 8);
  EXPECT_EQ(ParseRange("10.0.0.1")->prefix, 32);
  EXPECT_EQ(ParseRange("fd00::/64")->prefix, 64);
  for (const char* text :
       {"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0/8", "fd00::/129", "None", "a/24", "10.0.0.0/8/8"})
    EXPECT_FALSE(ParseRange(text)) << text;
}

TEST(Range, Overlaps) {
  EXPECT_TRUE(Overlap(*ParseRange("10.0.0.0/8"), *ParseRange("10.0.1.50/24")));
  EXPECT_TRUE(Overlap(*ParseRange("10.0.1.50/24"), *ParseRange("10.0.0.0/8")));
  EXPECT_FALSE(Overlap(*ParseRange("10.244.0.0/24"), *ParseRange("10.244.1.0/24")));
  EXPECT_FALSE(Overlap(*ParseRange("0.0.0.0/0"), *ParseRange("::/0")));
  EXPECT_TRUE(Overlap(*ParseRange("fd00::/56"), *ParseRange("fd00:0:0:1::/64")));
  EXPECT_TRUE(Contains(*ParseRange("10.244.0.0/24"), "10.244.0.255"));
  EXPECT_FALSE(Contains(*ParseRange("10.244.0.0/24"), "10.244.1.0"));
  EXPECT_FALSE(Contains(*ParseRange("10.244.0.0/24"), "10.244.0.0/16"));
}

TEST(PodRanges, RangesOfTheirOwnAreNoProblem) {
  EXPECT_THAT(JudgePodRanges(Healthy(), {Pod("worker", "10.244.1.7"), Pod("worker", "10.0.1.100", true)}), IsEmpty());
}

TEST(PodRanges, TwoNodesWithOneRange) {
  ClusterRanges ranges = Healthy();
  ranges.nodes[1].of_cilium = Of({"10.244.0.0/24"});
  const auto problems = JudgePodRanges(ranges, {});
  ASSERT_THAT(problems, SizeIs(2));
  EXPECT_EQ(problems[0].found, "its CiliumNode has 10.244.0.0/24");
  EXPECT_THAT(problems[1].expected, HasSubstr("of control and worker that do not overlap"));
  EXPECT_THAT(problems[1].next, HasSubstr("kubectl get ciliumnodes"));
}

TEST(PodRanges, CiliumsOwnDefaultHoldsTheSeedsNetwork) {
  ClusterRanges ranges = Healthy();
  ranges.ipam = "cluster-pool";
  ranges.nodes[0].of_cilium = Of({"10.0.1.0/24"});
  const auto problems = JudgePodRanges(ranges, {});
  ASSERT_THAT(problems, SizeIs(2));
  EXPECT_EQ(problems[0].found, "it overlaps 10.0.1.50/24");
}

TEST(PodRanges, ServicesAndStrayPods) {
  ClusterRanges ranges = Healthy();
  ranges.service_addresses = Of({"10.244.1.200"});
  EXPECT_THAT(JudgePodRanges(ranges, {})[0].found, HasSubstr("Service address 10.244.1.200"));
  std::vector<Json> pods(7, Pod("worker", "10.42.0.9"));
  const auto problems = JudgePodRanges(Healthy(), pods);
  ASSERT_THAT(problems, SizeIs(4));
  EXPECT_THAT(problems[0].next, HasSubstr("kubectl -n a delete pod p"));
  EXPECT_EQ(problems[3].found, "4 more have others");
}

TEST(PodRanges, ANodeWithoutARangeNeverPasses) {
  ClusterRanges ranges = Healthy();
  ranges.nodes[1].of_cilium.clear();
  EXPECT_THAT(JudgePodRanges(ranges, {Pod("worker", "1.2.3.4"), Json(), Json("x"), Json{{"spec", 5}}}), SizeIs(1));
}

}  // namespace
}  // namespace tales::cilium
