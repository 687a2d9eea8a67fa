// Kubernetes' own conformance tests on a real API server: what the suite runs, what it says when they fail, when they
// are killed, and when the API server goes away for a while.
#include <signal.h>

#include <chrono>
#include <fstream>
#include <future>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "fixtures/local/assets.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/base/subprocess.h"
#include "nlohmann/json.hpp"
#include "suites/conformance/cluster_runner.h"
#include "suites/conformance/leftovers.h"
#include "suites/conformance/live_run.h"
#include "suites/conformance/required_tests.h"
#include "tests/real/forwarder.h"
#include "tests/real/local_cluster.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/conformance/fake_producer_context.h"

namespace tales::conformance {
namespace {

using nlohmann::json;
using ::testing::Contains;
using testing::ControlPlaneIsAvailable;
using testing::FakeProducerContext;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::LocalCluster;
using ::testing::Not;
using ::testing::SizeIs;

const char kLease[] = "[sig-node] Lease lease API should be available [Conformance]";
const char kVersion[] = "[sig-api-machinery] server version should find the server version [Conformance]";
const char kCertificates[] =
    "[sig-auth] Certificates API [Privileged:ClusterAdmin] should support CSR API operations [Conformance]";
const char kWatchers[] =
    "[sig-api-machinery] Watchers should observe add, update, and delete watch notifications on configmaps "
    "[Conformance]";  // 20 s
const char kTwoNodes[] = "[sig-architecture] Conformance Tests should have at least two untainted nodes [Conformance]";

const absl::StatusOr<std::filesystem::path>& E2eTest() {
  static const auto* const path = new absl::StatusOr<std::filesystem::path>(FindAsset(E2eTestAsset(), {}));
  return *path;
}

class ConformanceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!ControlPlaneIsAvailable().ok()) GTEST_SKIP() << "fixture local: " << ControlPlaneIsAvailable().message();
    if (!E2eTest().ok()) GTEST_SKIP() << E2eTest().status().message();
  }
  void StartCluster(const std::vector<FaultRequest>& faults = {}) {
    auto cluster = testing::StartLocalCluster(faults);
    ASSERT_OK(cluster);
    cluster_.emplace(*std::move(cluster));
    context_.emplace(cluster_->folder.path() / "e2e");
    ASSERT_OK_AND_ASSIGN(kube::Access access, kube::LoadKubeconfig(cluster_->access.kubeconfig, ""));
    ASSERT_OK_AND_ASSIGN(client_, kube::Client::Open(access));
  }
  LiveOptions Options(const std::vector<std::string>& names) {
    return {.e2e = {.program = *E2eTest(),
                    .kubeconfig = cluster_->access.kubeconfig,
                    .folder = context_->folder(),
                    .names = names}};
  }
  Verdict Told(const std::string& name) const {
    const auto found = context_->reported_.find("conformance.case/" + name);
    return found == context_->reported_.end() ? Verdict::kMissing : found->second.verdict();
  }
  static std::string Found(const Outcome& outcome) {
    return outcome.problems().empty() ? outcome.found() : outcome.problems()[0].found;
  }

  std::optional<LocalCluster> cluster_;
  std::optional<FakeProducerContext> context_;
  std::unique_ptr<kube::Client> client_;
};

TEST_F(ConformanceTest, TheBuiltInListIsThatOfTheProgram) {
  ASSERT_OK_AND_ASSIGN(const Finished listed, tales::Run({.argv = {E2eTest()->string(), "--list-conformance-tests"}},
                                                         Deadline::After(absl::Minutes(1))));
  // YAML: "  codename: '...'", folded where it is long. All that matters here is that each name is there, and no more.
  std::string text;
  for (std::string_view line : absl::StrSplit(listed.output, '\n')) {
    absl::StrAppend(&text, text.empty() ? "" : " ", absl::StripAsciiWhitespace(line));
  }
  size_t count = 0;
  for (size_t at = text.find("codename:"); at != std::string::npos; at = text.find("codename:", at + 1)) ++count;
  EXPECT_EQ(count, BuiltInTests().all.size());
  for (std::string name : BuiltInTests().all) {
    const std::string quoted = absl::StrReplaceAll(name, {{"'", "''"}});
    EXPECT_TRUE(absl::StrContains(text, absl::StrCat("codename: '", quoted, "'"))) << name;
  }
}

