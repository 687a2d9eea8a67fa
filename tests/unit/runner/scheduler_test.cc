#include "harness/runner/scheduler.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tales {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

PlannedCheck Named(std::string name, std::vector<std::string> after = {}) {
  PlannedCheck check;
  check.name = name;
  check.check = name.substr(0, name.find('/'));
  check.after = std::move(after);
  return check;
}

TEST(SchedulerTest, DealsWhatIsReadyAndThenWhatHungOnIt) {
  const std::vector<PlannedCheck> checks = {Named("a.root"), Named("a.leaf", {"a.root"})};
  Scheduler scheduler(checks, {.jobs = 2});
  EXPECT_THAT(scheduler.NextBatch(), ElementsAre(0));
  EXPECT_THAT(scheduler.NextBatch(), IsEmpty());
  scheduler.Finish(0, Verdict::kPassed);
  scheduler.WorkerGone(false);
  EXPECT_THAT(scheduler.NextBatch(), ElementsAre(1));
  scheduler.Finish(1, Verdict::kFailed);
  EXPECT_TRUE(scheduler.AllFinal());
}

TEST(SchedulerTest, BlockedChecksNameTheDeepestRoots) {
  const std::vector<PlannedCheck> checks = {Named("r.one"), Named("r.two"), Named("r.mid", {"r.one"}),
                                            Named("r.deep", {"r.mid", "r.two"})};
  Scheduler scheduler(checks, {.jobs = 1});
  EXPECT_THAT(scheduler.NextBatch(), SizeIs(2));
  scheduler.Finish(0, Verdict::kFailed);
  auto blocked = scheduler.TakeBlocked();
  ASSERT_THAT(blocked, SizeIs(1));
  EXPECT_THAT(blocked[0].roots, ElementsAre("r.one"));
  scheduler.Finish(1, Verdict::kError);
  blocked = scheduler.TakeBlocked();
  ASSERT_THAT(blocked, SizeIs(1));
  EXPECT_EQ(blocked[0].index, 3u);
  EXPECT_THAT(blocked[0].roots, ElementsAre("r.one", "r.two"));
  EXPECT_TRUE(scheduler.AllFinal());
}

TEST(SchedulerTest, UnsupportedDoesNotBlock) {
  const std::vector<PlannedCheck> checks = {Named("r.one"), Named("r.two", {"r.one"})};
  Scheduler scheduler(checks, {});
  scheduler.NextBatch();
  scheduler.Finish(0, Verdict::kUnsupported);
  EXPECT_THAT(scheduler.TakeBlocked(), IsEmpty());
  EXPECT_THAT(scheduler.NextBatch(), ElementsAre(1));
}

PlannedCheck ExplainedBy(std::string name, std::vector<std::string> explained_by) {
  PlannedCheck check = Named(std::move(name));
  check.explained_by = std::move(explained_by);
  return check;
}

TEST(SchedulerTest, WhatExplainsAFailureComesFirstAndBlocksWhenItFailed) {
  const std::vector<PlannedCheck> checks = {Named("p.cause"), ExplainedBy("a.effect", {"p.cause", "p.unplanned"})};
  Scheduler scheduler(checks, {.jobs = 2});
  EXPECT_THAT(scheduler.NextBatch(), ElementsAre(0));
  EXPECT_THAT(scheduler.NextBatch(), IsEmpty());
  scheduler.Finish(0, Verdict::kFailed);
  const auto blocked = scheduler.TakeBlocked();
  ASSERT_THAT(blocked, SizeIs(1));
  EXPECT_THAT(blocked[0].roots, ElementsAre("p.cause"));
  EXPECT_TRUE(scheduler.AllFinal());
}

// It explains nothing then.
TEST(SchedulerTest, WhatCouldNotLookHidesNothingThatItWouldHaveExplained) {
  for (const Verdict verdict : {Verdict::kPassed, Verdict::kError, Verdict::kBlocked, Verdict::kUnsupported}) {
    const std::vector<PlannedCheck> checks = {Named("p.cause"), ExplainedBy("a.effect", {"p.cause"})};
    Scheduler scheduler(checks, {.jobs = 2});
    scheduler.NextBatch();
    scheduler.Finish(0, verdict);
    EXPECT_THAT(scheduler.TakeBlocked(), IsEmpty()) << ToString(verdict);
    EXPECT_THAT(scheduler.NextBatch(), ElementsAre(1)) << ToString(verdict);
  }
}

