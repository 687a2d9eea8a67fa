#include "harness/runner/plan.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using ::tales::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Check Make(std::string id, Instances instances, std::vector<std::string> after = {}) {
  Check check;
  check.id = std::move(id);
  check.question = "Is it?";
  check.instances = instances;
  check.after = std::move(after);
  check.faults = {"lab:x"};
  check.look = [](CheckContext&) { return Outcome::Passed(""); };
  return check;
}

class PlanTest : public ::testing::Test {
 protected:
  PlanTest() {
    registry_.suites = {
        {"health",
         "",
         {Make("health.talos_api", Instances::kNode), Make("health.kubelet", Instances::kNode, {"health.talos_api"}),
          Make("health.pods", Instances::kControlPlane, {"health.talos_api"}),
          Make("health.etcd", Instances::kOne, {"health.talos_api"})}},
        {"other", "", {Make("other.labels", Instances::kNamespace)}}};
    registry_.faults = {{.domain = "lab", .id = "x"}};
    registry_.profiles = {{.name = "health", .settle = absl::Seconds(5), .checks = {"health.*"}},
                          {.name = "post-install", .checks = {"*"}}};
    definition_.nodes = {{.name = "control", .role = Role::kControlPlane}, {.name = "worker"}};
  }
  std::vector<std::string> Names(const Plan& plan) {
    std::vector<std::string> names;
    for (const PlannedCheck& check : plan.checks) names.push_back(check.name);
    return names;
  }
  const PlannedCheck& Find(const Plan& plan, std::string_view name) {
    for (const PlannedCheck& check : plan.checks) {
      if (check.name == name) return check;
    }
    ADD_FAILURE() << name << " is not planned";
    return plan.checks.front();
  }

  Registry registry_;
  ClusterDefinition definition_;
};

