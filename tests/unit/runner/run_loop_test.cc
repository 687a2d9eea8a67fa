// The loop with workers that are shell scripts: they speak the protocol, or do not.
#include "harness/runner/run_loop.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/base/file.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using ::testing::HasSubstr;

class Quiet : public RunObserver {
 public:
  void Started(const std::string&) override {}
  void Waiting(const std::string&, const std::string&) override {}
  void Finished(const WorkerEvent&) override {}
  void Tick(size_t, size_t) override {}
};

// Reads "TOKEN CHECK..." and says started and passed for each, after what `before` does with $t (token) and $c.
std::string Script(const std::string& before) {
  return absl::StrCat(R"(read t checks; for c in $checks; do
printf '{"token":"%s","event":"started","check":"%s"}\n' $t $c >&3
)",
                      before, R"(
printf '{"token":"%s","event":"finished","check":"%s","verdict":"passed"}\n' $t $c >&3
done; printf '{"token":"%s","event":"done"}\n' $t >&3)");
}

class RunLoopTest : public ::testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<TemporaryFolder> folder = TemporaryFolder::Make("tales-run-loop");
    ASSERT_OK(folder);
    folder_.emplace(*std::move(folder));
    absl::StatusOr<std::unique_ptr<Recorder>> recorder = Recorder::Create(folder_->path() / "run");
    ASSERT_OK(recorder);
    recorder_ = *std::move(recorder);
    ASSERT_OK(recorder_->Record({{"event", "run"}, {"run", "test"}}));
  }

  RunLoop::Result Run(const std::string& script) {
    for (const PlannedCheck& check : checks_) EXPECT_OK(recorder_->Record(ToEvent(check)));
    RunLoop::Options options;
    options.log_folder = recorder_->folder();
    options.worker_argv = {"/bin/sh", "-c", script};
    options.scheduling.jobs = 3;
    options.grace = absl::ZeroDuration();
    options.silence = absl::Seconds(5);
    options.alive = alive_;
    options.make_task = [](const std::vector<const PlannedCheck*>& batch, const std::string& token) {
      std::string task = token;
      for (const PlannedCheck* check : batch) absl::StrAppend(&task, " ", check->name);
      return absl::StrCat(task, "\n");
    };
    Quiet quiet;
    Interrupts interrupts;
    return RunLoop(checks_, *recorder_, quiet, interrupts, std::move(options)).Run();
  }
  void Add(std::string name, std::vector<std::string> after = {}) {
    PlannedCheck& check = checks_.emplace_back();
    check.name = check.check = std::move(name);
    check.after = std::move(after);
    check.deadline = absl::Milliseconds(300);
  }
  const reports::Case& Case(std::string_view name) { return *recorder_->model().Find(name); }

  std::optional<TemporaryFolder> folder_;
  std::unique_ptr<Recorder> recorder_;
  std::vector<PlannedCheck> checks_;
  std::function<absl::Status()> alive_;
};

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
  EXPECT_EQ(Case("a.one").verdict, Verdict::kPassed);
  EXPECT_EQ(Case("a.three").verdict, Verdict::kPassed);
  EXPECT_EQ(Case("c.leaf").verdict, Verdict::kBlocked);
  EXPECT_EQ(Case("c.leaf").found, "a.two");
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
  options.log_folder = recorder_->folder();
  options.worker_argv = {"/nonexistent/tales"};
  options.make_task = [](const auto&, const auto&) { return std::string(); };
  Quiet quiet;
  Interrupts interrupts;
  RunLoop(checks_, *recorder_, quiet, interrupts, std::move(options)).Run();
  EXPECT_EQ(Case("a.one").error_kind, "crash");
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

}  // namespace
}  // namespace tales
