// A run of the CLI, by a script that behaves like it and misbehaves on demand.
#include "suites/connectivity/cli_run.h"

#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "harness/base/file.h"
#include "tests/support/status_matchers.h"
#include "tests/support/stepped_clock.h"
#include "tests/unit/conformance/fake_producer_context.h"

namespace tales::connectivity {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

constexpr char kTwo[] = R"(🏃[cilium-test-1] Running 3 tests ...
[=] [cilium-test-1] Test [no-policies] [1/3]
..
[=] [cilium-test-1] Skipping test [dns-only] [2/3] (Feature l7-proxy is disabled)
[=] [cilium-test-1] Test [health] [3/3]
.
  [.] Action [health/cilium-health/a: b -> c (10.0.0.1:80)]
  ❌ command "curl http://10.0.0.1:80" failed: command failed (pod=b, container=x): command terminated with exit code 28
)";
constexpr char kReport[] = "\n📋 Test Report [cilium-test-1]\n❌ 1/2 tests failed\n[cilium-test-1] 1 tests failed\n";

std::string JUnit(const std::string& cases) {
  return absl::StrCat("<testsuites><testsuite name=\"connectivity test\">", cases, "</testsuite></testsuites>");
}
std::string Case(const std::string& name, const std::string& body = "") {
  return absl::StrCat("<testcase name=\"", name, "\" classname=\"connectivity test\" time=\"2\">", body, "</testcase>");
}
constexpr char kFailure[] =
    "<failure message=\"health failed\">health/cilium-health/a: b -&gt; c (10.0.0.1:80)</failure>";

class CliRunTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = TemporaryFolder::Make("tales-cli-run-test");
    ASSERT_OK(folder);
    folder_.emplace(*std::move(folder));
    context_.emplace(folder_->path());
    options_ = {.cli = {.program = folder_->path() / "cilium", .folder = folder_->path() / "run", .tests = "all"},
                .grace = absl::Seconds(1)};
  }
  // It prints `text`, leaves `junit` ("": none), and then `end`.
  Outcome Run(const std::string& text, const std::string& junit, const std::string& end) {
    EXPECT_OK(WriteFileAtomically(folder_->path() / "text", text));
    EXPECT_OK(WriteFileAtomically(folder_->path() / "junit", junit));
    const std::string keep = junit.empty() ? "" : "cp ../junit junit.xml\n";
    EXPECT_OK(
        WriteFileAtomically(options_.cli.program, absl::StrCat("#!/bin/sh\ncat ../text\n", keep, end, "\n"), 0755));
    return CliRun(*context_, ledger_, options_).Run();
  }
  const Outcome& Told(const std::string& test) { return context_->reported_.at("cilium.connectivity/" + test); }
  static std::string Found(const Outcome& outcome) {
    return outcome.problems().empty() ? outcome.found() : outcome.problems()[0].found;
  }

  std::optional<TemporaryFolder> folder_;
  std::optional<testing::FakeProducerContext> context_;
  Ledger ledger_{{}, {}, absl::Now()};
  RunOptions options_;
};

TEST_F(CliRunTest, EachTestGetsItsVerdict) {
  const Outcome run =
      Run(std::string(kTwo) + kReport,
          JUnit(Case("no-policies") + Case("dns-only", "<skipped/>") + Case("health", kFailure)), "exit 1");
  EXPECT_EQ(run.verdict(), Verdict::kPassed) << Found(run);
  EXPECT_THAT(Found(run), AllOf(HasSubstr("1 of 2 tests passed, 1 were left out"), HasSubstr("l7-proxy")));
  EXPECT_THAT(context_->Told(),
              ElementsAre("passed cilium.connectivity/no-policies", "failed cilium.connectivity/health"));
  EXPECT_EQ(Found(Told("no-policies")), "2 actions");
  EXPECT_EQ(Found(Told("health")),
            "health/cilium-health/a: b -> c (10.0.0.1:80): curl http://10.0.0.1:80: exit code 28 (timed out)");
  EXPECT_THAT(context_->progress_, ::testing::Contains("1 of 3: passed no-policies"));
}

TEST_F(CliRunTest, WhatChangedInTheClusterStandsBehindWhatFailed) {
  options_.note = [] { return "while it ran: the Cilium agent on node-2 was started anew"; };
  Run(std::string(kTwo) + kReport, JUnit(Case("no-policies") + Case("health", kFailure)), "exit 1");
  EXPECT_THAT(Found(Told("health")), HasSubstr("agent on node-2 was started anew"));
  EXPECT_EQ(Told("no-policies").verdict(), Verdict::kPassed);
}

TEST_F(CliRunTest, WhereOutputAndFileDisagreeNeitherIsBelieved) {
  const Outcome run =
      Run(std::string(kTwo) + kReport, JUnit(Case("no-policies", "<failure/>") + Case("health")), "exit 1");
  EXPECT_EQ(run.verdict(), Verdict::kError);
  EXPECT_THAT(Found(run), AllOf(HasSubstr("health: printed failed, written passed"),
                                HasSubstr("no-policies: printed passed, written failed")));
  EXPECT_EQ(Run(std::string(kTwo) + kReport, JUnit(Case("no-policies") + Case("health", kFailure)), "exit 0").verdict(),
            Verdict::kError);
}

