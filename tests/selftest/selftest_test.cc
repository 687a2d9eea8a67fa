// The runner, judged from outside: exit code, journal, JUnit and report.json of a binary whose checks misbehave.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/selftest/selftest_fixture.h"

namespace tales {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(SelfTest, WhatPassesIsGreen) {
  const Finished run = Finish({});
  EXPECT_EQ(run.exit_code, 0) << run.output << run.error_output;
  EXPECT_THAT(run.output, HasSubstr("judged 4 of 4"));
  const auto cases = JUnit(Run());
  EXPECT_EQ(cases.size(), 4u);
  for (const auto& [name, type] : cases) EXPECT_EQ(type, "") << name;
  const std::vector<Json> journal = Journal();
  ASSERT_GE(journal.size(), 10u);
  EXPECT_EQ(journal.front()["event"], "run");
  for (const char* key :
       {"run", "version", "profile", "fixture", "simulated", "tier", "plan_sha256", "authority", "cluster"}) {
    EXPECT_TRUE(journal.front().contains(key)) << key;
  }
  EXPECT_EQ(journal.back()["event"], "end");
  EXPECT_EQ(journal.back()["exit"], 0);
}

TEST_F(SelfTest, EveryVerdictIsShownAsItIs) {
  EXPECT_EQ(Finish({"--suite", "odd"}).exit_code, 1);
  auto cases = JUnit(Run());
  EXPECT_EQ(cases["odd.fail"], "failure tales.failed");
  EXPECT_EQ(cases["odd.expect"], "failure tales.failed");
  EXPECT_EQ(cases["odd.assert"], "failure tales.failed");
  EXPECT_EQ(cases["odd.skip"], "skipped tales.unsupported");
  EXPECT_THAT(cases["odd.throw"], HasSubstr("error"));
  EXPECT_THAT(cases["odd.throw_int"], HasSubstr("error"));
  EXPECT_EQ(cases["odd.unsupported"], "skipped tales.unsupported");
  EXPECT_EQ(cases["odd.known"], "skipped tales.known");
  EXPECT_EQ(cases["odd.inconclusive"], "skipped tales.inconclusive");
  EXPECT_THAT(Of("odd.throw").value("found", ""), HasSubstr("thrown"));
  EXPECT_THAT(Of("odd.expect").value("found", ""), HasSubstr("arithmetic"));
}

TEST_F(SelfTest, NoSecretIsLeftAnywhere) {
  Finish({"--check", "odd.leak"});
  for (const auto& entry : std::filesystem::recursive_directory_iterator(Run())) {
    if (!entry.is_regular_file()) continue;
    const std::string content = ReadFile(entry.path()).value_or("");
    EXPECT_THAT(content, AllOf(Not(HasSubstr("0123456789abcdef\"")), Not(HasSubstr("hunter2")))) << entry.path();
  }
  EXPECT_TRUE(std::filesystem::exists(Run() / "artifacts" / "odd.leak"));
}

TEST_F(SelfTest, EvidenceIsKeptOnFailureOnlyAndCapped) {
  Finish({"--check", "odd.green", "--check", "odd.bulky"});
  EXPECT_FALSE(std::filesystem::exists(Run() / "artifacts" / "odd.green"));
  EXPECT_EQ(Of("odd.green").value("evidence", Json::array()).size(), 0u);
  const std::filesystem::path bulky = Run() / "artifacts" / "odd.bulky" / "bulky.log";
  ASSERT_TRUE(std::filesystem::exists(bulky));
  EXPECT_LT(std::filesystem::file_size(bulky), (1u << 20) + 100);
  EXPECT_THAT(ReadFile(bulky).value_or(""), HasSubstr("bytes left out"));
  EXPECT_THAT(ReadFile(Run() / "junit.xml").value_or(""), HasSubstr("[[ATTACHMENT|artifacts/odd.bulky/bulky.log]]"));
  EXPECT_THAT(ReadFile(Run() / "report.html").value_or(""), HasSubstr("href=\"./artifacts/odd.bulky/bulky.log\""));
}

TEST_F(SelfTest, TheBaselineIsOwed) {
  ASSERT_EQ(Finish({"--suite", "good"}).exit_code, 0);
  std::filesystem::rename(Run(), folder_->path() / "base");
  const std::string base = (folder_->path() / "base").string();

  const Finished same = Finish({"--suite", "good", "--baseline", base});
  EXPECT_EQ(same.exit_code, 0) << same.output << same.error_output;
  EXPECT_THAT(same.output, HasSubstr("no regression compared 4 with 4: 4 unchanged"));
  std::filesystem::remove_all(Run());

  // A check that this binary does not have any more.
  std::string journal = ReadFile(folder_->path() / "base" / "events.jsonl").value_or("");
  journal.insert(journal.rfind('\n', journal.find("\"event\":\"end\"")) + 1,
                 "{\"event\":\"finished\",\"check\":\"good.old/x\",\"verdict\":\"passed\"}\n"
                 "{\"event\":\"finished\",\"check\":\"odd.old\",\"verdict\":\"passed\"}\n");
  ASSERT_OK(WriteFileAtomically(folder_->path() / "base" / "events.jsonl", journal));
  const Finished fewer = Finish({"--suite", "good", "--baseline", base});
  EXPECT_EQ(fewer.exit_code, 1) << fewer.output << fewer.error_output;
  EXPECT_EQ(JUnit(Run())["good.old/x"], "error tales.missing");
  EXPECT_FALSE(JUnit(Run()).contains("odd.old")) << "nobody asked for its suite";
  EXPECT_EQ(Json::parse(ReadFile(Run() / "compare.json").value_or("null"), nullptr, false)["counts"]["missing"], 1);
  EXPECT_THAT(ReadFile(Run() / "compare.md").value_or(""), HasSubstr("good.old/x"));
  std::filesystem::remove_all(Run());

  const Finished none = Finish({"--baseline", (folder_->path() / "none").string()});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.error_output, HasSubstr("--baseline"));
  EXPECT_FALSE(std::filesystem::exists(Run())) << "before anything was touched";
}

