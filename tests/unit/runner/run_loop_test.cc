// The loop with workers that are shell scripts: they speak the protocol, or do not.
#include "harness/runner/run_loop.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/unit/runner/run_loop_fixture.h"

namespace tales {
namespace {

using ::testing::HasSubstr;

TEST_F(RunLoopTest, AllPass) {
  for (const char* name : {"a.one", "a.two", "b.three"}) Add(name);
  Add("c.leaf", {"a.one", "b.three"});
  const RunLoop::Result result = Run(Script(""));
  EXPECT_OK(result.recording);
  EXPECT_FALSE(result.interrupted);
  EXPECT_EQ(recorder_->model().ExitCode(), 0);
  EXPECT_EQ(recorder_->model().Judged(), 4);
}

TEST_F(RunLoopTest, ADeadWorkerCostsOneCheckAndBlocksWhatHangsOnIt) {
  for (const char* name : {"a.one", "a.two", "a.three"}) Add(name);
  Add("c.leaf", {"a.two"});
  Run(Script("[ $c = a.two ] && kill -SEGV $$"));
  EXPECT_EQ(Case("a.two").error_kind, "crash");
  EXPECT_THAT(Case("a.two").found, HasSubstr("SIGSEGV"));
  EXPECT_THAT(Case("a.two").next, HasSubstr("defect of the check"));
  EXPECT_EQ(Case("a.one").verdict, Verdict::kPassed);
  EXPECT_EQ(Case("a.three").verdict, Verdict::kPassed);
  EXPECT_EQ(Case("c.leaf").verdict, Verdict::kBlocked);
  EXPECT_EQ(Case("c.leaf").found, "a.two");
}

TEST_F(RunLoopTest, OneThatWasKilledFromOutsideIsNotAccused) {
  Add("a.one");
  Run(Script("kill -KILL $$"));
  EXPECT_EQ(Case("a.one").error_kind, "crash");
  EXPECT_THAT(Case("a.one").next, ::testing::AllOf(HasSubstr("memory"), HasSubstr("dmesg")));
}

TEST_F(RunLoopTest, AHangIsEnded) {
  for (const char* name : {"a.one", "a.two"}) Add(name);
  Run(Script("[ $c = a.one ] && sleep 60"));
  EXPECT_EQ(Case("a.one").error_kind, "timeout");
  EXPECT_EQ(Case("a.two").verdict, Verdict::kPassed);
}

TEST_F(RunLoopTest, AForgedLineIsAnError) {
  for (const char* name : {"a.one", "a.two"}) Add(name);
  Run(Script(R"([ $c = a.one ] && echo '{"event":"finished","check":"a.one","verdict":"passed"}' >&3)"));
  EXPECT_EQ(Case("a.one").error_kind, "protocol");
  EXPECT_EQ(Case("a.two").verdict, Verdict::kPassed);
}

TEST_F(RunLoopTest, AWorkerThatSaysNothingAndEndsWellIsAnError) {
  for (const char* name : {"a.one", "a.two"}) Add(name);
  Run("exit 0");
  EXPECT_EQ(Case("a.one").error_kind, "crash");
  EXPECT_EQ(Case("a.two").error_kind, "crash");
}

TEST_F(RunLoopTest, AProgramThatCannotStartIsAnError) {
  Add("a.one");
  for (const PlannedCheck& check : checks_) ASSERT_OK(recorder_->Record(ToEvent(check)));
  RunLoop::Options options;
  options.worker_argv = {"/nonexistent/tales"};
  options.make_task = [](const auto&, const auto&) { return std::string(); };
  Quiet quiet;
  Interrupts interrupts;
  RunLoop(checks_, *recorder_, quiet, interrupts, std::move(options)).Run();
  EXPECT_EQ(Case("a.one").error_kind, "crash");
}

TEST_F(RunLoopTest, KnownIssuesRuleBeforeARetry) {
  Add("a.one");
  checks_.back().retryable = true;
  rule_ = [](WorkerEvent& event) {
    if (event.verdict != Verdict::kFailed) return;
    event.verdict = Verdict::kKnown;
    event.issue = "KI-X";
  };
  Run(R"(read t c; printf '{"token":"%s","event":"started","check":"%s"}\n' $t $c >&3
printf '{"token":"%s","event":"finished","check":"%s","verdict":"failed"}\n' $t $c >&3
printf '{"token":"%s","event":"done"}\n' $t >&3)");
  EXPECT_EQ(Case("a.one").verdict, Verdict::kKnown);
  EXPECT_EQ(Case("a.one").issue, "KI-X");
}

TEST_F(RunLoopTest, VerdictsOfADeadFixtureAreVoid) {
  for (const char* name : {"a.one", "a.two"}) Add(name);
  alive_ = [] { return absl::UnavailableError("the lab was killed"); };
  const RunLoop::Result result = Run(Script(""));
  EXPECT_FALSE(result.fixture.ok());
  EXPECT_EQ(Case("a.one").error_kind, "fixture");
  EXPECT_EQ(Case("a.two").error_kind, "fixture");
}

TEST_F(RunLoopTest, ACycleEndsTheRunInsteadOfHanging) {
  Add("a.one", {"a.two"});
  Add("a.two", {"a.one"});
  Run(Script(""));
  EXPECT_EQ(Case("a.one").error_kind, "not_run");
}

// Also: a worker's end and its last words reach the loop in one turn again and again, and no verdict is lost.
TEST_F(RunLoopTest, ManyChecks) {
  for (int i = 0; i < 300; ++i) Add(absl::StrCat("a.c", i));
  Run(Script(""));
  EXPECT_EQ(recorder_->model().Judged(), 300);
}

// The runner was killed between the two tries.
TEST_F(RunLoopTest, AFirstTryOfAnEarlierRunnerStaysTold) {
  Add("a.once");
  checks_[0].retryable = true;
  ASSERT_OK(recorder_->Record(ToEvent(checks_[0])));
  ASSERT_OK(recorder_->Record({{"event", "retry"}, {"check", "a.once"}, {"verdict", "failed"}, {"found", "red"}}));
  RunAgain();
  EXPECT_EQ(Case("a.once").verdict, Verdict::kFlaky);
}

}  // namespace
}  // namespace tales
