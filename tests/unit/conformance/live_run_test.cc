// A run of e2e.test, by a program that behaves like it and misbehaves on demand.
#include "suites/conformance/live_run.h"

#include <thread>

#include "absl/time/clock.h"
#include "harness/base/file.h"
#include "suites/conformance/required_tests.h"
#include "tests/support/status_matchers.h"
#include "tests/support/stepped_clock.h"
#include "tests/unit/conformance/fake_producer_context.h"

namespace tales::conformance {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class LiveRunTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = TemporaryFolder::Make("tales-live-run-test");
    ASSERT_OK(folder);
    folder_.emplace(*std::move(folder));
    context_.emplace(folder_->path());
    const std::vector<std::string>& sample = BuiltInTests().sample;
    names_ = {sample[0], sample[1], sample[2]};
    options_ = {.e2e = {.program = std::getenv("TALES_FAKE_E2E"),
                        .kubeconfig = "/none",
                        .folder = folder_->path(),
                        .names = names_},
                .longest_test = absl::Seconds(1),
                .grace = absl::Seconds(1)};
  }
  LiveResult Run(const std::vector<std::string>& scenario) {
    const std::filesystem::path file = folder_->path() / "scenario";
    EXPECT_OK(WriteFileAtomically(file, absl::StrJoin(scenario, "\n") + "\n"));
    setenv("FAKE_E2E", file.c_str(), 1);
    return LiveRun(*context_, options_).Run();
  }
  std::string Check(size_t i) const { return "conformance.case/" + names_[i]; }
  const Outcome& Told(size_t i) const { return context_->reported_.at(Check(i)); }
  static std::string Found(const Outcome& outcome) {
    return outcome.problems().empty() ? outcome.found() : outcome.problems()[0].found;
  }

  std::optional<TemporaryFolder> folder_;
  std::optional<testing::FakeProducerContext> context_;
  std::vector<std::string> names_;
  LiveOptions options_;
};

TEST_F(LiveRunTest, EachTestGetsItsVerdict) {
  const LiveResult result = Run({"passed " + names_[0], "failed " + names_[1], "skipped " + names_[2]});
  EXPECT_THAT(context_->announced_, ElementsAre(Check(0), Check(1), Check(2)));
  EXPECT_THAT(context_->Told(), ElementsAre("passed " + Check(0), "failed " + Check(1), "unsupported " + Check(2)));
  EXPECT_EQ(Found(Told(1)), "it is failed");
  EXPECT_THAT(Told(1).evidence().at(0).content, HasSubstr("STEP: begins"));
  EXPECT_EQ(result.run.verdict(), Verdict::kPassed) << Found(result.run);
  EXPECT_EQ(result.environment.verdict(), Verdict::kPassed);
  EXPECT_THAT(result.ran, ElementsAre(names_[0], names_[1]));
  EXPECT_THAT(result.failed, ElementsAre(names_[1]));
  EXPECT_THAT(result.run_ids, ElementsAre("0123-4567-3"));
  EXPECT_THAT(context_->progress_, SizeIs(3));
}

TEST_F(LiveRunTest, ATestThatHangsCostsItselfOnly) {
  const LiveResult result = Run({"passed " + names_[0], "hangs " + names_[1], "passed " + names_[2]});
  EXPECT_THAT(context_->Told(), ElementsAre("passed " + Check(0), "error " + Check(1), "passed " + Check(2)));
  EXPECT_THAT(Found(Told(1)), HasSubstr("broken off"));
  EXPECT_EQ(result.run.verdict(), Verdict::kPassed) << Found(result.run);
  EXPECT_THAT(Found(result.run), HasSubstr("started 2 times"));
  EXPECT_THAT(result.run_ids, SizeIs(2));
}

TEST_F(LiveRunTest, AWallClockThatIsSetBreaksNothingOff) {
  options_.longest_test = absl::Minutes(1);
  const absl::Time before = absl::Now();
  std::jthread clock([] {
    std::this_thread::sleep_for(std::chrono::seconds(1));
    testing::SetWallClockAhead(std::chrono::hours(1));
  });
  const LiveResult result = Run({"naps " + names_[0], "passed " + names_[1], "passed " + names_[2]});
  EXPECT_GT(absl::Now() - before, absl::Minutes(59));
  testing::SetWallClockAhead(std::chrono::seconds(0));
  EXPECT_THAT(context_->Told(), ElementsAre("passed " + Check(0), "passed " + Check(1), "passed " + Check(2)));
  EXPECT_THAT(Found(result.run), HasSubstr("3 tests ran, 0 of them did not pass"));
}

