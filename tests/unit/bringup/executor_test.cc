#include "fixtures/bringup/executor.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "harness/base/file.h"
#include "tests/support/status_matchers.h"

namespace tales::bringup {
namespace {

using ::tales::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FakeClock : public Clock {
 public:
  absl::Time Now() override { return now; }
  void Sleep(absl::Duration duration) override {
    now += duration;
    ++sleeps;
    if (on_sleep) on_sleep();
  }
  absl::Time now = absl::UnixEpoch();
  int sleeps = 0;
  std::function<void()> on_sleep;
};

class Notes : public Observer {
 public:
  void Started(const Step& step) override { lines.push_back(step.id); }
  void Progress(const Step&, std::string_view line) override { lines.push_back(absl::StrCat("  ", line)); }
  void NeedsHand(const Step&, const Instruction& instruction) override {
    lines.push_back(absl::StrCat("  hand: ", instruction.text));
  }
  bool Confirmed(const Step&) override { return confirms; }
  void Finished(const Step&, const StepResult& result) override {
    lines.push_back(absl::StrCat("  = ", ToString(result.outcome), ": ", result.found));
  }
  std::vector<std::string> lines;
  bool confirms = false;
};

class ExecutorTest : public ::testing::Test {
 protected:
  ExecutorTest() { options_.clock = &clock_; }
  ExecuteResult Go(std::vector<Step> steps) { return Execute(steps, *journal_, notes_, options_); }
  // One that is so from `count` looks on.
  Step After(std::string id, int count) {
    return {.id = id, .what = id, .look = [count, looks = 0](StepContext&) mutable {
              return ++looks > count ? Seen::Done("so") : Seen::NotYet("not so");
            }};
  }
  TemporaryFolder folder_ = *TemporaryFolder::Make("executor");
  std::unique_ptr<Journal> journal_ = *Journal::Open(folder_.path() / "bringup.jsonl");
  FakeClock clock_;
  Notes notes_;
  ExecuteOptions options_;
};

TEST_F(ExecutorTest, WhatIsSoAlreadyIsLeftAlone) {
  Step step = After("a", 0);
  step.act = [](StepContext&) -> absl::StatusOr<ByHand> { return absl::InternalError("must not be called"); };
  const ExecuteResult result = Go({step});
  EXPECT_OK(result.status);
  EXPECT_EQ(result.results[0].outcome, StepOutcome::kAlready);
  EXPECT_EQ(clock_.sleeps, 0);
}

TEST_F(ExecutorTest, ActsOnceAndWaits) {
  int acts = 0;
  Step step = After("a", 5);
  step.act = [&](StepContext&) -> absl::StatusOr<ByHand> { return ++acts, ByHand(); };
  const ExecuteResult result = Go({step, After("b", 0)});
  EXPECT_OK(result.status);
  EXPECT_EQ(acts, 1);
  EXPECT_EQ(result.results[0].outcome, StepOutcome::kDone);
  EXPECT_THAT(notes_.lines, ElementsAre("a", "  not so", "  = done: so", "b", "  = already: so"));
}

TEST_F(ExecutorTest, GivesUpAndSaysWhatItSaw) {
  Step step = After("a", 1000000);
  step.patience = absl::Seconds(90);
  step.next = "do this";
  const ExecuteResult result = Go({step, After("b", 0)});
  EXPECT_THAT(result.status,
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("step a: not so after 1m30s: not so")));
  EXPECT_EQ(result.results[0].next, "do this");
  EXPECT_EQ(result.results[1].outcome, StepOutcome::kNotRun);
  EXPECT_EQ(clock_.now, absl::UnixEpoch() + absl::Seconds(90));
}

TEST_F(ExecutorTest, TheWholeHasADeadlineToo) {
  options_.until = absl::UnixEpoch() + absl::Seconds(30);
  Step slow = After("a", 1000000);
  const ExecuteResult result = Go({slow});
  EXPECT_THAT(result.status.message(), HasSubstr("the time for the whole is over"));
  EXPECT_LE(clock_.now, options_.until + absl::Seconds(1));
}

TEST_F(ExecutorTest, AnErrorThatMayPassIsTriedAgain) {
  int acts = 0;
  bool so = false;
  Step step{.id = "bootstrap", .what = "", .look = [&](StepContext&) {
              return so ? Seen::Done("so") : Seen::NotYet("waits");
            }};
  step.act = [&](StepContext&) -> absl::StatusOr<ByHand> {
    if (++acts < 4) return absl::FailedPreconditionError("too early");
    so = true;
    return ByHand();
  };
  step.again = absl::Seconds(5);
  EXPECT_OK(Go({step}).status);
  EXPECT_EQ(acts, 4);
  EXPECT_GE(clock_.now, absl::UnixEpoch() + absl::Seconds(15));
  EXPECT_THAT(notes_.lines, ::testing::Contains("  waits; tried, and: too early"));
}

TEST_F(ExecutorTest, OtherErrorsEndIt) {
  Step step = After("a", 1000);
  step.again = absl::Seconds(1);
  step.act = [](StepContext&) -> absl::StatusOr<ByHand> { return absl::InvalidArgumentError("bad configuration"); };
  EXPECT_THAT(Go({step}).status.message(), HasSubstr("bad configuration"));
  Step once = After("b", 1000);
  once.act = [](StepContext&) -> absl::StatusOr<ByHand> { return absl::UnavailableError("gone"); };
  EXPECT_THAT(Go({once}).status.message(), HasSubstr("gone"));
}

TEST_F(ExecutorTest, WhatCanNeverBecomeSoEndsIt) {
  Step step{.id = "a", .what = "", .look = [](StepContext&) { return Seen::Never("foreign", "rename it"); }};
  const ExecuteResult result = Go({step});
  EXPECT_EQ(result.results[0].found, "foreign");
  EXPECT_EQ(result.results[0].next, "rename it");
  EXPECT_EQ(clock_.sleeps, 0);
}

TEST_F(ExecutorTest, WaitsForAHand) {
  Step step = After("a", 20);
  step.patience = absl::Milliseconds(1);
  int acts = 0;
  step.act = [&](StepContext&) -> absl::StatusOr<ByHand> { return ++acts, ByHand(Instruction{"press the button"}); };
  EXPECT_OK(Go({step}).status);
  EXPECT_EQ(acts, 1);
  EXPECT_THAT(notes_.lines, ElementsAre("a", "  hand: press the button", "  not so", "  = done: so"));
}

TEST_F(ExecutorTest, FailsWhereAHandIsNeededAndNobodyIsThere) {
  options_.attended = false;
  Step step = After("a", 20);
  step.act = [&](StepContext&) -> absl::StatusOr<ByHand> { return ByHand(Instruction{"press the button"}); };
  EXPECT_THAT(Go({step}).status.message(), AllOf(HasSubstr("nobody is there"), HasSubstr("press the button")));
}

TEST_F(ExecutorTest, BelievesAPersonWhereNobodyCanTell) {
  Step step{.id = "a", .what = "", .look = [](StepContext& context) {
              return context.journal.Recall("a").has_value() ? Seen::Done("was said")
                                                             : Seen::CannotTell("no way to see");
            }};
  step.act = [](StepContext&) -> absl::StatusOr<ByHand> { return ByHand(Instruction{"set it"}); };
  step.believed = [](StepContext& context) { return context.journal.Remember("a", "yes"); };
  step.patience = absl::Minutes(1);
  clock_.on_sleep = [&] { notes_.confirms = clock_.sleeps > 3; };
  EXPECT_OK(Go({step}).status);
  EXPECT_GE(clock_.sleeps, 3);
  EXPECT_EQ(Go({step}).results[0].outcome, StepOutcome::kAlready);
}

TEST_F(ExecutorTest, BelievesAHostThatDidItItself) {
  Step step{.id = "a", .what = "", .look = [](StepContext&) { return Seen::CannotTell("no way to see"); }};
  step.act = [](StepContext&) -> absl::StatusOr<ByHand> { return ByHand(); };
  EXPECT_OK(Go({step}).status);
  EXPECT_EQ(clock_.sleeps, 0);
}

TEST_F(ExecutorTest, StopsWhenAskedTo) {
  clock_.on_sleep = [&] { options_.interrupted = [] { return true; }; };
  const ExecuteResult result = Go({After("a", 10), After("b", 0)});
  EXPECT_THAT(result.status, StatusIs(absl::StatusCode::kCancelled, HasSubstr("in step a")));
  EXPECT_EQ(result.results[0].outcome, StepOutcome::kInterrupted);
  EXPECT_EQ(result.results[1].outcome, StepOutcome::kNotRun);
}

TEST_F(ExecutorTest, WritesEachStepDown) {
  Go({After("a", 1)});
  const std::string text = *ReadFile(folder_.path() / "bringup.jsonl");
  EXPECT_THAT(text, AllOf(HasSubstr(R"("event":"started","step":"a")"), HasSubstr(R"("outcome":"done")")));
}

}  // namespace
}  // namespace tales::bringup