constexpr char kLogs[] = R"(🏃[cilium-test-1] Running 1 tests ...
[=] [cilium-test-1] Test [check-log-errors] [1/1]
.
  [.] Action [check-log-errors/no-errors-in-logs/c/cilium/cilium-a (cilium-agent)]
  ❌ Found 1 logs in c/cilium/cilium-a (cilium-agent) matching list of errors that must be investigated:
level=warn msg="a known word" (1 occurrences)
)";
constexpr char kA[] = "check-log-errors/no-errors-in-logs/c/cilium/cilium-a (cilium-agent)";

class LogCheckTest : public CliRunTest {
 protected:
  // Its JUnit names `actions`.
  Outcome RunLogs(const std::string& actions, const std::string& end = "exit 1") {
    return Run(std::string(kLogs) + kReport,
               JUnit(Case("check-log-errors", absl::StrCat("<failure>", actions, "</failure>"))), end);
  }
};

Ledger KnowsAWord() {
  return Ledger({{.id = "my-line",
                  .link = "https://example.org/1",
                  .reason = "r",
                  .lines = {"a known word"},
                  .until_date = "2099-01-01"}},
                {}, absl::Now());
}

TEST_F(LogCheckTest, KnownLinesAreKnownWhereTheFileNamesNothingElse) {
  ledger_ = KnowsAWord();
  const Outcome run = RunLogs(kA);
  EXPECT_EQ(run.verdict(), Verdict::kPassed) << Found(run);
  EXPECT_THAT(context_->Told(), ElementsAre("known cilium.connectivity/check-log-errors"));
}

TEST_F(LogCheckTest, ALogThatTheFileAloneNamesIsNotExcused) {
  ledger_ = KnowsAWord();
  RunLogs(absl::StrCat(kA, "&#xA;check-log-errors/no-errors-in-logs/c/cilium/cilium-b (cilium-agent)"));
  EXPECT_THAT(context_->Told(), ElementsAre("failed cilium.connectivity/check-log-errors"));
  EXPECT_THAT(Found(Told("check-log-errors")), HasSubstr("cilium-b (cilium-agent): it does not say why"));
}

TEST_F(LogCheckTest, WithoutAFileNothingIsExcused) {
  ledger_ = KnowsAWord();
  EXPECT_EQ(Run(std::string(kLogs) + kReport, "", "exit 1").verdict(), Verdict::kError);
  EXPECT_THAT(context_->Told(), ElementsAre("failed cilium.connectivity/check-log-errors"));
  EXPECT_THAT(Found(Told("check-log-errors")), HasSubstr("no JUnit names the logs"));
}

TEST_F(LogCheckTest, AFileThatHasItPassedIsNotBelieved) {
  ledger_ = KnowsAWord();
  const Outcome run = Run(std::string(kLogs) + kReport, JUnit(Case("check-log-errors")), "exit 1");
  EXPECT_THAT(Found(run), HasSubstr("check-log-errors: printed failed, written passed"));
  EXPECT_THAT(context_->Told(), ElementsAre("failed cilium.connectivity/check-log-errors"));
}

TEST_F(CliRunTest, WithoutAFileItIsAnErrorWithItsLastWords) {
  const Outcome run =
      Run("⌛ Waiting\n\nError: connectivity test failed: timeout reached waiting for client\n", "", "exit 1");
  EXPECT_EQ(run.verdict(), Verdict::kError);
  EXPECT_THAT(Found(run), AllOf(HasSubstr("in its set-up"), HasSubstr("timeout reached waiting for client")));
  EXPECT_THAT(context_->Told(), ElementsAre());
}

TEST_F(CliRunTest, KilledItLeavesWhatItToldAndTheRestIsAnError) {
  const Outcome run = Run(kTwo, "", "kill -9 $$");
  EXPECT_EQ(run.verdict(), Verdict::kError);
  EXPECT_THAT(Found(run), HasSubstr("signal 9"));
  EXPECT_THAT(context_->Told(),
              ElementsAre("passed cilium.connectivity/no-policies", "error cilium.connectivity/health"));
  EXPECT_THAT(Told("health").evidence().at(0).content, HasSubstr("exit code 28"));
}

TEST_F(CliRunTest, WhatEndsAfterItsTimeWasUpSaysNothing) {
  const Outcome run =
      Run(absl::StrCat(kTwo, "Cancellation request (timeout (5m0s) reached) received, cancelling tests...\n"), "",
          "exit 1");
  EXPECT_THAT(Found(run), AllOf(HasSubstr("time was up"), HasSubstr("1 tests having ended")));
  EXPECT_THAT(context_->Told(),
              ElementsAre("passed cilium.connectivity/no-policies", "error cilium.connectivity/health"));
}

