// The loop with producers that are shell scripts: they tell what they find, or die, hang and lie.
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "harness/base/file.h"
#include "harness/runner/run_loop.h"
#include "tests/unit/runner/run_loop_fixture.h"

namespace tales {
namespace {

using ::testing::HasSubstr;

// Shell functions with which a script speaks as producer p.run does.
constexpr std::string_view kSpeak = R"(
planned() { printf '{"token":"p.run","event":"planned","check":"%s"}\n' "$1" >&3; }
verdict() { printf '{"token":"p.run","event":"finished","check":"%s","verdict":"%s","found":"so"}\n' "$1" "$2" >&3; }
finish() { printf '{"token":"p.run","event":"done"}\n' >&3; }
)";

class ProducersTest : public RunLoopTest {
 protected:
  // A producer p.run with one check that is planned, p.whole, and a family p.case.
  void AddProducer() {
    Add("p.run");
    checks_.back().producer = "p.run";
    checks_.back().families = {{"p.case", "Does it?"}};
    checks_.back().deadline = absl::Seconds(20);
    Add("p.whole");
    checks_.back().producer = "p.run";
  }
  RunLoop::Result Produce(std::string_view script) {
    producer_ = absl::StrCat(kSpeak, script);
    return Run(Script(""));
  }
};

TEST_F(ProducersTest, VerdictsAreTakenAsTheyCome) {
  AddProducer();
  Add("a.after", {"p.whole"});
  const RunLoop::Result result = Produce(
      "planned p.case/x; verdict p.case/x passed; planned p.case/y; verdict p.case/y failed\n"
      "verdict p.whole passed; verdict p.run passed; finish");
  EXPECT_OK(result.recording);
  EXPECT_EQ(Case("p.case/x").verdict, Verdict::kPassed);
  EXPECT_EQ(Case("p.case/x").question, "Does it?");
  EXPECT_EQ(Case("p.case/y").verdict, Verdict::kFailed);
  EXPECT_EQ(Case("p.run").verdict, Verdict::kPassed);
  EXPECT_EQ(Case("a.after").verdict, Verdict::kPassed);
  EXPECT_EQ(recorder_->model().ExitCode(), 1);
}

TEST_F(ProducersTest, WhatWasNeverReportedIsAnError) {
  AddProducer();
  Produce("planned p.case/x; verdict p.run passed; finish");
  EXPECT_EQ(Case("p.case/x").error_kind, "not_run");
  EXPECT_EQ(Case("p.whole").error_kind, "not_run");
  EXPECT_EQ(Case("p.run").verdict, Verdict::kPassed);
  EXPECT_EQ(recorder_->model().ExitCode(), 1);
}

TEST_F(ProducersTest, ADeathIsOneErrorAndTheRestHangsOnIt) {
  AddProducer();
  Add("a.after", {"p.whole"});
  Produce("planned p.case/x; planned p.case/y; verdict p.case/y passed; echo last words; kill -KILL $$");
  EXPECT_EQ(Case("p.run").error_kind, "crash");
  EXPECT_THAT(Case("p.run").found, HasSubstr("signal 9"));
  EXPECT_THAT(Case("p.run").evidence, ::testing::SizeIs(1));
  EXPECT_EQ(Case("p.case/x").verdict, Verdict::kBlocked);
  EXPECT_EQ(Case("p.case/x").found, "p.run");
  EXPECT_EQ(Case("p.case/y").verdict, Verdict::kPassed);
  EXPECT_EQ(Case("p.whole").verdict, Verdict::kBlocked);
  EXPECT_EQ(Case("a.after").found, "p.run");
}

TEST_F(ProducersTest, AnEndWithoutAVerdictIsAnError) {
  AddProducer();
  Produce("verdict p.whole passed; exit 0");
  EXPECT_EQ(Case("p.run").error_kind, "crash");
  EXPECT_EQ(Case("p.whole").verdict, Verdict::kPassed);
}

TEST_F(ProducersTest, AHangIsEndedAtItsDeadline) {
  AddProducer();
  checks_[0].deadline = absl::Milliseconds(200);
  Produce("sleep 60 & sleep 60");
  EXPECT_EQ(Case("p.run").error_kind, "timeout");
  EXPECT_EQ(Case("p.whole").verdict, Verdict::kBlocked);
}

TEST_F(ProducersTest, UnsupportedCoversWhatItWouldHaveBroughtForth) {
  AddProducer();
  Produce("verdict p.run unsupported; finish");
  EXPECT_EQ(Case("p.whole").verdict, Verdict::kUnsupported);
  EXPECT_EQ(Case("p.whole").found, "so");
}

TEST_F(ProducersTest, ItSpeaksForItsOwnAlone) {
  for (const std::string_view lie :
       {"verdict a.one passed", "planned q.case/x", "verdict p.case/unannounced passed", "echo nonsense >&3",
        "verdict p.whole passed; verdict p.whole failed", "finish", "verdict p.run passed; verdict p.whole passed",
        R"(printf '{"token":"other","event":"finished","check":"p.whole","verdict":"passed"}\n' >&3)",
        R"(printf '{"token":"p.run","event":"look","check":"p.whole"}\n' >&3)", "printf half-a-line >&3"}) {
    SCOPED_TRACE(lie);
    SetUp();
    checks_.clear();
    Add("a.one");
    AddProducer();
    Produce(absl::StrCat(lie, "; sleep 1; exit 0"));
    EXPECT_EQ(Case("p.run").error_kind, "protocol") << Case("p.run").found;
    EXPECT_EQ(Case("a.one").verdict, Verdict::kPassed);
  }
}

TEST_F(ProducersTest, ABlockedOneBlocksItsChecks) {
  Add("a.root");
  AddProducer();
  checks_[1].after = {"a.root"};
  producer_ = "exit 0";
  Run("kill -KILL $$");
  EXPECT_EQ(Case("p.run").verdict, Verdict::kBlocked);
  EXPECT_EQ(Case("p.whole").verdict, Verdict::kBlocked);
  EXPECT_EQ(Case("p.whole").found, "a.root");
}

TEST_F(ProducersTest, KnownIssuesRuleItsVerdictsToo) {
  AddProducer();
  rule_ = [](WorkerEvent& event) {
    if (event.check == "p.case/x") event.verdict = Verdict::kKnown;
  };
  Produce("planned p.case/x; verdict p.case/x failed; verdict p.whole passed; verdict p.run passed; finish");
  EXPECT_EQ(Case("p.case/x").verdict, Verdict::kKnown);
  EXPECT_EQ(recorder_->model().ExitCode(), 0);
}

// The runner was killed; what it had started goes on, and the next runner finds it.
TEST_F(ProducersTest, OneThatOutlivedItsRunnerIsFoundAgain) {
  AddProducer();
  for (const PlannedCheck& check : checks_) ASSERT_OK(recorder_->Record(ToEvent(check)));
  producers_outlive_ = true;
  const std::filesystem::path spool = recorder_->folder() / "producers" / "p.run" / "spool.jsonl";
  const std::filesystem::path go = recorder_->folder() / "go";
  auto earlier = ProducerProcess::Start(
      {.argv = {"/bin/sh", "-c",
                absl::StrCat(kSpeak, "planned p.case/x; verdict p.case/x failed\nwhile ! [ -e ", go.string(),
                             " ]; do sleep 0.05; done\nverdict p.whole passed; verdict p.run passed; finish")},
       .task = "",
       .spool = spool,
       .log_file = {},
       .dies_with_us = false});
  ASSERT_OK(earlier);
  while ((*earlier)->ReadLines().size() < 2) std::this_thread::yield();
  // As the journal of the killed runner has it.
  ASSERT_OK(recorder_->Record({{"event", "planned"}, {"check", "p.case/x"}}));
  ASSERT_OK(recorder_->Record({{"event", "finished"}, {"check", "p.case/x"}, {"verdict", "failed"}}));
  earlier->reset();
  ASSERT_OK(WriteFileAtomically(go, ""));
  producer_ = "exit 1";  // it must not be started a second time
  checks_.erase(checks_.begin() + 2, checks_.end());
  RunLoop::Result result = RunAgain();
  EXPECT_OK(result.recording);
  EXPECT_EQ(Case("p.case/x").verdict, Verdict::kFailed);
  EXPECT_EQ(Case("p.whole").verdict, Verdict::kPassed);
  EXPECT_EQ(Case("p.run").verdict, Verdict::kPassed);
}

TEST_F(ProducersTest, AnInterruptEndsIt) {
  AddProducer();
  std::thread interrupt([this] {
    const std::filesystem::path spool = recorder_->folder() / "producers" / "p.run" / "spool.jsonl";
    while (ReadFile(spool).value_or("").empty()) std::this_thread::yield();
    kill(getpid(), SIGINT);
  });
  const RunLoop::Result result = Produce("planned p.case/x; sleep 60");
  interrupt.join();
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(Case("p.run").error_kind, "not_run");
}

}  // namespace
}  // namespace tales
