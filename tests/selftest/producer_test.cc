// Producers, judged from outside: what they bring forth, and what is left of them when somebody is killed.
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/selftest/selftest_fixture.h"

namespace tales {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kOne[] = "produce.case/one";
constexpr char kTwo[] = "produce.case/two (with [brackets])";

class ProducerSelfTest : public SelfTest {
 protected:
  Finished Produce(const std::string& behaviour) { return Finish({"--suite", "produce", "--conformance", behaviour}); }
  // A run whose producer waits, killed with it in mid-air.
  void KillRunnerOf(const std::string& behaviour, const std::string& fixture = "none") {
    Command command = Verify({"--suite", "produce", "--conformance", behaviour});
    command.argv[3] = fixture;
    auto child = Child::Start({.command = command});
    ASSERT_OK(child);
    AwaitFinished(kOne);
    // The reports follow the journal at some distance.
    ASSERT_OK(RetryUntil(Deadline::After(absl::Seconds(20)), "junit.xml", absl::Milliseconds(20), [&] {
      return JUnit(Run()).contains(kTwo) ? absl::OkStatus() : absl::NotFoundError("not there yet");
    }));
    kill(child->pid(), SIGKILL);
    ASSERT_TRUE(child->Wait(Deadline::After(absl::Seconds(10))).has_value());
  }
  void AwaitFinished(const std::string& check) {
    ASSERT_OK(RetryUntil(Deadline::After(absl::Seconds(20)), check, absl::Milliseconds(20), [&] {
      for (const Json& event : Journal()) {
        if (event.is_object() && event.value("event", "") == "finished" && event.value("check", "") == check) {
          return absl::OkStatus();
        }
      }
      return absl::NotFoundError("no verdict yet");
    }));
  }
  Finished Resume() {
    const auto resumed = tales::Run({.argv = {TALES_SELFTEST, "verify", "--resume", Run().string()}},
                                    Deadline::After(absl::Seconds(60)));
    EXPECT_OK(resumed);
    return resumed.value_or(Finished{});
  }
  std::filesystem::path Go() const { return Run() / "producers" / "produce.run" / "go"; }
  std::filesystem::path Spool() const { return Run() / "producers" / "produce.run" / "spool.jsonl"; }
  int Group() const { return std::stoi(ReadFile(Spool().string() + ".group").value_or("0")); }
};

TEST_F(ProducerSelfTest, ItsVerdictsAreCasesOfTheRun) {
  const Finished run = Produce("sample");
  EXPECT_EQ(run.exit_code, 0) << run.output << run.error_output;
  const auto cases = JUnit(Run());
  EXPECT_EQ(cases.size(), 4u);
  for (const char* name : {"produce.run", "produce.whole", kOne, kTwo}) {
    ASSERT_EQ(cases.count(name), 1u) << name;
    EXPECT_EQ(cases.at(name), "") << name;
  }
  EXPECT_THAT(run.output, HasSubstr("judged 4 of 4"));
}

TEST_F(ProducerSelfTest, NotAskedForIsUnsupported) {
  EXPECT_EQ(Finish({"--suite", "produce", "--suite", "good"}).exit_code, 0);
  EXPECT_EQ(Verdict("produce.run"), "unsupported");
  EXPECT_EQ(Verdict("produce.whole"), "unsupported");
}

TEST_F(ProducerSelfTest, WhatAFlagAsksForIsDoneOrFailsTheRun) {
  EXPECT_EQ(Finish({"--suite", "good", "--conformance", "sample"}).exit_code, 0);
  EXPECT_EQ(Verdict(kOne), "passed");
  std::filesystem::remove_all(Run());
  EXPECT_EQ(Finish({"--conformance", "lacks"}).exit_code, 1);
  EXPECT_EQ(JUnit(Run())["produce.run"], "error tales.unsupported");
  std::filesystem::remove_all(Run());
  const Finished refused = Finish({"--conformance", "creates"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.error_output, AllOf(HasSubstr("--conformance creates needs tier create"), HasSubstr("--allow")));
  EXPECT_FALSE(std::filesystem::exists(Run() / "events.jsonl"));
  EXPECT_EQ(Finish({"--conformance", "creates", "--allow", "create"}).exit_code, 0);
}

TEST_F(ProducerSelfTest, ACrashLosesWhatWasNotSaidYet) {
  EXPECT_EQ(Produce("crash").exit_code, 1);
  auto cases = JUnit(Run());
  EXPECT_EQ(cases["produce.run"], "error tales.crash");
  EXPECT_EQ(cases[kOne], "");
  EXPECT_EQ(cases[kTwo], "skipped tales.blocked");
  EXPECT_EQ(cases["produce.whole"], "skipped tales.blocked");
}

TEST_F(ProducerSelfTest, WhatItForgetsOrThrowsIsAnError) {
  EXPECT_EQ(Produce("forgets").exit_code, 1);
  EXPECT_EQ(JUnit(Run())["produce.whole"], "error tales.not_run");
  std::filesystem::remove_all(Run());
  EXPECT_EQ(Produce("throw").exit_code, 1);
  EXPECT_EQ(JUnit(Run())["produce.run"], "error tales.exception");
  EXPECT_THAT(Of("produce.run").value("found", ""), HasSubstr("thrown"));
}

TEST_F(ProducerSelfTest, WhatPassedOnItsSecondTryIsFlakyAndTellsTheFirst) {
  EXPECT_EQ(Produce("flaky").exit_code, 0);
  EXPECT_EQ(Verdict(kTwo), "flaky");
  const std::string junit = ReadFile(Run() / "junit.xml").value_or("");
  EXPECT_THAT(junit, AllOf(HasSubstr("<flakyFailure"), HasSubstr("none at first")));
}

TEST_F(ProducerSelfTest, WorkThatTakesAllItsTimeLeavesTimeToCleanUp) {
  EXPECT_EQ(Finish({"--suite", "tidy"}).exit_code, 0);
  EXPECT_EQ(Verdict("tidy.run"), "passed");
}

TEST_F(ProducerSelfTest, NoSecretIsLeftAnywhere) {
  EXPECT_EQ(Produce("leak").exit_code, 1);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(Run())) {
    if (!entry.is_regular_file()) continue;
    EXPECT_THAT(ReadFile(entry.path()).value_or(""),
                AllOf(Not(HasSubstr("0123456789abcdef\"")), Not(HasSubstr("hunter2"))))
        << entry.path();
  }
}

TEST_F(ProducerSelfTest, ItOutlivesAKilledRunnerAndIsGoneOnWith) {
  KillRunnerOf("waits");
  EXPECT_EQ(JUnit(Run())[kTwo], "error tales.not_run");
  ASSERT_OK(WriteFileAtomically(Go(), ""));
  const Finished resumed = Resume();
  EXPECT_EQ(resumed.exit_code, 0) << resumed.output << resumed.error_output;
  EXPECT_EQ(Verdict("produce.run"), "passed");
  EXPECT_EQ(Verdict(kOne), "passed");
  EXPECT_EQ(Verdict(kTwo), "passed");
}

TEST_F(ProducerSelfTest, OneThatCameToItsEndMeanwhileIsNotRunAgain) {
  KillRunnerOf("waits");
  ASSERT_OK(WriteFileAtomically(Go(), ""));
  const int spool = open(Spool().c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(spool, 0);
  EXPECT_EQ(flock(spool, LOCK_SH), 0);  // held by its process until that ends
  close(spool);
  const Finished resumed = Resume();
  EXPECT_EQ(resumed.exit_code, 0) << resumed.output << resumed.error_output;
  EXPECT_EQ(Verdict("produce.run"), "passed");
  EXPECT_EQ(Verdict(kTwo), "passed");
  const std::vector<Json> journal = Journal();
  EXPECT_EQ(std::count_if(journal.begin(), journal.end(),
                          [](const Json& event) {
                            return event.value("event", "") == "started" && event.value("check", "") == "produce.run";
                          }),
            1);
}

TEST_F(ProducerSelfTest, OneThatIsGoneTooStartsAnew) {
  KillRunnerOf("waits");
  ASSERT_GT(Group(), 1);
  kill(-Group(), SIGKILL);
  ASSERT_OK(WriteFileAtomically(Go(), ""));
  EXPECT_EQ(Resume().exit_code, 0);
  EXPECT_EQ(Verdict(kTwo), "passed");
}

TEST_F(ProducerSelfTest, AClusterThatDoesNotAnswerLeavesTheRunAsItWas) {
  KillRunnerOf("waits", "dying");
  ASSERT_OK(WriteFileAtomically(Run() / "dead", ""));
  const std::string journal = ReadFile(Run() / "events.jsonl").value_or("");
  const Finished refused = Resume();
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_THAT(refused.error_output, AllOf(HasSubstr("the cluster fell over"), HasSubstr("nothing was recorded")));
  EXPECT_EQ(ReadFile(Run() / "events.jsonl").value_or(""), journal);
  std::filesystem::remove(Run() / "dead");
  ASSERT_OK(WriteFileAtomically(Go(), ""));
  EXPECT_EQ(Resume().exit_code, 0);
  EXPECT_EQ(Verdict(kTwo), "passed");
}

TEST_F(ProducerSelfTest, WhatWasRedBeforeItStartedAnewIsNoCleanPass) {
  KillRunnerOf("mends");
  ASSERT_GT(Group(), 1);
  kill(-Group(), SIGKILL);
  ASSERT_OK(WriteFileAtomically(Go(), ""));
  EXPECT_EQ(Resume().exit_code, 0);
  EXPECT_EQ(Verdict(kOne), "flaky");
  EXPECT_THAT(ReadFile(Run() / "junit.xml").value_or(""), AllOf(HasSubstr("<flakyFailure"), HasSubstr("not mended")));
}

TEST_F(ProducerSelfTest, AnInterruptLetsItTakeAwayWhatItMade) {
  auto child = Child::Start({.command = Verify({"--suite", "produce", "--conformance", "waits"})});
  ASSERT_OK(child);
  AwaitFinished(kOne);
  kill(child->pid(), SIGINT);
  const auto end = child->Wait(Deadline::After(absl::Seconds(15)));
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->exit_code, 130);
  EXPECT_TRUE(std::filesystem::exists(Go().parent_path() / "taken away"));
  EXPECT_EQ(JUnit(Run())["produce.run"], "error tales.not_run");
  EXPECT_EQ(JUnit(Run())[kOne], "");
  // What it said on its way out is no end: it is begun once more.
  ASSERT_OK(WriteFileAtomically(Go(), ""));
  EXPECT_EQ(Resume().exit_code, 0);
  EXPECT_EQ(JUnit(Run())["produce.run"], "");
}

TEST_F(ProducerSelfTest, AnInterruptLeavesAloneWhatGoesOnWithoutIt) {
  auto child = Child::Start({.command = Verify({"--suite", "resumable"})});
  ASSERT_OK(child);
  const std::filesystem::path folder = Run() / "producers" / "resumable.run";
  ASSERT_OK(RetryUntil(Deadline::After(absl::Seconds(20)), "the producer", absl::Milliseconds(20), [&folder] {
    return std::filesystem::exists(folder / "begun") ? absl::OkStatus() : absl::UnavailableError("not yet");
  }));
  kill(child->pid(), SIGINT);
  const auto end = child->Wait(Deadline::After(absl::Seconds(15)));
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->exit_code, 130);
  EXPECT_FALSE(std::filesystem::exists(folder / "taken away"));
}

TEST_F(ProducerSelfTest, ASecondInterruptWaitsForNobody) {
  auto child = Child::Start({.command = Verify({"--suite", "produce", "--conformance", "slow"})});
  ASSERT_OK(child);
  AwaitFinished(kOne);
  kill(child->pid(), SIGINT);
  EXPECT_FALSE(child->Wait(Deadline::After(absl::Milliseconds(300))).has_value());
  kill(child->pid(), SIGINT);
  const auto end = child->Wait(Deadline::After(absl::Seconds(5)));
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->exit_code, 130);
  EXPECT_EQ(JUnit(Run())["produce.run"], "error tales.not_run");
}

}  // namespace
}  // namespace tales
