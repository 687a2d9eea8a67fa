#include "suites/cilium/probe/meanwhile.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "suites/cilium/probe/judge.h"
#include "tests/unit/cilium_probe/places.h"

namespace tales::cilium::probe {
namespace {

using ::testing::AllOf;
using testing::Get;
using ::testing::HasSubstr;
using testing::PlaceOfNodes;
using ::testing::SizeIs;

const std::map<std::string, std::string> kDead = {{"node-2", "node node-2 is not ready: Kubelet stopped"}};

// What becomes of one that was not answered in time.
Tried Excused(const std::string& scenario, const std::string& to, const Meanwhile& meanwhile,
              const std::vector<std::string>& words = {"get", "http://10.244.2.3:8080/"}) {
  Tried one = Get("node-1", to, 28);
  one.probe.scenario = scenario;
  one.probe.words = words;
  std::vector<Tried> tried = {one};
  Excuse(tried, meanwhile);
  return tried[0];
}

TEST(MeanwhileTest, ServicesOfANodeThatIsNotReadyAreNoNetworkThatIsBroken) {
  const Meanwhile dead{.not_ready = kDead, .lost_pods = {}};
  for (const char* scenario : {"cluster-ip", "node-port"}) {
    const Tried one = Excused(scenario, "node-2", dead);
    EXPECT_EQ(ResultOf(one), Result::kNotRun) << scenario;
    EXPECT_THAT(Describe(one), AllOf(HasSubstr("node node-2 is not ready: Kubelet stopped"), HasSubstr("no answer")));
    EXPECT_EQ(JudgeTried({.tried = {one}}, {}).verdict(), Verdict::kError) << scenario;
  }
  EXPECT_EQ(ResultOf(Excused("headless", "", dead)), Result::kNotRun);
  EXPECT_EQ(ResultOf(Excused("pod-to-host", "node-2", dead, {"http", "https://10.6.0.12:10250/healthz"})),
            Result::kNotRun);
}

TEST(MeanwhileTest, ButWhatNoServiceIsInvolvedInStaysAFailure) {
  const Meanwhile dead{.not_ready = kDead, .lost_pods = {}};
  EXPECT_EQ(ResultOf(Excused("ping", "node-2", dead)), Result::kSilence);
  EXPECT_EQ(ResultOf(Excused("pod-to-host", "node-2", dead, {"ping", "10.6.0.12"})), Result::kSilence);
  EXPECT_EQ(ResultOf(Excused("cluster-ip", "node-3", dead)), Result::kSilence) << "another node";
}

TEST(MeanwhileTest, WhatAsksAPodThatIsGoneCouldNotBeTried) {
  const Meanwhile lost{.not_ready = {}, .lost_pods = {{"node-2", "pod server-2 on node-2 does not run: Evicted"}}};
  EXPECT_THAT(Describe(Excused("other-node", "node-2", lost)), HasSubstr("Evicted"));
  EXPECT_EQ(ResultOf(Excused("policy-l4", "node-2", lost)), Result::kNotRun);
  EXPECT_EQ(ResultOf(Excused("pod-to-host", "node-2", lost, {"ping", "10.6.0.12"})), Result::kSilence);
}

TEST(MeanwhileTest, WhatHoldsOrCouldNotBeRunIsLeftAlone) {
  std::vector<Tried> tried = {Get("node-1", "node-2", 0), Get("node-1", "node-2", 0)};
  tried[1].answer = absl::UnavailableError("exec broke");
  Excuse(tried, {.not_ready = kDead, .lost_pods = kDead});
  EXPECT_TRUE(Holds(tried[0]));
  EXPECT_EQ(tried[1].answer.status().message(), "exec broke");
}

TEST(MeanwhileTest, LostAreThoseThatRan) {
  Place place = PlaceOfNodes(2);
  place.nodes[0].door.trouble = "never ran";
  std::vector<Json> pods;
  for (const NodePlace& node : place.nodes) {
    for (const PodPlace* pod : {&node.client, &node.host_client, &node.server}) {
      pods.push_back({{"metadata", {{"name", pod->name}}}, {"status", {{"phase", "Running"}}}});
    }
  }
  pods.push_back(
      {{"metadata", {{"name", "door-2"}}},
       {"status", {{"phase", "Failed"}, {"reason", "Evicted"}, {"message", "The node was low on resource"}}}});
  const auto lost = LostPods(place, pods);
  ASSERT_THAT(lost, SizeIs(1));
  EXPECT_EQ(lost.at("node-2"), "pod door-2 on node-2 does not run: Evicted: The node was low on resource");
  EXPECT_THAT(LostPods(PlaceOfNodes(1), {}).at("node-1"), HasSubstr("is gone"));
}

}  // namespace
}  // namespace tales::cilium::probe