TEST_F(ConformanceTest, VerdictsComeAsTestsEndAndNothingIsLeftBehind) {
  ASSERT_NO_FATAL_FAILURE(StartCluster());
  const LiveResult result = LiveRun(*context_, Options({kLease, kVersion, kTwoNodes})).Run();
  EXPECT_EQ(result.run.verdict(), Verdict::kPassed) << Found(result.run);
  EXPECT_EQ(result.environment.verdict(), Verdict::kPassed) << Found(result.environment);
  EXPECT_EQ(Told(kLease), Verdict::kPassed);
  EXPECT_EQ(Told(kVersion), Verdict::kPassed);
  EXPECT_EQ(Told(kTwoNodes), Verdict::kFailed);
  EXPECT_THAT(Found(context_->reported_.at(std::string("conformance.case/") + kTwoNodes)),
              HasSubstr("no ready, schedulable nodes"));
  ASSERT_THAT(result.run_ids, SizeIs(1));

  // Of another run, so not ours to take away.
  const kube::Json other = {{"metadata", {{"name", "theirs"}, {"labels", {{"e2e-run", "0123"}}}}}};
  ASSERT_OK(client_->Create(kube::kNamespaces, "", other, false, Deadline::After(absl::Seconds(20))));
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> left,
                       RemoveLeftovers(*client_, result.run_ids, Deadline::After(absl::Minutes(1))));
  EXPECT_THAT(left, IsEmpty());
  ASSERT_OK_AND_ASSIGN(
      const std::vector<kube::Json> labelled,
      client_->List(kube::kNamespaces, "", {.label_selector = "e2e-run"}, Deadline::After(absl::Seconds(20))));
  std::vector<std::string> staying;  // what e2e.test has just deleted is on its way out
  for (const kube::Json& one : labelled) {
    if (!one["metadata"].contains("deletionTimestamp")) staying.push_back(one["metadata"]["name"].get<std::string>());
  }
  EXPECT_THAT(staying, ::testing::ElementsAre("theirs"));
}

TEST_F(ConformanceTest, SideBySideTheSameTestsRunOnceEach) {
  const auto ginkgo = FindAsset(*FindAssetByName("ginkgo"), {.may_build = false});
  if (!ginkgo.ok()) GTEST_SKIP() << testing::WhatLacks(ginkgo.status());
  ASSERT_NO_FATAL_FAILURE(StartCluster());
  LiveOptions options = Options({kLease, kVersion, kCertificates, kTwoNodes});
  options.e2e.ginkgo = *ginkgo;
  options.e2e.procs = 2;
  std::set<std::string> ids;
  options.on_namespaces = [&](const std::set<std::string>& names) {
    const auto found = RunIdsOf(*client_, names, Deadline::After(absl::Seconds(20)));
    if (found.ok()) ids.insert(found->begin(), found->end());
  };
  const LiveResult result = LiveRun(*context_, options).Run();
  EXPECT_EQ(result.run.verdict(), Verdict::kPassed) << Found(result.run);
  EXPECT_THAT(result.ran, SizeIs(4));
  EXPECT_THAT(result.failed, ::testing::ElementsAre(kTwoNodes));
  EXPECT_THAT(Found(context_->reported_.at(std::string("conformance.case/") + kTwoNodes)),
              HasSubstr("no ready, schedulable nodes"));
  EXPECT_THAT(ids, Not(IsEmpty()));
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> left,
                       RemoveLeftovers(*client_, {ids.begin(), ids.end()}, Deadline::After(absl::Minutes(1))));
  EXPECT_THAT(left, IsEmpty());
}

TEST_F(ConformanceTest, AnApiServerThatLacksAGroupFailsTheTestOfThatGroup) {
  ASSERT_NO_FATAL_FAILURE(StartCluster({{"local", "api-group-off", ""}}));
  const LiveResult result = LiveRun(*context_, Options({kLease, kCertificates})).Run();
  EXPECT_EQ(result.run.verdict(), Verdict::kPassed) << Found(result.run);
  EXPECT_EQ(Told(kLease), Verdict::kPassed);
  EXPECT_EQ(Told(kCertificates), Verdict::kFailed);
}

// The child of this process that runs e2e.test; 0 where there is none yet.
pid_t FindE2e() {
  std::ifstream children(absl::StrCat("/proc/self/task/", getpid(), "/children"));
  for (pid_t pid = 0; children >> pid;) {
    std::ifstream file(absl::StrCat("/proc/", pid, "/cmdline"));
    std::string command;
    std::getline(file, command, '\0');
    if (absl::EndsWith(command, "e2e.test")) return pid;
  }
  return 0;
}