TEST_F(SelfTest, ACrashCostsTheCheckThatCrashed) {
  EXPECT_EQ(Finish({"--suite", "crash"}).exit_code, 1);
  auto cases = JUnit(Run());
  for (const char* name : {"crash.segv", "crash.abort", "crash.exit0", "crash.exit1", "crash.terminate"}) {
    EXPECT_EQ(cases[name], "error tales.crash") << name;
  }
  EXPECT_EQ(cases["crash.after"], "");
  const Json evidence = Of("crash.abort").value("evidence", Json::array());
  ASSERT_EQ(evidence.size(), 1u);
  EXPECT_THAT(ReadFile(Run() / evidence[0].get<std::string>()).value_or(""), HasSubstr("last words"));
}

TEST_F(SelfTest, ALieIsNeverGreen) {
  EXPECT_EQ(Finish({"--suite", "lie"}).exit_code, 1);
  auto cases = JUnit(Run());
  for (const char* name : {"lie.forged", "lie.forged_exit", "lie.other", "lie.garbage", "lie.endless", "lie.closes"}) {
    EXPECT_THAT(cases[name], HasSubstr("error")) << name;
  }
  EXPECT_EQ(cases["lie.honest"], "");
}

TEST_F(SelfTest, AHangIsKilledAndTheOthersGoOn) {
  EXPECT_EQ(Finish({"--check", "slow.hang", "--check", "slow.next"}).exit_code, 1);
  EXPECT_EQ(JUnit(Run())["slow.hang"], "error tales.timeout");
  EXPECT_EQ(JUnit(Run())["slow.next"], "");
}

TEST_F(SelfTest, SettlingIsWaitedForAndEnds) {
  EXPECT_EQ(Finish({"--check", "slow.settles", "--settle", "20s"}).exit_code, 0);
  std::filesystem::remove_all(Run());
  EXPECT_EQ(Finish({"--check", "slow.never", "--check", "slow.next", "--settle", "1s"}).exit_code, 1);
  EXPECT_EQ(Verdict("slow.never"), "failed");
  EXPECT_EQ(Verdict("slow.next"), "passed");
}

