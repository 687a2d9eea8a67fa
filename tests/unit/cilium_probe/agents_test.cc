#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "suites/cilium/probe/agent_probes.h"
#include "suites/cilium/probe/drops.h"
#include "suites/cilium/probe/wire.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/cilium_probe/places.h"

namespace tales::cilium::probe {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::PlaceOfNodes;
using ::testing::SizeIs;

Json Metric(const char* name, const char* reason, double value) {
  return {{"name", name}, {"labels", {{"direction", "INGRESS"}, {"reason", reason}}}, {"value", value}};
}

TEST(DropsTest, AreCountedByReason) {
  ASSERT_OK_AND_ASSIGN(const Drops drops, ParseDrops(Json::array({Metric("cilium_drop_count_total", "Policy denied", 3),
                                                                  Metric("cilium_drop_count_total", "Policy denied", 2),
                                                                  Metric("cilium_forward_count_total", "x", 9)})));
  EXPECT_EQ(drops, (Drops{{"Policy denied", 5}}));
  EXPECT_TRUE(absl::IsDataLoss(ParseDrops(Json::object()).status()));
  EXPECT_TRUE(absl::IsDataLoss(ParseDrops(Json::array({{{"name", "cilium_drop_count_total"}}})).status()));
}

Outcome JudgeOne(Drops before, Drops after) {
  return JudgeDrops(
      {{.place = {"node-1", "cilium", "cilium-x"}, .before = std::move(before), .after = std::move(after)}});
}

TEST(DropsTest, OnlyWhatIsNewCounts) {
  EXPECT_EQ(
      JudgeOne({{"CT: Map insertion failed", 7}}, {{"CT: Map insertion failed", 7}, {"Policy denied", 12}}).verdict(),
      Verdict::kPassed);
  const Outcome outcome = JudgeOne({{"CT: Map insertion failed", 7}}, {{"CT: Map insertion failed", 9}});
  EXPECT_EQ(outcome.verdict(), Verdict::kFailed);
  EXPECT_THAT(outcome.problems()[0].found, AllOf(HasSubstr("node-1"), HasSubstr("2 for \"CT: Map insertion failed\"")));
}

TEST(DropsTest, AnAgentThatBeganAnewSaysNothing) {
  EXPECT_EQ(JudgeOne({{"Policy denied", 12}}, {}).verdict(), Verdict::kInconclusive);
  EXPECT_EQ(JudgeDrops({}).verdict(), Verdict::kError);
  // Known from its pod, also where no counter went back.
  const DropsOfNode node{.place = {"node-1", "cilium", "cilium-x"}, .before = Drops{}, .after = Drops{{"Stale", 3}}};
  const Outcome known = JudgeDrops({node}, {{"node-1", "the agent on node-1: restart count 0 -> 1"}});
  EXPECT_EQ(known.verdict(), Verdict::kInconclusive);
  EXPECT_THAT(known.found(), HasSubstr("restart count 0 -> 1"));
  EXPECT_EQ(JudgeDrops({{.before = absl::UnavailableError("no agent")}}).verdict(), Verdict::kError);
}

TEST(HealthTest, IsATryForEachWay) {
  const Json good = {{"ip", "10.6.0.12"}, {"icmp", {{"latency", 100}}}, {"http", {{"latency", 100}}}};
  Json bad = good;
  bad["http"] = {{"status", "context deadline exceeded"}, {"latency", 0}};
  const Json health = {{"nodes", Json::array({{{"name", "tales/node-1"},
                                               {"host", {{"primary-address", good}}},
                                               {"health-endpoint", {{"primary-address", good}}}},
                                              {{"name", "tales/node-2"},
                                               {"host", {{"primary-address", good}}},
                                               {"health-endpoint", {{"primary-address", bad}}}}})}};
  const auto tried = HealthOf(health, {"node-1", "cilium", "cilium-x"}, PlaceOfNodes(3).nodes, /*has_endpoints=*/false);
  // Of a node that the agent does not know there is nothing but its host.
  ASSERT_THAT(tried, SizeIs(4 + 4 + 2));
  int silent = 0, not_run = 0;
  for (const Tried& one : tried) {
    silent += ResultOf(one) == Result::kSilence ? 1 : 0;
    not_run += ResultOf(one) == Result::kNotRun ? 1 : 0;
    EXPECT_TRUE(ResultOf(one) != Result::kSilence || one.probe.to == "node-2");
  }
  EXPECT_EQ(silent, 1);
  EXPECT_EQ(not_run, 2);
}

TEST(HealthTest, AnEndpointThatHasToBeThereAndIsNotWasNotProbed) {
  const Json good = {{"ip", "10.6.0.12"}, {"icmp", {{"latency", 100}}}, {"http", {{"latency", 100}}}};
  const Json health = {{"nodes", Json::array({{{"name", "node-1"}, {"host", {{"primary-address", good}}}}})}};
  const AgentPlace agent{"node-1", "cilium", "cilium-x"};
  EXPECT_THAT(HealthOf(health, agent, PlaceOfNodes(1).nodes, /*has_endpoints=*/false), SizeIs(2));
  const auto tried = HealthOf(health, agent, PlaceOfNodes(1).nodes, /*has_endpoints=*/true);
  ASSERT_THAT(tried, SizeIs(4));
  EXPECT_EQ(ResultOf(tried[3]), Result::kNotRun);
}

TEST(WireTest, WhatCanBeReadIsInTheClear) {
  WireSeen seen{.from = "node-1", .to = "node-2"};
  ASSERT_OK(ParseWire("device eth0 packets 212 bytes 300000 clear 0", seen));
  EXPECT_EQ(JudgeWire({seen}).verdict(), Verdict::kPassed);
  ASSERT_OK(ParseWire("device eth0 packets 212 bytes 300000 clear 3", seen));
  EXPECT_THAT(JudgeWire({seen}).problems()[0].found,
              HasSubstr("node-1 -> node-2: what was said can be read 3 times in 212 packets on eth0"));
}

// Packets between the nodes there always are: only as much as was sent shows that it was looked at.
TEST(WireTest, ThatItWentAnotherWayProvesNothing) {
  WireSeen seen{.from = "node-1", .to = "node-2"};
  ASSERT_OK(ParseWire("device eth0 packets 12 bytes 2000 clear 0", seen));
  EXPECT_EQ(JudgeWire({seen}).verdict(), Verdict::kError);
  EXPECT_EQ(JudgeWire({}).verdict(), Verdict::kError);
  EXPECT_TRUE(absl::IsDataLoss(ParseWire("tcpdump: no permission", seen)));
}

}  // namespace
}  // namespace tales::cilium::probe
