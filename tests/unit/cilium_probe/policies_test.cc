#include "suites/cilium/probe/policies.h"

#include <map>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "suites/cilium/probe/policy_run.h"
#include "tests/unit/cilium_probe/places.h"

namespace tales::cilium::probe {
namespace {

using ::testing::AllOf;
using testing::Get;
using ::testing::HasSubstr;
using testing::PlaceOfNodes;

Place WithGuards() {
  Place place = PlaceOfNodes(2);
  place.settings = {{"enable-l7-proxy", "false"}};
  int last = 100;
  for (const PodWish& wish : GuardPods(place)) {
    place.guards[wish.name] = {.name = wish.name, .node = wish.node, .address = absl::StrCat("10.244.1.", last++)};
  }
  return place;
}

TEST(PoliciesTest, EachScenarioHasADenialAndItsOwnPolicies) {
  std::map<std::string, int> denials;
  std::set<std::string> names;
  for (const PolicyStep& step : PolicySteps(WithGuards())) {
    EXPECT_TRUE(names.insert(step.policy["metadata"]["name"].get<std::string>()).second) << step.what;
    for (const Probe& probe : step.probes) {
      EXPECT_EQ(probe.impossible, "") << probe.what;
      denials[step.scenario] += probe.want == Want::kSilence ? 1 : 0;
    }
  }
  EXPECT_EQ(denials.size(), 6u);
  for (const auto& [scenario, count] : denials) EXPECT_GT(count, 0) << scenario;
}

TEST(PoliciesTest, AskersAndGuardsAreOnDifferentNodes) {
  for (const PodWish& wish : GuardPods(WithGuards())) {
    if (wish.name.back() == '1' || wish.name.back() == '2') continue;
    EXPECT_EQ(wish.node, wish.role == Role::kGuard ? "node-1" : "node-2");
  }
}

// Each agent enforces by itself: what comes in on the guard's node, what goes out on the asker's.
TEST(PoliciesTest, EveryNodeHasToKeepOut) {
  std::map<std::string, std::set<std::string>> guarded, asked;
  for (const PolicyStep& step : PolicySteps(WithGuards())) {
    for (const Probe& probe : step.probes) {
      if (probe.want != Want::kSilence) continue;
      guarded[step.scenario].insert(probe.to);
      asked[step.scenario].insert(probe.from);
    }
  }
  EXPECT_EQ(guarded["policy-default-deny"].size(), 2u);
  EXPECT_EQ(guarded["policy-l3"].size(), 2u);
  EXPECT_EQ(asked["policy-deny-wins"].size(), 2u);
}

TEST(PoliciesTest, TheProxysOwnAreThereWhereItIs) {
  Place place = WithGuards();
  place.settings["enable-l7-proxy"] = "true";
  place.world_name = "world.test", place.other_name = "other.test";
  std::set<std::string> scenarios;
  for (const PolicyStep& step : PolicySteps(place)) scenarios.insert(step.scenario);
  EXPECT_TRUE(scenarios.contains("policy-fqdn"));
  EXPECT_FALSE(scenarios.contains("policy-l7-http")) << "without Envoy";
  place.has_envoy = true;
  for (const PolicyStep& step : PolicySteps(place)) scenarios.insert(step.scenario);
  EXPECT_TRUE(scenarios.contains("policy-l7-http"));
}

// One probe that is to be let in, one that is to be kept out.
PolicyTrace Trace(int control, int denied, int confirmed, int after) {
  PolicyTrace trace{.what = "toPorts: TCP 8080 alone"};
  const auto tried = [](int code, Want want) {
    Tried one = Get("node-2", "node-1", code);
    one.probe.want = want;
    return one;
  };
  trace.control = {tried(0, Want::kAnswer), tried(control, Want::kAnswer)};
  trace.in_force = {tried(0, Want::kAnswer), tried(denied, Want::kSilence)};
  for (int i = 0; i < kConfirmations; ++i)
    trace.confirmations.push_back(tried(i == 1 ? confirmed : 28, Want::kSilence));
  trace.after = {tried(0, Want::kAnswer), tried(after, Want::kAnswer)};
  return trace;
}
Outcome Judge(PolicyTrace trace) {
  return JudgePolicies({std::move(trace)}, Ways(), "tales-probe", "look at policies");
}

TEST(PolicyJudgeTest, HoldsWhereItKeepsOutAndIsGoneAfterwards) {
  EXPECT_EQ(Judge(Trace(0, 28, 28, 0)).verdict(), Verdict::kPassed);
}

TEST(PolicyJudgeTest, ADenialProvesNothingWithoutItsControl) {
  const Outcome outcome = Judge(Trace(28, 28, 28, 0));
  EXPECT_EQ(outcome.verdict(), Verdict::kError);
  EXPECT_THAT(outcome.problems()[0].found, HasSubstr("a denial would prove nothing"));
}

TEST(PolicyJudgeTest, WhatHasItsControlIsJudgedBesideWhatHasNot) {
  const Outcome outcome = Judge(Trace(28, 0, 28, 0));
  EXPECT_EQ(outcome.verdict(), Verdict::kFailed);
  EXPECT_THAT(outcome.problems()[0].found, HasSubstr("not in force"));
}

TEST(PolicyJudgeTest, AWayThatIsBrokenIsTheReasonAndNamedOnce) {
  Ways ways;
  ways.Set(Layer::kPods, "node-1", "node-2", {.sent = 10, .arrived = 0});
  ways.Set(Layer::kPods, "node-2", "node-1", {.sent = 10, .arrived = 10});
  const Outcome outcome = JudgePolicies({Trace(28, 28, 28, 0), Trace(28, 28, 28, 0)}, ways, "n", "");
  EXPECT_EQ(outcome.verdict(), Verdict::kError);
  EXPECT_EQ(
      outcome.problems()[0].found,
      "node-1 -> node-2: what is sent this way does not arrive, so that no policy between these nodes could be tried");
}

// A name is asked for first, and who knows it is on some node.
TEST(PolicyJudgeTest, TheWayToWhoeverAnswersMayBeTheReasonToo) {
  PolicyTrace trace = Trace(28, 28, 28, 0);
  for (Tried& one : trace.control) one.probe.to = "", one.probe.maybe_to = {"node-2", "node-1"};
  Ways ways;
  ways.Set(Layer::kPods, "node-1", "node-2", {.sent = 10, .arrived = 0});
  ways.Set(Layer::kPods, "node-2", "node-1", {.sent = 10, .arrived = 10});
  EXPECT_THAT(JudgePolicies({trace}, ways, "n", "").problems()[0].found, HasSubstr("node-1 -> node-2: what is sent"));
  ways = {};
  EXPECT_THAT(JudgePolicies({trace}, ways, "n", "").problems()[0].found, HasSubstr("a denial would prove nothing"));
}

TEST(PolicyJudgeTest, WhatIsNotKeptOutFails) {
  const Outcome outcome = Judge(Trace(0, 0, 28, 0));
  EXPECT_EQ(outcome.verdict(), Verdict::kFailed);
  EXPECT_THAT(outcome.problems()[0].found, AllOf(HasSubstr("not in force 30s"), HasSubstr("is to get no answer"),
                                                 HasSubstr("kubectl -n tales-probe exec")));
}

TEST(PolicyJudgeTest, ARefusalIsNoDenial) { EXPECT_EQ(Judge(Trace(0, 7, 28, 0)).verdict(), Verdict::kFailed); }

TEST(PolicyJudgeTest, OneConfirmationThatFailsFails) {
  EXPECT_THAT(Judge(Trace(0, 28, 0, 0)).problems()[0].found, HasSubstr("1 of 3 confirmations"));
}

TEST(PolicyJudgeTest, OneThatGoesOnWhenItIsGoneFails) {
  EXPECT_THAT(Judge(Trace(0, 28, 28, 28)).problems()[0].found, HasSubstr("after it was removed"));
}

TEST(PolicyJudgeTest, WhatCouldNotBeRunOrMadeIsAnError) {
  EXPECT_EQ(Judge(Trace(0, 127, 28, 0)).verdict(), Verdict::kError);
  PolicyTrace trace = Trace(0, 28, 28, 0);
  trace.applied = absl::PermissionDeniedError("may not");
  EXPECT_EQ(Judge(trace).verdict(), Verdict::kError);
  EXPECT_EQ(JudgePolicies({}, Ways(), "n", "").verdict(), Verdict::kError);
  trace = Trace(0, 28, 28, 0);
  trace.removed = absl::UnavailableError("the API server is gone");
  EXPECT_EQ(Judge(trace).verdict(), Verdict::kError);
}

}  // namespace
}  // namespace tales::cilium::probe