TEST_F(SelfTest, WhatWaitingCannotMendIsNotWaitedFor) {
  const absl::Time start = absl::Now();
  EXPECT_EQ(Finish({"--check", "slow.final", "--settle", "60s"}).exit_code, 1);
  EXPECT_LT(absl::Now() - start, absl::Seconds(30));
}

TEST_F(SelfTest, AKilledWorkersTemporaryFoldersGoToo) {
  Finish({"--check", "slow.hoards"});
  const std::string hoard = ReadFile(Run() / "fixture" / "hoard").value_or("");
  ASSERT_NE(hoard, "");
  EXPECT_FALSE(std::filesystem::exists(hoard));
}

TEST_F(SelfTest, WhatAKilledRunLeavesTheNextOneRemoves) {
  const std::filesystem::path place = folder_->path() / "tmp", abandoned = place / "tales-workers-xxxxxx";
  std::filesystem::create_directories(abandoned / "secret");
  std::filesystem::create_directories(place / "tales-workers-young");
  const timespec hour_ago[] = {{time(nullptr) - 3600, 0}, {time(nullptr) - 3600, 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, abandoned.c_str(), hour_ago, 0), 0);
  Command command = Verify({});
  command.environment["TMPDIR"] = place.string();
  ASSERT_OK(tales::Run(command, Deadline::After(absl::Seconds(60))));
  std::vector<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(place)) left.push_back(entry.path().filename());
  EXPECT_THAT(left, ::testing::ElementsAre("tales-workers-young"));
}

TEST_F(SelfTest, OneRedRootIsOneFailureWithAList) {
  EXPECT_EQ(Finish({"--suite", "root"}).exit_code, 1);
  auto cases = JUnit(Run());
  EXPECT_EQ(cases["root.api/worker"], "failure tales.failed");
  EXPECT_EQ(cases["root.child/worker"], "skipped tales.blocked");
  EXPECT_EQ(cases["root.grandchild/worker"], "skipped tales.blocked");
  EXPECT_EQ(cases["root.grandchild/control"], "");
  EXPECT_EQ(Of("root.grandchild/worker").value("found", ""), "root.api/worker");
}

TEST_F(SelfTest, OneRetryForWhatIsMarkedWhereFewFailed) {
  EXPECT_EQ(Finish({"--check", "flaky.once"}).exit_code, 0);
  EXPECT_EQ(Verdict("flaky.once"), "flaky");
  std::filesystem::remove_all(Run());
  EXPECT_EQ(Finish({"--suite", "flaky"}).exit_code, 1);
  EXPECT_EQ(Verdict("flaky.always"), "failed");
  EXPECT_EQ(ReadFile(Run() / "fixture" / "crashes").value_or(""), "x");
  std::filesystem::remove_all(Run());
  EXPECT_EQ(Finish({"--suite", "many"}).exit_code, 1);
  EXPECT_EQ(Verdict("many.retryable"), "failed");
}

TEST_F(SelfTest, KnownIssuesRule) {
  EXPECT_EQ(Finish({"--check", "ledger.fails", "--check", "ledger.passes"}).exit_code, 0);
  EXPECT_EQ(Verdict("ledger.fails"), "known");
  EXPECT_EQ(Of("ledger.fails").value("issue", ""), "wine");
  EXPECT_THAT(Of("ledger.fails").value("found", ""), HasSubstr("wine"));
  EXPECT_EQ(Verdict("ledger.passes"), "resolved");
  std::filesystem::remove_all(Run());
  EXPECT_EQ(Finish({"--suite", "ledger"}).exit_code, 1);
  EXPECT_EQ(Verdict("ledger.expired"), "failed");
  EXPECT_THAT(Of("ledger.expired").value("found", ""), HasSubstr("2020-12-31"));
  EXPECT_EQ(Verdict("ledger.crashes"), "error");
}