TEST_F(LiveRunTest, OneThatTakesNoSignalIsKilled) {
  const LiveResult result = Run({"deaf " + names_[0], "passed " + names_[1], "passed " + names_[2]});
  EXPECT_THAT(context_->Told(), ElementsAre("error " + Check(0), "passed " + Check(1), "passed " + Check(2)));
  EXPECT_THAT(Found(Told(0)), AllOf(HasSubstr("broken off"), HasSubstr("signal 9")));
  EXPECT_EQ(result.run.verdict(), Verdict::kPassed) << Found(result.run);
}

TEST_F(LiveRunTest, OneThatTakesTheProgramDownCostsItselfOnly) {
  const LiveResult result = Run({"passed " + names_[0], "dies " + names_[1], "failed " + names_[2]});
  EXPECT_THAT(context_->Told(), ElementsAre("passed " + Check(0), "error " + Check(1), "failed " + Check(2)));
  EXPECT_THAT(Found(Told(1)), HasSubstr("signal 9 (SIGKILL) while it ran"));
  EXPECT_EQ(result.run.verdict(), Verdict::kPassed) << Found(result.run);
}

TEST_F(LiveRunTest, AfterTooManyDeathsTheRestIsNamed) {
  options_.starts = 2;
  const LiveResult result = Run({"dies " + names_[0], "dies " + names_[1], "dies " + names_[2]});
  EXPECT_EQ(result.run.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(result.run), AllOf(HasSubstr("1 were not run"), HasSubstr(names_[2])));
}

TEST_F(LiveRunTest, ABrokenSetUpBeginsNothing) {
  const LiveResult result = Run({"no-setup", "passed " + names_[0]});
  EXPECT_EQ(result.environment.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(result.environment), HasSubstr("coredns is not ready"));
  EXPECT_FALSE(result.began);
  EXPECT_THAT(context_->announced_, IsEmpty());
  EXPECT_EQ(result.run.verdict(), Verdict::kPassed);
}

TEST_F(LiveRunTest, OutputAndFileThatDisagreeAreNotBelieved) {
  const LiveResult result = Run({"passed " + names_[0], "lies " + names_[1], "passed " + names_[2]});
  EXPECT_EQ(result.run.verdict(), Verdict::kError);
  EXPECT_THAT(Found(result.run), AllOf(HasSubstr("printed passed, written failed"), HasSubstr(names_[1])));
}

TEST_F(LiveRunTest, WhatWasNotSeenOnTheOutputIsReadFromTheFile) {
  const LiveResult result = Run({"passed " + names_[0], "unseen " + names_[1], "passed " + names_[2]});
  EXPECT_EQ(Told(1).verdict(), Verdict::kPassed);
  EXPECT_EQ(result.run.verdict(), Verdict::kPassed);
}

TEST_F(LiveRunTest, AnExitCodeThatSaysOtherwiseIsNotBelieved) {
  EXPECT_EQ(Run({"exit 0", "failed " + names_[0], "passed " + names_[1], "passed " + names_[2]}).run.verdict(),
            Verdict::kError);
  const LiveResult result = Run({"exit 1", "passed " + names_[0], "passed " + names_[1], "passed " + names_[2]});
  EXPECT_EQ(result.run.verdict(), Verdict::kError);
  EXPECT_THAT(Found(result.run), HasSubstr("exit code 1 though nothing failed"));
}

TEST_F(LiveRunTest, TestsThatTheProgramDoesNotHaveAreNamed) {
  const LiveResult result = Run({"passed " + names_[0], "passed " + names_[1]});
  EXPECT_EQ(result.run.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(result.run), AllOf(HasSubstr("does not have them"), HasSubstr(names_[2])));
}

TEST_F(LiveRunTest, ARunThatLeavesNoFileIsAProblem) {
  const LiveResult result = Run({"no-junit", "passed " + names_[0], "passed " + names_[1], "passed " + names_[2]});
  EXPECT_EQ(result.run.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(result.run), HasSubstr("no JUnit"));
}

TEST_F(LiveRunTest, AProgramThatCannotStartSaysWhy) {
  unsetenv("FAKE_E2E");
  const LiveResult refused = LiveRun(*context_, options_).Run();
  EXPECT_EQ(refused.run.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(refused.run), AllOf(HasSubstr("exit code 2"), HasSubstr("flag provided but not defined")));
  options_.e2e.program = "/no/such/e2e.test";
  const LiveResult absent = LiveRun(*context_, options_).Run();
  EXPECT_THAT(Found(absent.run), HasSubstr("/no/such/e2e.test"));
}

