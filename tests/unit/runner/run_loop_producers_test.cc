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

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

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
  std::filesystem::path Spool() const { return recorder_->folder() / "producers" / "p.run" / "spool.jsonl"; }
  // As a runner does that is killed later: the plan is in the journal, and the producer outlives its runner.
  absl::StatusOr<std::unique_ptr<ProducerProcess>> StartBefore(std::string_view script) {
    AddProducer();
    for (const PlannedCheck& check : checks_) EXPECT_OK(recorder_->Record(ToEvent(check)));
    producers_outlive_ = true;
    return ProducerProcess::Start({.argv = {"/bin/sh", "-c", absl::StrCat(kSpeak, script)},
                                   .task = "",
                                   .spool = Spool(),
                                   .log_file = {},
                                   .dies_with_us = false});
  }
  static void AwaitEnd(const ProducerProcess& process) {
    while (process.running()) std::this_thread::yield();
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
  EXPECT_THAT(Case("p.run").next, AllOf(HasSubstr("memory"), HasSubstr("dmesg"), Not(HasSubstr("defect"))));
  EXPECT_EQ(Case("p.case/x").verdict, Verdict::kBlocked);
  EXPECT_EQ(Case("p.case/x").found, "p.run");
  EXPECT_EQ(Case("p.case/y").verdict, Verdict::kPassed);
  EXPECT_EQ(Case("p.whole").verdict, Verdict::kBlocked);
  EXPECT_EQ(Case("a.after").found, "p.run");
}

TEST_F(ProducersTest, WhatItFoundExplainsOthersAndWhatItDidNotFindDoesNot) {
  const auto produce = [this](std::string_view script) {
    SetUp();
    checks_.clear();
    AddProducer();
    Add("a.effect");
    checks_.back().explained_by = {"p.whole"};
    Produce(script);
  };
  produce("verdict p.whole failed; verdict p.run passed; finish");
  EXPECT_EQ(Case("a.effect").verdict, Verdict::kBlocked);
  EXPECT_EQ(Case("a.effect").found, "p.whole");
  for (const std::string_view script : {"exit 0", "verdict p.run unsupported; finish", "verdict p.run passed; finish",
                                        "verdict p.whole passed; verdict p.run passed; finish"}) {
    produce(script);
    EXPECT_EQ(Case("a.effect").verdict, Verdict::kPassed) << script;
  }
}

TEST_F(ProducersTest, AnEndWithoutAVerdictIsAnError) {
  AddProducer();
  Produce("verdict p.whole passed; exit 0");
  EXPECT_EQ(Case("p.run").error_kind, "crash");
  EXPECT_THAT(Case("p.run").next, HasSubstr("defect of the check"));
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
  const std::filesystem::path go = recorder_->folder() / "go";
  auto earlier =
      StartBefore(absl::StrCat("planned p.case/x; verdict p.case/x failed\nwhile ! [ -e ", go.string(),
                               " ]; do sleep 0.05; done\nverdict p.whole passed; verdict p.run passed; finish"));
  ASSERT_OK(earlier);
  size_t said = 0;  // in as many pieces as it comes
  ASSERT_OK(RetryUntil(Deadline::After(absl::Seconds(20)), "what it says first", absl::Milliseconds(1), [&] {
    said += (*earlier)->ReadLines().size();
    return said >= 2 ? absl::OkStatus() : absl::UnavailableError("not yet");
  }));
  // As the journal of the killed runner has it.
  ASSERT_OK(recorder_->Record({{"event", "planned"}, {"check", "p.case/x"}}));
  ASSERT_OK(recorder_->Record({{"event", "finished"}, {"check", "p.case/x"}, {"verdict", "failed"}}));
  earlier->reset();
  ASSERT_OK(WriteFileAtomically(go, ""));
  producer_ = "exit 1";  // it must not be started a second time
  RunLoop::Result result = RunAgain();
  EXPECT_OK(result.recording);
  EXPECT_EQ(Case("p.case/x").verdict, Verdict::kFailed);
  EXPECT_EQ(Case("p.whole").verdict, Verdict::kPassed);
  EXPECT_EQ(Case("p.run").verdict, Verdict::kPassed);
}