TEST_F(SelfTest, Tiers) {
  EXPECT_EQ(Finish({"--suite", "tier"}).exit_code, 3);
  EXPECT_EQ(Verdict("tier.create"), "unsupported");
  EXPECT_EQ(Verdict("tier.namespaced"), "unsupported");
  std::filesystem::remove_all(Run());
  EXPECT_EQ(Finish({"--suite", "tier", "--allow", "disruptive"}).exit_code, 0);
  std::filesystem::remove_all(Run());
  const Finished refused = Finish({"--profile", "creating"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.error_output, HasSubstr("--allow create"));
  EXPECT_FALSE(std::filesystem::exists(Run() / "events.jsonl"));
}

TEST_F(SelfTest, UsageErrors) {
  EXPECT_EQ(tales::Run({.argv = {TALES_SELFTEST, "verify"}}, Deadline::After(absl::Seconds(20)))->exit_code, 2);
  EXPECT_EQ(Finish({"--check", "good.oen"}).exit_code, 2);
  EXPECT_EQ(Finish({"--settle", "soon"}).exit_code, 2);
  EXPECT_EQ(Finish({"--profile", "weekly"}).exit_code, 2);
  EXPECT_EQ(Finish({"--no-such-flag"}).exit_code, 2);
  EXPECT_EQ(Finish({"--profile", "demanding"}).exit_code, 1);
  const Finished again = Finish({});
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_THAT(again.error_output, HasSubstr("--resume"));
}

TEST_F(SelfTest, MistakesAreFoundBeforeAFixtureIsStoodUp) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> mistakes = {
      {{"--suite", "god"}, "--suite god: matches nothing; did you mean good"},
      {{"--check", "nope.*"}, "--check nope.*: matches nothing; `tales list`"},
      {{"--profile", "nope"}, "--profile nope: no such profile"},
      {{"--import", "/nonexist"}, "--import /nonexist: is not there"},
      {{"--kubeconfig", "/nonexist"}, "--kubeconfig /nonexist: fixture none makes a cluster of its own"},
      {{"--talosconfig", "/nonexist"}, "add --fixture adopt, or leave the flag out"},
      {{"--kubernetes-context", "other"}, "--kubernetes-context other: "},
      {{"--talos-context", "other"}, "--talos-context other: "},
      {{"--vm-settings", "/nonexist"}, "--vm-settings /nonexist: "}};
  for (const auto& [arguments, says] : mistakes) {
    Command broken = Verify(arguments);
    if (arguments[0] == "--suite" || arguments[0] == "--check" || arguments[0] == "--profile")
      broken.argv[3] = "broken";
    const auto finished = tales::Run(broken, Deadline::After(absl::Seconds(20)));
    ASSERT_OK(finished);
    EXPECT_EQ(finished->exit_code, 2) << says << "\n" << finished->output;
    EXPECT_THAT(finished->error_output, HasSubstr(says));
    EXPECT_FALSE(std::filesystem::exists(Run())) << says;
  }
}

TEST_F(SelfTest, WhatAFixtureRefusesLeavesTheFolderFree) {
  Command picky = Verify({});
  picky.argv[3] = "picky";
  const auto finished = tales::Run(picky, Deadline::After(absl::Seconds(20)));
  ASSERT_OK(finished);
  EXPECT_EQ(finished->exit_code, 2) << finished->output;
  EXPECT_THAT(finished->error_output, HasSubstr("it has no such fault"));
  EXPECT_EQ(Finish({}).exit_code, 0) << "the corrected command";
}

TEST_F(SelfTest, FixturesThatDoNotComeUpOrDie) {
  Command broken = Verify({});
  broken.argv[3] = "broken";
  const auto finished = tales::Run(broken, Deadline::After(absl::Seconds(20)));
  ASSERT_OK(finished);
  EXPECT_EQ(finished->exit_code, 3);
  EXPECT_EQ(JUnit(Run())["fixture.up"], "error tales.fixture");
  std::filesystem::remove_all(Run());
  Command dying = Verify({"--check", "slow.sleeps"});
  dying.argv[3] = "dying";
  auto child = Child::Start({.command = dying});
  ASSERT_OK(child);
  AwaitStarted("slow.sleeps");
  ASSERT_OK(WriteFileAtomically(Run() / "dead", ""));
  const auto end = child->Wait(Deadline::After(absl::Seconds(15)));
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->exit_code, 3);
  EXPECT_EQ(JUnit(Run())["slow.sleeps"], "error tales.fixture");
}