TEST_F(LiveRunTest, AFailureThatPassesOnItsSecondTryIsFlaky) {
  options_.retry_at_most = 2;
  const LiveResult result = Run({"flaky " + names_[0], "failed " + names_[1], "passed " + names_[2]});
  EXPECT_THAT(context_->flaky_, ElementsAre(Check(0)));
  EXPECT_EQ(Told(0).verdict(), Verdict::kFailed) << "the first try";
  EXPECT_EQ(Told(1).verdict(), Verdict::kFailed);
  EXPECT_EQ(Told(2).verdict(), Verdict::kPassed);
  EXPECT_THAT(result.flaky, ElementsAre(names_[0]));
  EXPECT_THAT(result.failed, ElementsAre(names_[0], names_[1]));
  EXPECT_EQ(result.run.verdict(), Verdict::kPassed) << Found(result.run);
}

TEST_F(LiveRunTest, MoreFailuresThanAFewAreNotTriedAgain) {
  options_.retry_at_most = 1;
  const LiveResult result = Run({"flaky " + names_[0], "flaky " + names_[1], "passed " + names_[2]});
  EXPECT_THAT(context_->Told(), ElementsAre("failed " + Check(0), "failed " + Check(1), "passed " + Check(2)));
  EXPECT_THAT(context_->flaky_, IsEmpty());
  EXPECT_THAT(Found(result.run), ::testing::Not(HasSubstr("started 2 times")));
}

TEST_F(LiveRunTest, WhatHangsIsNoFlake) {
  options_.retry_at_most = 5;
  const LiveResult result = Run({"hangs " + names_[0], "passed " + names_[1], "passed " + names_[2]});
  EXPECT_EQ(Told(0).verdict(), Verdict::kError);
  EXPECT_THAT(context_->flaky_, IsEmpty());
}

// What somebody took away in the middle: its first test is over, its second under way.
class LostRun : public TestRun {
 public:
  explicit LostRun(const E2eOptions& options) : stream_(options.names), names_(options.names) {}
  bool Follow(absl::Duration, const Sink& sink) override {
    if (std::exchange(told_, true)) return false;
    const std::string line(30, '-');
    stream_.Feed(line + "\n[SynchronizedBeforeSuite] \n[SynchronizedBeforeSuite] PASSED [0.010 seconds]\n" + line +
                     "\n" + names_[0] + "\n• [0.1 seconds]\n" + line + "\n" + names_[1] + "\n  STEP: begins\n",
                 sink);
    return true;
  }
  void Interrupt() override {}
  void Kill() override {}
  const TestRunEnd& end() const override { return end_; }
  const SpecStream& stream() const override { return stream_; }
  std::filesystem::path junit() const override { return "/none"; }
  std::string LastWords() const override { return ""; }

 private:
  SpecStream stream_;
  const std::vector<std::string> names_;
  bool told_ = false;
  const TestRunEnd end_{.how = "was lost", .exit_code = std::nullopt, .lost = "pod x was deleted"};
};

TEST_F(LiveRunTest, ARunThatIsTakenAwayKeepsWhatWasHad) {
  options_.start = [](const E2eOptions& options) -> absl::StatusOr<std::unique_ptr<TestRun>> {
    return std::make_unique<LostRun>(options);
  };
  const LiveResult result = LiveRun(*context_, options_).Run();
  EXPECT_THAT(context_->Told(), ElementsAre("passed " + Check(0), "error " + Check(1)));
  EXPECT_TRUE(result.lost);
  EXPECT_EQ(result.run.verdict(), Verdict::kError);
  EXPECT_THAT(Found(result.run), AllOf(HasSubstr("pod x was deleted"), HasSubstr("2 of 3"), HasSubstr(names_[2])));
}

TEST_F(LiveRunTest, AJUnitThatIsCutInHalfIsNotBelieved) {
  const LiveResult result = Run({"cut-junit", "passed " + names_[0], "passed " + names_[1], "passed " + names_[2]});
  EXPECT_EQ(result.run.verdict(), Verdict::kError);
  EXPECT_THAT(Found(result.run), HasSubstr("junit_01.xml"));
  EXPECT_EQ(Told(2).verdict(), Verdict::kPassed);
}

TEST_F(LiveRunTest, WhenTimeIsUpTheRestIsNamed) {
  context_->deadline_ = Deadline::After(absl::Seconds(2));
  options_.longest_test = absl::Minutes(1);
  const LiveResult result = Run({"passed " + names_[0], "hangs " + names_[1], "passed " + names_[2]});
  EXPECT_EQ(Told(1).verdict(), Verdict::kError);
  EXPECT_EQ(result.run.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(result.run), AllOf(HasSubstr("time was up"), HasSubstr(names_[2])));
}

}  // namespace
}  // namespace tales::conformance