TEST_F(ProducersTest, OneThatCameToItsEndWithoutARunnerIsReadToTheEnd) {
  auto earlier =
      StartBefore("planned p.case/x; verdict p.case/x failed; verdict p.whole failed; verdict p.run passed; finish");
  ASSERT_OK(earlier);
  AwaitEnd(**earlier);
  earlier->reset();
  producer_ = "exit 1";  // it must not be started a second time
  EXPECT_OK(RunAgain().recording);
  EXPECT_EQ(Case("p.case/x").verdict, Verdict::kFailed);
  EXPECT_EQ(Case("p.whole").verdict, Verdict::kFailed);
  EXPECT_EQ(Case("p.run").verdict, Verdict::kPassed);
  EXPECT_FALSE(std::filesystem::exists(Spool()));
}

TEST_F(ProducersTest, OneThatDiedWithoutARunnerStartsAnewAndWhatWasRedStaysTold) {
  for (const char* end : {"", "; verdict p.run passed", "; printf '{\"token\":\"p.run\",\"event\":\"done\"}' >&3",
                          R"(; printf '{"token":"other","event":"done"}\n' >&3)"}) {
    SCOPED_TRACE(end);
    SetUp();
    checks_.clear();
    auto earlier = StartBefore(absl::StrCat("planned p.case/x; verdict p.case/x failed; verdict p.whole failed", end));
    ASSERT_OK(earlier);
    AwaitEnd(**earlier);
    for (const char* event :
         {R"({"event":"planned","check":"p.case/x"})",
          R"({"event":"finished","check":"p.case/x","verdict":"failed","found":"red"})",
          R"({"event":"planned","check":"p.case/y"})", R"({"event":"finished","check":"p.case/y","verdict":"passed"})",
          R"({"event":"finished","check":"p.whole","verdict":"error","kind":"unreachable"})"}) {
      ASSERT_OK(recorder_->Record(nlohmann::json::parse(event)));
    }
    earlier->reset();
    producer_ = absl::StrCat(kSpeak,
                             "planned p.case/x; planned p.case/y; verdict p.case/x passed; verdict p.case/y passed\n"
                             "verdict p.whole passed; verdict p.run passed; finish");
    EXPECT_OK(RunAgain().recording);
    EXPECT_EQ(Case("p.run").verdict, Verdict::kPassed);
    EXPECT_EQ(Case("p.case/x").verdict, Verdict::kFlaky);
    ASSERT_THAT(Case("p.case/x").attempts, SizeIs(1));
    EXPECT_EQ(Case("p.case/x").attempts[0].found, "red");
    EXPECT_EQ(Case("p.case/y").verdict, Verdict::kPassed);
    EXPECT_EQ(Case("p.whole").verdict, Verdict::kFlaky);
    EXPECT_THAT(Case("p.whole").attempts, SizeIs(1));
  }
}

// Killed a second time, between the first try that is kept and the verdict.
TEST_F(ProducersTest, WhatWasRedStaysToldHoweverOftenItStartsAnew) {
  AddProducer();
  producers_outlive_ = true;
  for (const PlannedCheck& check : checks_) ASSERT_OK(recorder_->Record(ToEvent(check)));
  for (const char* event : {R"({"event":"planned","check":"p.case/x"})",
                            R"({"event":"retry","check":"p.case/x","verdict":"failed","found":"red"})"}) {
    ASSERT_OK(recorder_->Record(nlohmann::json::parse(event)));
  }
  producer_ = absl::StrCat(
      kSpeak, "planned p.case/x; verdict p.case/x passed; verdict p.whole passed; verdict p.run passed; finish");
  EXPECT_OK(RunAgain().recording);
  EXPECT_EQ(Case("p.case/x").verdict, Verdict::kFlaky);
}

TEST_F(ProducersTest, AnInterruptEndsIt) {
  AddProducer();
  std::thread interrupt([this] {
    while (ReadFile(Spool()).value_or("").empty()) std::this_thread::yield();
    kill(getpid(), SIGINT);
  });
  const RunLoop::Result result = Produce("planned p.case/x; sleep 60");
  interrupt.join();
  EXPECT_TRUE(result.interrupted);
  EXPECT_EQ(Case("p.run").error_kind, "not_run");
}

}  // namespace
}  // namespace tales