TEST_F(SelfTest, KilledRunnerLeavesARedReportAndNoWorker) {
  auto child = Child::Start({.command = Verify({"--check", "slow.sleeps", "--check", "good.one", "--jobs", "1"})});
  ASSERT_OK(child);
  AwaitStarted("slow.sleeps");
  const pid_t runner = child->pid();
  std::vector<pid_t> workers;
  const std::string children = ReadFile(absl::StrCat("/proc/", runner, "/task/", runner, "/children")).value_or("");
  for (const std::string& pid : Split(children, ' ')) workers.push_back(std::stoi(pid));
  EXPECT_FALSE(workers.empty());
  kill(runner, SIGKILL);
  ASSERT_TRUE(child->Wait(Deadline::After(absl::Seconds(10))).has_value());
  for (const pid_t worker : workers) {
    EXPECT_OK(RetryUntil(Deadline::After(absl::Seconds(5)), "the worker's end", absl::Milliseconds(20), [&] {
      return kill(worker, 0) != 0 ? absl::OkStatus() : absl::UnavailableError("still there");
    }));
  }
  EXPECT_EQ(JUnit(Run())["slow.sleeps"], "error tales.not_run");

  // And it can be gone on with: what was judged stays, the rest is judged now.
  const auto resumed =
      tales::Run({.argv = {TALES_SELFTEST, "verify", "--resume", Run().string()}}, Deadline::After(absl::Seconds(60)));
  ASSERT_OK(resumed);
  EXPECT_EQ(resumed->exit_code, 0) << resumed->output << resumed->error_output;
  EXPECT_EQ(Verdict("slow.sleeps"), "passed");
}

TEST_F(SelfTest, InterruptedRunEndsInOrder) {
  auto child = Child::Start({.command = Verify({"--check", "slow.sleeps"})});
  ASSERT_OK(child);
  AwaitStarted("slow.sleeps");
  kill(child->pid(), SIGINT);
  const auto end = child->Wait(Deadline::After(absl::Seconds(10)));
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->exit_code, 130);
  EXPECT_EQ(Journal().back()["exit"], 130);
  EXPECT_EQ(JUnit(Run())["slow.sleeps"], "error tales.not_run");
}