TEST_F(CliRunTest, AFileOfARunThatWasCutShortIsNotBelieved) {
  const Outcome run =
      Run(absl::StrCat(kTwo, "Cancellation request (timeout (5m0s) reached) received, cancelling tests...\n", kReport),
          JUnit(Case("no-policies") + Case("health", kFailure)), "exit 1");
  EXPECT_EQ(run.verdict(), Verdict::kError);
  EXPECT_THAT(context_->Told(),
              ElementsAre("passed cilium.connectivity/no-policies", "error cilium.connectivity/health"));
}

TEST_F(CliRunTest, OneThatHangsIsInterruptedAndThenKilled) {
  options_.cli.timeout = absl::ZeroDuration();
  const absl::Time start = absl::Now();
  const Outcome run = Run(kTwo, "", "trap '' INT; sleep 60 & wait; wait");
  EXPECT_LT(absl::Now() - start, absl::Seconds(20));
  EXPECT_EQ(run.verdict(), Verdict::kError);
  EXPECT_THAT(Found(run), HasSubstr("signal 9"));
}

TEST_F(CliRunTest, AWallClockThatIsSetBreaksNothingOff) {
  options_.cli.timeout = absl::Minutes(1);
  const absl::Time before = absl::Now();
  std::jthread clock([] {
    std::this_thread::sleep_for(std::chrono::seconds(1));
    testing::SetWallClockAhead(std::chrono::hours(1));
  });
  const Outcome run =
      Run(std::string(kTwo) + kReport,
          JUnit(Case("no-policies") + Case("dns-only", "<skipped/>") + Case("health", kFailure)), "sleep 4; exit 1");
  EXPECT_GT(absl::Now() - before, absl::Minutes(59));
  testing::SetWallClockAhead(std::chrono::seconds(0));
  EXPECT_EQ(run.verdict(), Verdict::kPassed) << Found(run);
}

TEST_F(CliRunTest, APatternThatMatchesNothingIsNoSuccess) {
  const Outcome run =
      Run("🏃[cilium-test-1] Running 1 tests ...\n[=] [cilium-test-1] Skipping test [health] [1/1] (skipped by user)\n"
          "✅ [cilium-test-1] All 0 tests (0 actions) successful, 1 tests skipped, 0 scenarios skipped.\n",
          JUnit(Case("health", "<skipped/>")), "exit 0");
  EXPECT_EQ(run.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(run), HasSubstr("all 1 tests were skipped"));
}

TEST_F(CliRunTest, OneOfSeveralPatternsThatMatchesNothingIsNoSuccess) {
  const auto run = [this] {
    return Run(std::string(kTwo) + kReport,
               JUnit(Case("no-policies") + Case("dns-only", "<skipped/>") + Case("health", kFailure)), "exit 1");
  };
  options_.cli.tests = "^no-policies/,^health/,!dns-only";
  EXPECT_EQ(run().verdict(), Verdict::kPassed);
  options_.cli.tests = "^no-policies/,^health/,^dns-only/,^healht/";
  const Outcome holes = run();
  EXPECT_EQ(holes.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(holes), HasSubstr("none ran of: ^dns-only/, ^healht/"));
}

TEST_F(CliRunTest, TestsThatAllDidNothingAreNoSuccess) {
  const Outcome run =
      Run("🏃[cilium-test-1] Running 1 tests ...\n[=] [cilium-test-1] Test [health] [1/1]\n\n"
          "✅ [cilium-test-1] All 1 tests (0 actions) successful, 0 tests skipped, 0 scenarios skipped.\n",
          JUnit(Case("health")), "exit 0");
  EXPECT_EQ(run.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(run), HasSubstr("none of 1 tests did anything"));
  EXPECT_THAT(context_->Told(), ElementsAre("inconclusive cilium.connectivity/health"));
}

TEST_F(CliRunTest, SideBySideTheFileAloneCounts) {
  options_.cli.workloads.connectivity.concurrency = 2;
  const Outcome run = Run(kTwo, JUnit(Case("no-policies", "<failure/>") + Case("health")), "exit 1");
  EXPECT_EQ(run.verdict(), Verdict::kPassed) << Found(run);
  EXPECT_THAT(context_->Told(),
              UnorderedElementsAre("failed cilium.connectivity/no-policies", "passed cilium.connectivity/health"));
}

TEST_F(CliRunTest, ASysdumpIsNamed) {
  std::filesystem::create_directory(options_.cli.folder);
  ASSERT_OK(WriteFileAtomically(options_.cli.folder / "cilium-sysdump-1.zip", ""));
  Run(std::string(kTwo) + kReport, JUnit(Case("no-policies") + Case("health", kFailure)), "exit 1");
  ASSERT_EQ(Told("health").evidence().size(), 2u);
  EXPECT_THAT(Told("health").evidence()[1].content, HasSubstr("cilium-sysdump-1.zip"));
}

TEST_F(CliRunTest, AProgramThatIsNotThere) {
  options_.cli.program = "/nowhere/cilium";
  EXPECT_EQ(CliRun(*context_, ledger_, options_).Run().verdict(), Verdict::kError);
}

}  // namespace
}  // namespace tales::connectivity