TEST_F(ConformanceTest, AKilledProgramCostsTheTestThatItRan) {
  ASSERT_NO_FATAL_FAILURE(StartCluster());
  const std::filesystem::path log = context_->folder() / "e2e-1/e2e.log";
  auto killer = std::async(std::launch::async, [&] {
    return RetryUntil(Deadline::After(absl::Minutes(1)), "the long test", absl::Milliseconds(50),
                      [&]() -> absl::Status {
                        std::ifstream file(log);
                        const std::string text{std::istreambuf_iterator<char>(file), {}};
                        const pid_t pid = FindE2e();
                        if (!absl::StrContains(text, kWatchers) || pid == 0) return absl::UnavailableError("not yet");
                        return kill(pid, SIGKILL) == 0 ? absl::OkStatus() : absl::UnavailableError("no such process");
                      });
  });
  const LiveResult result = LiveRun(*context_, Options({kLease, kVersion, kWatchers})).Run();
  EXPECT_OK(killer.get());
  EXPECT_EQ(Told(kWatchers), Verdict::kError);
  EXPECT_EQ(Told(kLease), Verdict::kPassed);
  EXPECT_EQ(Told(kVersion), Verdict::kPassed);
  EXPECT_EQ(result.run.verdict(), Verdict::kPassed) << Found(result.run);
  ASSERT_OK_AND_ASSIGN(const std::vector<std::string> left,
                       RemoveLeftovers(*client_, result.run_ids, Deadline::After(absl::Minutes(1))));
  EXPECT_THAT(left, IsEmpty());
}

TEST_F(ConformanceTest, AnApiServerThatRestartsLeavesNoTestWithoutAVerdict) {
  ASSERT_NO_FATAL_FAILURE(StartCluster());
  ASSERT_OK_AND_ASSIGN(kube::Access access, kube::LoadKubeconfig(cluster_->access.kubeconfig, ""));
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<testing::Forwarder> forwarder, testing::Forwarder::Start(access.server));
  access.server = forwarder->url();
  const std::filesystem::path kubeconfig = cluster_->folder.path() / "forwarded";
  ASSERT_OK(WriteFileAtomically(kubeconfig, kube::WriteKubeconfig(access, "tales", "admin"), 0600));
  LiveOptions options = Options({kLease, kVersion, kWatchers});
  options.e2e.kubeconfig = kubeconfig;
  options.longest_test = absl::Minutes(2);
  auto restart = std::async(std::launch::async, [&] {
    std::this_thread::sleep_for(std::chrono::seconds(6));
    forwarder->Refuse(true);
    std::this_thread::sleep_for(std::chrono::seconds(4));
    forwarder->Refuse(false);
  });
  const LiveResult result = LiveRun(*context_, options).Run();
  restart.get();
  EXPECT_NE(result.run.verdict(), Verdict::kError) << Found(result.run);
  size_t verdicts = 0;
  for (const char* name : {kLease, kVersion, kWatchers}) verdicts += Told(name) == Verdict::kMissing ? 0 : 1;
  // Its set-up or its tests may have failed for it: told either way.
  EXPECT_TRUE(verdicts == 3 || result.run.verdict() == Verdict::kFailed || !result.began) << Found(result.run);
}

TEST_F(ConformanceTest, WhereNoNodeTakesThePodOfTheTestsItIsGivenUp) {
  ASSERT_NO_FATAL_FAILURE(StartCluster());
  ClusterRunner runner(*client_, {.settings = {.run = "r1", .tests_image = "a", .output_image = "b"},
                                  .unschedulable = absl::Seconds(2)});
  ASSERT_OK(runner.Prepare());
  const absl::Status started = runner.Start({.folder = context_->folder() / "e2e-1", .names = {kLease}}).status();
  EXPECT_THAT(started, testing::StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("no node takes it")));
  EXPECT_EQ(runner.Remove(Deadline::After(absl::Minutes(1))), "");
}

TEST_F(ConformanceTest, TheSampleIsGreenAndNoClaimOfConformance) {
  ASSERT_OK_AND_ASSIGN(const TemporaryFolder folder, TemporaryFolder::Make("tales-conformance-test"));
  const std::filesystem::path out = folder.path() / "run";
  ASSERT_OK_AND_ASSIGN(const Finished finished,
                       tales::Run({.argv = {TALES_PROGRAM, "verify", "--fixture", "local", "--suite", "conformance",
                                            "--suite", "pod_security", "--out", out.string()}},
                                  Deadline::After(absl::Minutes(20))));
  EXPECT_EQ(finished.exit_code, 0) << finished.output << finished.error_output;
  EXPECT_THAT(finished.output, HasSubstr("sample"));
  EXPECT_THAT(finished.output, Not(HasSubstr("conformant")));
  ASSERT_OK_AND_ASSIGN(const std::string text, ReadFile(out / "report.json"));
  const json report = json::parse(text, nullptr, false);
  int cases = 0;
  for (const json& check : report.value("checks", json::array())) {
    const std::string name = check.value("check", "");
    if (absl::StartsWith(name, "conformance.case/")) {
      ++cases;
      EXPECT_EQ(check.value("verdict", ""), "passed") << name;
    }
    if (name != "conformance.complete") continue;
    EXPECT_THAT(check.value("found", ""), HasSubstr("no claim of conformance"));
  }
  EXPECT_GE(cases, 40);
  EXPECT_TRUE(std::filesystem::exists(out / "producers/conformance.run/e2e-1/junit_01.xml"));
}

}  // namespace
}  // namespace tales::conformance