TEST_F(SelfTest, ResumeTakesStrictAndRefusesWhatItWouldIgnore) {
  ASSERT_EQ(Finish({"--check", "good.one", "--check", "odd.inconclusive"}).exit_code, 0);
  const auto resume = [&](std::vector<std::string> more) {
    Command command{.argv = {TALES_SELFTEST, "verify", "--resume", Run().string()}};
    command.argv.insert(command.argv.end(), more.begin(), more.end());
    return tales::Run(command, Deadline::After(absl::Seconds(30))).value_or(Finished{});
  };
  const Finished refused = resume({"--suite", "good", "--profile", "post-install", "--strict"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.error_output, AllOf(HasSubstr("leave --profile, --suite out"), Not(HasSubstr("--strict,"))));
  EXPECT_EQ(resume({"--jobs", "1"}).exit_code, 0);
  EXPECT_EQ(resume({"--strict"}).exit_code, 1);
  Json last;
  for (const Json& event : Journal()) {
    if (event.value("event", "") == "run") last = event;
  }
  EXPECT_TRUE(last.value("strict", false));
  EXPECT_EQ(Journal().back()["exit"], 1);
  EXPECT_EQ(JUnit(Run())["odd.inconclusive"], "failure tales.inconclusive");
  EXPECT_EQ(resume({}).exit_code, 1) << "it stays so";
}

TEST_F(SelfTest, ResumeRefusesAnotherRun) {
  EXPECT_EQ(Finish({}).exit_code, 0);
  std::string journal = ReadFile(Run() / "events.jsonl").value_or("");
  const size_t digest = journal.find("\"plan_sha256\":\"") + 15;
  journal[digest] = journal[digest] == '0' ? '1' : '0';
  ASSERT_OK(WriteFileAtomically(Run() / "events.jsonl", journal));
  const auto refused =
      tales::Run({.argv = {TALES_SELFTEST, "verify", "--resume", Run().string()}}, Deadline::After(absl::Seconds(20)));
  ASSERT_OK(refused);
  EXPECT_EQ(refused->exit_code, 2);
  EXPECT_THAT(refused->error_output, HasSubstr("plan_sha256"));
}

// The fixture's cluster has no nodes that tell when they were started.
TEST_F(SelfTest, ResumeDoesNotGoOnWhereNobodyKnowsWhetherNodesWereStartedSince) {
  EXPECT_EQ(Finish({}).exit_code, 0);
  std::string journal = ReadFile(Run() / "events.jsonl").value_or("");
  const size_t place = journal.find("\"boot_ids\":{}");
  ASSERT_NE(place, std::string::npos);
  journal.replace(place, 13, R"("boot_ids":{"worker":"1"})");
  ASSERT_OK(WriteFileAtomically(Run() / "events.jsonl", journal));
  const auto refused =
      tales::Run({.argv = {TALES_SELFTEST, "verify", "--resume", Run().string()}}, Deadline::After(absl::Seconds(20)));
  ASSERT_OK(refused);
  EXPECT_EQ(refused->exit_code, 3);
  EXPECT_THAT(refused->error_output, HasSubstr("no node tells when it was started"));
  EXPECT_EQ(ReadFile(Run() / "events.jsonl").value_or(""), journal);
}

TEST_F(SelfTest, AFolderThatCannotBeWrittenIsTrouble) {
  Command command = Verify({}, /*with_out=*/false);
  command.argv.insert(command.argv.end(), {"--out", "/proc/tales-cannot-be"});
  const auto finished = tales::Run(command, Deadline::After(absl::Seconds(20)));
  ASSERT_OK(finished);
  EXPECT_EQ(finished->exit_code, 3);
  EXPECT_THAT(finished->error_output, HasSubstr("/proc/tales-cannot-be"));
}

TEST_F(SelfTest, NobodyListensToStandardOutput) {
  std::string line =
      absl::StrCat(TALES_SELFTEST, " verify --fixture none --out ", Run().string(), " | true; exit ${PIPESTATUS[0]}");
  const auto finished = tales::Run({.argv = {"/bin/bash", "-c", line}}, Deadline::After(absl::Seconds(20)));
  ASSERT_OK(finished);
  EXPECT_EQ(finished->exit_code, 0) << finished->error_output;
  EXPECT_EQ(JUnit(Run()).size(), 4u);
}

TEST_F(SelfTest, TwoRunsAtOnce) {
  Command second = Verify({}, /*with_out=*/false);
  second.argv.insert(second.argv.end(), {"--out", (folder_->path() / "second").string()});
  auto child = Child::Start({.command = second});
  ASSERT_OK(child);
  EXPECT_EQ(Finish({}).exit_code, 0);
  const auto end = child->Wait(Deadline::After(absl::Seconds(30)));
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->exit_code, 0);
  EXPECT_EQ(JUnit(folder_->path() / "second").size(), 4u);
}

TEST_F(SelfTest, ListIsForProgramsToo) {
  const auto list = tales::Run({.argv = {TALES_SELFTEST, "list", "--json"}}, Deadline::After(absl::Seconds(20)));
  ASSERT_OK(list);
  const Json checks = Json::parse(list->output, nullptr, false);
  ASSERT_TRUE(checks.is_array());
  for (const char* key : {"check", "question", "instances", "tier", "requires", "after", "faults"}) {
    EXPECT_TRUE(checks[0].contains(key)) << key;
  }
}

}  // namespace
}  // namespace tales
