#include "suites/cilium/probe/judge.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/cilium_probe/places.h"

namespace tales::cilium::probe {
namespace {

using ::testing::AllOf;
using testing::Get;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

class JudgeTest : public ::testing::Test {
 protected:
  // All pairs of `nodes`; those that `broken` names ("1>2") fail with silence.
  Outcome Judge(int nodes, const std::vector<std::string>& broken) {
    JudgeInput input{
        .expected = "pods reach each other", .tried = {}, .name_space = "tales-probe", .next = "look around"};
    for (int from = 1; from <= nodes; ++from) {
      for (int to = 1; to <= nodes; ++to) {
        if (from == to) continue;
        const bool is_broken = std::find(broken.begin(), broken.end(), absl::StrCat(from, ">", to)) != broken.end();
        input.tried.push_back(Get(absl::StrCat("node-", from), absl::StrCat("node-", to), is_broken ? 28 : 0));
      }
    }
    return JudgeTried(input, ways_);
  }
  void Arrives(const std::string& from, const std::string& to, int arrived, Layer layer = Layer::kPods) {
    ways_.Set(layer, from, to, {.sent = 10, .arrived = arrived});
  }
  Ways ways_;
};

TEST_F(JudgeTest, PassesWhereAllAnswer) {
  const Outcome outcome = Judge(3, {});
  EXPECT_EQ(outcome.verdict(), Verdict::kPassed);
  EXPECT_THAT(outcome.found(), HasSubstr("all 6 probes"));
}

TEST_F(JudgeTest, OneDirectionIsNamedThoughNeitherSideCanConnect) {
  Arrives("node-1", "node-2", 0);
  Arrives("node-2", "node-1", 10);
  const Outcome outcome = Judge(3, {"1>2", "2>1"});
  EXPECT_EQ(outcome.verdict(), Verdict::kFailed);
  ASSERT_THAT(outcome.problems(), SizeIs(1));
  EXPECT_THAT(outcome.problems()[0].found,
              AllOf(HasSubstr("node-1 -> node-2: "), HasSubstr("0 of 10 datagrams"), HasSubstr("2 failed"),
                    HasSubstr("all others fine (4)"), HasSubstr("kubectl -n tales-probe exec client-of-node-1 -- curl"),
                    Not(HasSubstr("node-2 -> node-1"))));
}

TEST_F(JudgeTest, WhatIsBrokenBetweenNodesExplainsPods) {
  Arrives("node-2", "node-1", 3, Layer::kNodes);
  Arrives("node-1", "node-2", 10, Layer::kNodes);
  Arrives("node-2", "node-1", 10, Layer::kPods);
  Arrives("node-1", "node-2", 10, Layer::kPods);
  const Outcome outcome = Judge(2, {"1>2"});
  ASSERT_THAT(outcome.problems(), SizeIs(1));
  EXPECT_THAT(outcome.problems()[0].found,
              AllOf(HasSubstr("node-2 -> node-1"), HasSubstr("3 of 10 datagrams from node to node")));
}

TEST_F(JudgeTest, BothDirectionsOfAPairAreOneThing) {
  Arrives("node-1", "node-2", 0);
  Arrives("node-2", "node-1", 0);
  const Outcome outcome = Judge(3, {"1>2", "2>1"});
  ASSERT_THAT(outcome.problems(), SizeIs(1));
  EXPECT_THAT(outcome.problems()[0].found, AllOf(HasSubstr("node-1 <-> node-2"), HasSubstr("neither way")));
}

TEST_F(JudgeTest, WithoutAMeasurementItSaysWhoAsked) {
  EXPECT_THAT(Judge(3, {"1>2"}).problems()[0].found, HasSubstr("node-1 -> node-2: broken when node-1 asks"));
  EXPECT_THAT(Judge(3, {"1>2", "2>1"}).problems()[0].found, HasSubstr("node-1 <-> node-2: broken whoever asks"));
}

TEST_F(JudgeTest, ANodeThatNobodyReachesIsNamedOnceAndFirst) {
  const Outcome outcome = Judge(4, {"1>2", "2>1", "2>3", "3>2", "2>4", "4>2", "1>3"});
  ASSERT_THAT(outcome.problems(), SizeIs(2));
  EXPECT_THAT(outcome.problems()[0].found, HasSubstr("node-2: nothing gets through"));
  EXPECT_THAT(outcome.problems()[1].found, AllOf(HasSubstr("node-1 -> node-3"), HasSubstr("all others fine (5)")));
}

TEST_F(JudgeTest, DatagramsThatArriveWhereConnectionsDoNotPointAtPolicies) {
  Arrives("node-1", "node-2", 10);
  Arrives("node-2", "node-1", 10);
  const Outcome outcome = Judge(2, {"1>2"});
  EXPECT_THAT(outcome.problems()[0].found, HasSubstr("though datagrams arrive both ways"));
  EXPECT_THAT(outcome.problems()[0].next, HasSubstr("kubectl get netpol,cnp,ccnp"));
}

TEST_F(JudgeTest, WhatCouldNotBeRunIsAnErrorAndNeverAPass) {
  JudgeInput input{.tried = {Get("node-1", "node-2", 0), Get("node-2", "node-1", 0)}};
  input.tried[1].answer = absl::UnavailableError("pod client-2 on node-2 does not run: ErrImagePull");
  const Outcome outcome = JudgeTried(input, ways_);
  EXPECT_EQ(outcome.verdict(), Verdict::kError);
  EXPECT_THAT(outcome.problems()[0].found, AllOf(HasSubstr("1 of 2"), HasSubstr("ErrImagePull")));
  // One reason is told once, however many it kept from being run.
  JudgeInput all = input;
  for (int i = 0; i < 9; ++i) all.tried.push_back(input.tried[1]);
  EXPECT_THAT(JudgeTried(all, ways_).problems()[0].found,
              AllOf(HasSubstr("10 of 11"), HasSubstr("a pod on node-2 asks a pod on node-1 (and 9 more): ")));
  input.tried[0].answer = Answer{28, ""};
  const Outcome failed = JudgeTried(input, ways_);
  EXPECT_EQ(failed.verdict(), Verdict::kFailed);
  EXPECT_THAT(failed.problems()[0].found, HasSubstr("1 could not be run"));
}

TEST_F(JudgeTest, WhatFailsOnEveryNodeAloneIsSaidOnce) {
  const std::vector<Tried> tried = {Get("node-1", "node-1", 28), Get("node-2", "node-2", 28)};
  const Outcome outcome = JudgeTried({.tried = tried}, ways_);
  ASSERT_THAT(outcome.problems(), SizeIs(1));
  EXPECT_THAT(outcome.problems()[0].found, HasSubstr("on every node: 2 failed"));
  const Outcome one = JudgeTried({.tried = {tried[0], Get("node-2", "node-2", 0)}}, ways_);
  EXPECT_THAT(one.problems()[0].found, HasSubstr("node-1: 1 failed"));
}

TEST_F(JudgeTest, NothingTriedIsNoPass) { EXPECT_EQ(JudgeTried({}, ways_).verdict(), Verdict::kError); }

TEST_F(JudgeTest, WhatAnyOfSeveralMayAnswerIsExplainedByTheWayThatIsBroken) {
  Arrives("node-1", "node-2", 0);
  Arrives("node-2", "node-1", 10);
  Tried dns = Get("node-2", "", 9);
  dns.probe.words = {"dig", "10.96.0.10"};
  dns.probe.maybe_to = {"node-1", "node-2"};
  const Outcome outcome = JudgeTried({.tried = {dns}}, ways_);
  EXPECT_THAT(outcome.problems()[0].found, HasSubstr("node-1 -> node-2: "));
  EXPECT_THAT(JudgeTried({.tried = {dns}, .next = "look at DNS"}, Ways()).problems()[0].next, HasSubstr("look at DNS"));
}

TEST_F(JudgeTest, WaysAreJudgedThemselves) {
  EXPECT_EQ(JudgeWays(ways_, {}).verdict(), Verdict::kError);
  for (const Layer layer : {Layer::kPods, Layer::kNodes}) {
    Arrives("node-1", "node-2", 10, layer);
    Arrives("node-2", "node-1", 10, layer);
  }
  EXPECT_EQ(JudgeWays(ways_, {}).verdict(), Verdict::kPassed);
  EXPECT_EQ(JudgeWays(ways_, {"node-1 -> node-3: no tcpdump"}).verdict(), Verdict::kError);
  Arrives("node-1", "node-2", 0, Layer::kPods);
  Arrives("node-1", "node-2", 0, Layer::kNodes);
  const Outcome outcome = JudgeWays(ways_, {});
  ASSERT_THAT(outcome.problems(), SizeIs(1));
  EXPECT_THAT(outcome.problems()[0].found,
              AllOf(HasSubstr("node-1 -> node-2"), HasSubstr("from node to node"), HasSubstr("all other ways fine (2)"),
                    Not(HasSubstr("node-2 -> node-1"))));
}

}  // namespace
}  // namespace tales::cilium::probe