TEST_F(PlanTest, NamesAreCheckedBeforeInstancesAreKnown) {
  for (const char* glob : {"health.etcd", "health.*", "*", "health.kubelet/worker", "health.*/worker", "*/worker",
                           "other.labels/kube-*", "health.kubele?"}) {
    EXPECT_OK(CheckNames(registry_, {.checks = {glob}})) << glob;
  }
  for (const char* glob : {"nope.*", "health.kubele", "health.kubeletx/worker", "health/kubelet"}) {
    EXPECT_THAT(CheckNames(registry_, {.checks = {glob}}),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(glob)))
        << glob;
  }
  EXPECT_OK(CheckNames(registry_, {.suites = {"other", "health"}}));
  EXPECT_THAT(CheckNames(registry_, {.suites = {"healht"}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("did you mean health? `tales list` shows all")));
  EXPECT_THAT(CheckNames(registry_, {.suites = {"zzzzzzzz"}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("matches nothing; `tales list` shows all")));
}

TEST_F(PlanTest, InstancesAndDependencies) {
  const auto plan = MakePlan(registry_, definition_, {.profile = "health"});
  ASSERT_OK(plan);
  EXPECT_THAT(Names(*plan), ElementsAre("health.talos_api/control", "health.talos_api/worker", "health.kubelet/control",
                                        "health.kubelet/worker", "health.pods/control", "health.etcd"));
  EXPECT_THAT(Find(*plan, "health.kubelet/worker").after, ElementsAre("health.talos_api/worker"));
  EXPECT_THAT(Find(*plan, "health.pods/control").after, ElementsAre("health.talos_api/control"));
  EXPECT_THAT(Find(*plan, "health.etcd").after, ElementsAre("health.talos_api/control", "health.talos_api/worker"));
  EXPECT_EQ(plan->settle, absl::Seconds(5));
}

TEST_F(PlanTest, WhatIsNotChosenButNeededIsPulledIn) {
  const auto plan = MakePlan(registry_, definition_, {.checks = {"health.kubelet/worker"}});
  ASSERT_OK(plan);
  EXPECT_THAT(Names(*plan), ElementsAre("health.talos_api/worker", "health.kubelet/worker"));
}

TEST_F(PlanTest, WhatWouldExplainAFailureIsNotPulledIn) {
  Check& pods = registry_.suites[0].checks[2];
  pods.explained_by = {"health.kubelet", "health.etcd"};
  const auto alone = MakePlan(registry_, definition_, {.checks = {"health.pods/*"}});
  ASSERT_OK(alone);
  EXPECT_THAT(Names(*alone), ElementsAre("health.talos_api/control", "health.pods/control"));
  EXPECT_THAT(Find(*alone, "health.pods/control").explained_by, IsEmpty());
  const auto all = MakePlan(registry_, definition_, {.profile = "health"});
  ASSERT_OK(all);
  EXPECT_THAT(Find(*all, "health.pods/control").explained_by, ElementsAre("health.kubelet/control", "health.etcd"));
}

TEST_F(PlanTest, NothingToAskIsSaid) {
  const auto plan = MakePlan(registry_, definition_, {.suites = {"other"}});
  ASSERT_OK(plan);
  EXPECT_THAT(Names(*plan), ElementsAre("other.labels"));
  EXPECT_TRUE(plan->checks[0].unsupported.has_value());
}

TEST_F(PlanTest, UsageErrorsNameWhatIsNear) {
  EXPECT_THAT(MakePlan(registry_, definition_, {.checks = {"health.kublet"}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("health.kubelet")));
  EXPECT_THAT(MakePlan(registry_, definition_, {.suites = {"helth"}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("health")));
  EXPECT_THAT(MakePlan(registry_, definition_, {.profile = "weekly"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("health, post-install")));
}

TEST_F(PlanTest, TiersThatAreNotGranted) {
  registry_.suites[0].checks[1].tier = Tier::kDisruptive;
  const auto plan = MakePlan(registry_, definition_, {.profile = "health"});
  ASSERT_OK(plan);
  ASSERT_TRUE(Find(*plan, "health.kubelet/worker").unsupported.has_value());
  EXPECT_THAT(Find(*plan, "health.kubelet/worker").unsupported->second, HasSubstr("--allow disruptive"));
  definition_.profiles["health"].require = {"health.*"};
  EXPECT_THAT(MakePlan(registry_, definition_, {.profile = "health"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--allow disruptive")));
  EXPECT_OK(MakePlan(registry_, definition_, {.profile = "health", .granted = Tier::kDisruptive}));
}

TEST_F(PlanTest, TheDigestFollowsTheQuestions) {
  const auto one = MakePlan(registry_, definition_, {.profile = "health"});
  const auto same = MakePlan(registry_, definition_, {.profile = "health"});
  definition_.nodes.push_back({.name = "second"});
  const auto other = MakePlan(registry_, definition_, {.profile = "health"});
  ASSERT_OK(one);
  EXPECT_EQ(one->sha256, same->sha256);
  EXPECT_NE(one->sha256, other->sha256);
  EXPECT_EQ(one->sha256.size(), 64u);
}

TEST_F(PlanTest, RegistryProblems) {
  EXPECT_THAT(RegistryProblems(registry_), IsEmpty());
  registry_.suites[0].checks[0].after = {"health.kubelet", "health.gone"};
  registry_.suites[1].checks[0].faults = {"lab:unknown"};
  EXPECT_THAT(RegistryProblems(registry_),
              ::testing::UnorderedElementsAre(HasSubstr("comes after itself"), HasSubstr("unknown health.gone"),
                                              HasSubstr("unknown fault lab:unknown")));
}

class ProducerPlanTest : public PlanTest {
 protected:
  ProducerPlanTest() {
    Producer producer;
    producer.id = "conformance.run";
    producer.question = "Did it end?";
    producer.tier = Tier::kRead;
    producer.after = {"health.etcd"};
    producer.faults = {"lab:x"};
    producer.children = {{"conformance.case", "Does it hold?", /*many=*/true, {"lab:x"}},
                         {"conformance.complete", "Were all run?", /*many=*/false, {"lab:x"}}};
    producer.produce = [](ProducerContext&) { return Outcome::Passed(""); };
    registry_.producers = {producer};
  }
};

TEST_F(ProducerPlanTest, ComesWithTheChecksThatItOwes) {
  for (const std::string glob :
       {"conformance.run", "conformance.complete", "conformance.case", "conformance.case/*x"}) {
    const auto plan = MakePlan(registry_, definition_, {.profile = "post-install", .checks = {glob}});
    ASSERT_OK(plan) << glob;
    const PlannedCheck& run = Find(*plan, "conformance.run");
    EXPECT_TRUE(run.is_producer());
    EXPECT_EQ(run.families.count("conformance.case"), 1u);
    const PlannedCheck& complete = Find(*plan, "conformance.complete");
    EXPECT_EQ(complete.producer, "conformance.run");
    EXPECT_FALSE(complete.is_producer());
    Find(*plan, "health.etcd");
  }
  EXPECT_TRUE(absl::IsInvalidArgument(
      MakePlan(registry_, definition_, {.profile = "post-install", .checks = {"conformance.cases/x"}}).status()));
}

TEST_F(ProducerPlanTest, NothingThatItComesAfterWaitsForWhatItOwes) {
  registry_.suites[0].checks[1].explained_by = {"conformance.complete", "health.gone"};
  EXPECT_THAT(RegistryProblems(registry_), ::testing::ElementsAre(HasSubstr("explained by unknown health.gone")));
  registry_.producers[0].after = {"health.kubelet"};
  EXPECT_THAT(RegistryProblems(registry_), ::testing::Contains(HasSubstr("comes after itself")));
}

TEST_F(ProducerPlanTest, TheTierIsThatOfTheWhole) {
  registry_.producers[0].tier = Tier::kCreate;
  const auto plan = MakePlan(registry_, definition_, {.profile = "post-install"});
  ASSERT_OK(plan);
  EXPECT_TRUE(Find(*plan, "conformance.run").unsupported.has_value());
  EXPECT_TRUE(Find(*plan, "conformance.complete").unsupported.has_value());
}

// A producer whose work `--conformance full` asks for, which disrupts; what is imported is only read.
class AskedPlanTest : public ProducerPlanTest {
 protected:
  AskedPlanTest() {
    registry_.producers[0].optional = true;
    registry_.producers[0].takes_imports = true;
    registry_.producers[0].asked = [](const ProducerInputs& inputs) -> std::optional<Producer::Asked> {
      if (inputs.conformance.empty()) return std::nullopt;
      return Producer::Asked{"--conformance full", inputs.imports.empty() ? Tier::kDisruptive : Tier::kRead};
    };
  }
  const ProducerInputs full_{.conformance = "full"};
};

TEST_F(AskedPlanTest, WhatAFlagAsksForIsPlannedAndOwed) {
  const auto plan =
      MakePlan(registry_, definition_,
               {.checks = {"health.kubelet/worker"}, .granted = Tier::kDisruptive, .inputs = full_, .flags = full_});
  ASSERT_OK(plan);
  EXPECT_TRUE(Find(*plan, "conformance.run").required);
  EXPECT_FALSE(Find(*plan, "conformance.complete").required);
  EXPECT_FALSE(Find(*plan, "health.kubelet/worker").required);
}

TEST_F(AskedPlanTest, AFlagWhoseTierIsNotGrantedIsRefused) {
  EXPECT_THAT(MakePlan(registry_, definition_, {.granted = Tier::kCreate, .inputs = full_, .flags = full_}),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       ::testing::AllOf(HasSubstr("--conformance full needs tier disruptive"),
                                        HasSubstr("granted is create"), HasSubstr("--allow disruptive"))));
  const ProducerInputs imported{.conformance = "full", .imports = {"/results"}};
  EXPECT_OK(MakePlan(registry_, definition_, {.granted = Tier::kRead, .inputs = imported, .flags = imported}));
}

TEST_F(AskedPlanTest, WhatTheProfileAsksForIsOwedWhereItRequiresIt) {
  const PlanRequest request{.granted = Tier::kCreate, .inputs = full_};
  const auto content = MakePlan(registry_, definition_, request);
  ASSERT_OK(content);
  EXPECT_FALSE(Find(*content, "conformance.run").required);
  EXPECT_FALSE(Find(*content, "conformance.run").unsupported.has_value());
  for (const char* glob : {"conformance.*", "conformance.case/*"}) {
    definition_.profiles["post-install"].require = {glob};
    EXPECT_THAT(MakePlan(registry_, definition_, request),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("requires conformance.run")));
    const auto granted = MakePlan(registry_, definition_, {.granted = Tier::kDisruptive, .inputs = full_});
    ASSERT_OK(granted);
    EXPECT_TRUE(Find(*granted, "conformance.run").required);
    // Where nobody asks for anything, there is nothing to owe.
    const auto nothing = MakePlan(registry_, definition_, {});
    ASSERT_OK(nothing);
    EXPECT_FALSE(Find(*nothing, "conformance.run").required);
  }
}

// A profile for a cluster that may be looked at alone requires cilium.*, and our probes are among them.
TEST_F(AskedPlanTest, WhatNobodyAskedForAndIsOptionalIsNotOwed) {
  registry_.producers[0].tier = Tier::kCreate;
  definition_.profiles["post-install"].require = {"conformance.*"};
  const auto plan = MakePlan(registry_, definition_, {});
  ASSERT_OK(plan);
  EXPECT_FALSE(Find(*plan, "conformance.run").required);
  EXPECT_TRUE(Find(*plan, "conformance.run").unsupported.has_value());
}

TEST_F(AskedPlanTest, ImportsThatNothingTakesAreRefused) {
  const ProducerInputs imported{.imports = {"/results"}};
  EXPECT_THAT(MakePlan(registry_, definition_, {.profile = "health", .inputs = imported, .flags = imported}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--import /results")));
  EXPECT_OK(MakePlan(registry_, definition_, {.profile = "post-install", .inputs = imported, .flags = imported}));
}

TEST_F(ProducerPlanTest, EveryCheckOfItNamesAFault) {
  EXPECT_THAT(RegistryProblems(registry_), IsEmpty());
  registry_.producers[0].children[0].faults = {};
  registry_.producers[0].children[1].faults = {"lab:unheard-of"};
  EXPECT_EQ(RegistryProblems(registry_).size(), 2u);
}

TEST_F(ProducerPlanTest, CleanUpLeavesTimeForWork) {
  registry_.producers[0].clean_up = registry_.producers[0].deadline;
  EXPECT_THAT(RegistryProblems(registry_), ::testing::ElementsAre(HasSubstr("no time for its work")));
}

TEST_F(ProducerPlanTest, OneThatNoFaultCanTurnSaysWhyInstead) {
  for (ProducedCheck& child : registry_.producers[0].children) {
    child.faults = {};
    child.unproven = "there is no proxy here";
  }
  EXPECT_THAT(RegistryProblems(registry_), IsEmpty());
  registry_.producers[0].children[1].faults = {"lab:x"};
  EXPECT_THAT(RegistryProblems(registry_), ::testing::ElementsAre(HasSubstr("unproven, and names a fault")));
}

}  // namespace
}  // namespace tales