TEST(SchedulerTest, InstancesOfOneCheckStayTogetherAndWorkIsSpread) {
  const std::vector<PlannedCheck> checks = {Named("a.x/1"), Named("b.y/1"), Named("a.x/2"), Named("b.y/2")};
  Scheduler scheduler(checks, {.jobs = 2});
  EXPECT_THAT(scheduler.NextBatch(), UnorderedElementsAre(0, 2));
  EXPECT_THAT(scheduler.NextBatch(), UnorderedElementsAre(1, 3));
}

TEST(SchedulerTest, AProducerThatRunsAloneComesAfterWhatIsReady) {
  std::vector<PlannedCheck> checks = {Named("a.produced"), Named("b.other")};
  checks[0].producer = "a.produced";
  checks[0].alone = true;
  Scheduler scheduler(checks, {.jobs = 2});
  EXPECT_EQ(scheduler.NextProducer(), std::nullopt);
  EXPECT_THAT(scheduler.NextBatch(), ElementsAre(1));
  EXPECT_EQ(scheduler.NextProducer(), std::nullopt);
  scheduler.Finish(1, Verdict::kPassed);
  EXPECT_EQ(scheduler.NextProducer(), 0u);
}

TEST(SchedulerTest, LongestFirst) {
  const std::vector<PlannedCheck> checks = {Named("a.short"), Named("a.long")};
  Scheduler scheduler(checks, {.jobs = 2, .durations = {{"a.long", 60}, {"a.short", 1}}});
  EXPECT_THAT(scheduler.NextBatch(), ElementsAre(1));
}

TEST(SchedulerTest, ACheckThatRunsAloneWaitsForTheOthers) {
  std::vector<PlannedCheck> checks = {Named("a.alone"), Named("a.other"), Named("b.leaf", {"a.alone"})};
  checks[0].alone = true;
  Scheduler scheduler(checks, {.jobs = 4});
  EXPECT_THAT(scheduler.NextBatch(), ElementsAre(1));
  EXPECT_THAT(scheduler.NextBatch(), IsEmpty());
  scheduler.Finish(1, Verdict::kPassed);
  scheduler.WorkerGone(false);
  EXPECT_THAT(scheduler.NextBatch(), ElementsAre(0));
  scheduler.Finish(0, Verdict::kPassed);
  EXPECT_THAT(scheduler.NextBatch(), ElementsAre(2));
}

TEST(SchedulerTest, ALockIsHeldByOneWorker) {
  std::vector<PlannedCheck> checks = {Named("a.one"), Named("b.two", {"c.gate"}), Named("c.gate")};
  checks[0].lock = checks[1].lock = "etcd";
  Scheduler scheduler(checks, {.jobs = 4, .durations = {{"a.one", 50}}});
  EXPECT_THAT(scheduler.NextBatch(), ElementsAre(0));
  EXPECT_THAT(scheduler.NextBatch(), ElementsAre(2));
  scheduler.Finish(2, Verdict::kPassed);
  EXPECT_THAT(scheduler.NextBatch(), IsEmpty());
  scheduler.Finish(0, Verdict::kPassed);
  EXPECT_THAT(scheduler.NextBatch(), ElementsAre(1));
}

TEST(SchedulerTest, AWorkerThatOnlyWaitsMakesRoom) {
  const std::vector<PlannedCheck> checks = {Named("a.root"), Named("b.settles"), Named("c.leaf", {"a.root"})};
  Scheduler scheduler(checks, {.jobs = 1});
  EXPECT_THAT(scheduler.NextBatch(), SizeIs(2));
  scheduler.Finish(0, Verdict::kPassed);
  EXPECT_THAT(scheduler.NextBatch(), IsEmpty());
  scheduler.WorkerSettles();
  EXPECT_THAT(scheduler.NextBatch(), ElementsAre(2));
}

TEST(SchedulerTest, RetriesAtTheEndUnlessTooManyFailed) {
  std::vector<PlannedCheck> checks;
  for (int i = 0; i < 7; ++i) checks.push_back(Named("a.c" + std::to_string(i)));
  for (int failures : {5, 6}) {
    Scheduler scheduler(checks, {.jobs = 1});
    scheduler.NextBatch();
    scheduler.HoldForRetry(0);
    for (size_t i = 1; i < checks.size(); ++i) {
      scheduler.Finish(i, i < static_cast<size_t>(failures) ? Verdict::kFailed : Verdict::kPassed);
    }
    scheduler.WorkerGone(false);
    std::vector<size_t> given_up;
    const std::vector<size_t> again = scheduler.TakeRetries(given_up);
    EXPECT_EQ(again.size(), failures == 5 ? 1u : 0u);
    EXPECT_EQ(given_up.size(), failures == 5 ? 0u : 1u);
    EXPECT_EQ(scheduler.AllFinal(), failures == 6);
  }
}

}  // namespace
}  // namespace tales
