// `cilium connectivity test` and `cilium status` on two real nodes with a real Cilium: what we make of them, and what
// is left of them afterwards.
#include <filesystem>
#include <future>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "fixtures/local/assets.h"
#include "fixtures/local/node/lab_network.h"
#include "fixtures/local/node/prerequisites.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/base/subprocess.h"
#include "harness/kube/client.h"
#include "nlohmann/json.hpp"
#include "suites/connectivity/cli_run.h"
#include "suites/connectivity/producer.h"
#include "suites/connectivity/test_namespaces.h"
#include "tests/real/local_cluster.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/conformance/fake_producer_context.h"

namespace tales::connectivity {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using testing::FakeProducerContext;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::LocalCluster;
using ::testing::Not;

constexpr char kNamespace[] = "cilium-test-1";
constexpr kube::ResourcePath kKinds[] = {kube::kDeployments, kube::kDaemonSets, kube::kServices, kube::kPods};

absl::Status Available() {
  absl::Status found = testing::NodesAreAvailable();
  if (found.ok()) found = testing::CiliumIsAvailable();
  if (found.ok()) found = FindAsset(CiliumCliAsset(), {.may_build = false}).status();
  if (!found.ok()) return absl::Status(found.code(), testing::WhatLacks(found));
  for (const Prerequisite& missing : MissingForNodes(Cni::kCilium, /*nodes=*/2, Deadline::After(absl::Minutes(1)))) {
    return absl::NotFoundError(absl::StrCat(missing.what, ": ", missing.how));
  }
  return found;
}

class ConnectivityTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (const absl::Status available = Available(); !available.ok()) {
      GTEST_SKIP() << "a real Cilium and its CLI: " << available.message();
    }
    auto cluster = testing::StartLocalCluster({}, fs::path(TALES_CLUSTERS) / "local-cilium.yaml");
    ASSERT_OK(cluster);
    cluster_.emplace(*std::move(cluster));
    cluster_->access.granted = Tier::kCreate;
    Begin();
  }
  // A run of its own, on the same cluster.
  void Begin() {
    auto folder = TemporaryFolder::Make("tales-connectivity-test");
    ASSERT_OK(folder);
    folder_.emplace(*std::move(folder));
    context_.emplace(folder_->path());
    context_->deadline_ = Deadline::After(absl::Minutes(30));
    ASSERT_OK_AND_ASSIGN(context_->cluster_, Cluster::Open(cluster_->access));
    client_ = context_->cluster_->kube();
  }
  RunOptions Options(const std::string& tests) {
    return {.cli = {.program = cluster_->access.tools.at("cilium"),
                    .kubeconfig = cluster_->access.kubeconfig,
                    .folder = folder_->path() / "run",
                    .tests = tests,
                    .workloads = context_->cluster_->definition().workloads}};
  }
  Outcome Produce(const std::string& tests) {
    context_->inputs_.connectivity = tests;
    return ConnectivityProducer().produce(*context_);
  }
  static std::string Found(const Outcome& outcome) {
    return outcome.problems().empty() ? outcome.found() : outcome.problems()[0].found;
  }
  Deadline Soon() { return Deadline::After(absl::Seconds(30)); }
  std::vector<std::string> ObjectsInNamespace() {
    std::vector<std::string> names;
    for (const kube::ResourcePath& kind : kKinds) {
      const auto objects = client_->List(kind, kNamespace, {}, Soon());
      EXPECT_OK(objects);
      if (!objects.ok()) continue;
      for (const kube::Json& one : *objects) names.push_back(one["metadata"]["name"].get<std::string>());
    }
    return names;
  }
  absl::Status SetEnforce(const kube::Json& level) {
    const kube::Json patch = {{"metadata", {{"labels", {{"pod-security.kubernetes.io/enforce", level}}}}}};
    return client_->MergePatch(kube::kNamespaces, "", kNamespace, patch, /*dry_run=*/false, Soon()).status();
  }

  void EachTestHasItsVerdictAndNothingIsLeft();
  void APatternThatMatchesNothingIsNoSuccess();
  void WhatDoesNotGetThroughIsNamed();
  void WhenItsTimeIsUpItIsAnError();
  void AnAgentThatRestartsInTheMiddleIsNamed();
  void CiliumStatusAgreesAndNoticesAnAgentThatIsDown();

  std::optional<LocalCluster> cluster_;
  std::optional<TemporaryFolder> folder_;
  std::optional<FakeProducerContext> context_;
  kube::Client* client_ = nullptr;
  const Ledger ledger_{{}, {}, absl::Now()};
};

void ConnectivityTest::EachTestHasItsVerdictAndNothingIsLeft() {
  ASSERT_OK(SetEnforce("baseline"));  // refuses the test's pods, so it has to be put right, and back
  const Outcome run = Produce("^no-policies/,^all-ingress-deny/,^client-egress/,^health/,^pod-to-pod-no-frag/");
  EXPECT_EQ(run.verdict(), Verdict::kPassed) << Found(run);
  EXPECT_THAT(Found(run), AllOf(HasSubstr("5 of 5 tests passed, 107 were left out"), Not(HasSubstr("one node"))));
  EXPECT_EQ(context_->Told().size(), 5u);
  for (const auto& [check, outcome] : context_->reported_) {
    EXPECT_EQ(outcome.verdict(), Verdict::kPassed) << check << ": " << Found(outcome);
    EXPECT_THAT(Found(outcome), HasSubstr("action")) << check;  // told from what it printed, as it ended
  }
  ASSERT_OK_AND_ASSIGN(kube::Json after, client_->Get(kube::kNamespaces, "", kNamespace, Soon()));
  EXPECT_EQ(after["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "baseline");
  // A run that was killed before it put that back: the next one does.
  const auto prepare = [&](const char* run, absl::Duration lives) {
    return TestNamespaces::Prepare(*client_, 2, {run, absl::Now() + lives}, Soon());
  };
  ASSERT_OK(prepare("killed", absl::Seconds(1)));
  absl::SleepFor(absl::Seconds(2));
  ASSERT_OK_AND_ASSIGN(TestNamespaces second, prepare("second", absl::Minutes(5)));
  EXPECT_THAT(prepare("third", absl::Minutes(5)).status(),
              testing::StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("second")));
  EXPECT_THAT(second.Restore(Deadline::After(absl::Minutes(1))), testing::IsOkAndHolds(IsEmpty()));
  ASSERT_OK_AND_ASSIGN(after, client_->Get(kube::kNamespaces, "", kNamespace, Soon()));
  EXPECT_EQ(after["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "baseline");
  EXPECT_FALSE(after["metadata"].contains("annotations")) << after["metadata"].dump();
  EXPECT_TRUE(absl::IsNotFound(client_->Get(kube::kNamespaces, "", "cilium-test-2", Soon()).status()));
  EXPECT_OK(SetEnforce("privileged"));
  EXPECT_OK(RetryUntil(Deadline::After(absl::Minutes(1)), "its pods to go", absl::Seconds(1), [&] {
    const auto left = ObjectsInNamespace();
    return left.empty() ? absl::OkStatus() : absl::UnavailableError(left.front());
  }));
}

// The shell's habit of ^...$: the tool itself calls it a success.
void ConnectivityTest::APatternThatMatchesNothingIsNoSuccess() {
  const Outcome run = Produce("^no-policies$");
  EXPECT_EQ(run.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(run), HasSubstr("all 112 tests were skipped"));
  EXPECT_THAT(context_->Told(), IsEmpty());
}

// The second host beyond the cluster is one that is not there.
void ConnectivityTest::WhatDoesNotGetThroughIsNamed() {
  RunOptions options = Options("^no-policies/,^health/");
  options.cli.workloads.world.other_address = "203.0.113.99";
  options.cli.workloads.connectivity.arguments.emplace_back("--retry=0");
  const Outcome run = CliRun(*context_, ledger_, options).Run();
  EXPECT_EQ(run.verdict(), Verdict::kPassed) << Found(run);
  EXPECT_THAT(Found(run), HasSubstr("1 of 2 tests passed"));
  const Outcome& outcome = context_->reported_.at("cilium.connectivity/no-policies");
  EXPECT_EQ(outcome.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(outcome), AllOf(HasSubstr("no-policies/pod-to-cidr/"), HasSubstr("(203.0.113.99:443)"),
                                    HasSubstr("exit code 28 (timed out)"), Not(HasSubstr("203.0.113.10"))));
  EXPECT_EQ(context_->reported_.at("cilium.connectivity/health").verdict(), Verdict::kPassed);
}

void ConnectivityTest::WhenItsTimeIsUpItIsAnError() {
  RunOptions options = Options("^no-policies/");
  options.cli.timeout = absl::Seconds(2);
  const Outcome run = CliRun(*context_, ledger_, options).Run();
  EXPECT_EQ(run.verdict(), Verdict::kError);
  EXPECT_THAT(Found(run), AllOf(HasSubstr("its time was up"), HasSubstr("left no JUnit")));
}

void ConnectivityTest::AnAgentThatRestartsInTheMiddleIsNamed() {
  ASSERT_OK_AND_ASSIGN(const LabNetwork network, ReadLabNetwork(cluster_->access.kubeconfig.parent_path() / "state"));
  const fs::path log = folder_->path() / "connectivity/connectivity.log";
  auto killed = std::async(std::launch::async, [&] {
    const absl::Status begun = RetryUntil(Deadline::After(absl::Minutes(3)), "a test", absl::Milliseconds(200), [&log] {
      const auto text = ReadFile(log, 64 << 20);
      return text.ok() && absl::StrContains(*text, "] Test [") ? absl::OkStatus() : absl::UnavailableError("not yet");
    });
    if (!begun.ok()) return begun;
    return testing::SignalOnNode(network.Find("node-2")->first_process, "cilium-agent", "KILL");
  });
  const Outcome run = Produce("^no-policies/,^health/");
  EXPECT_OK(killed.get());
  EXPECT_EQ(run.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(run), HasSubstr("the Cilium agent on node-2 "));
  EXPECT_THAT(Found(run), HasSubstr("exit code 137"));
  for (const auto& [check, outcome] : context_->reported_) {
    if (outcome.verdict() == Verdict::kPassed) continue;
    EXPECT_THAT(Found(outcome), HasSubstr("the Cilium agent on node-2 ")) << check;
  }
}

// The verdict of one check of `tales verify`, on the cluster as it is; and what it found.
std::pair<std::string, std::string> Verify(const LocalCluster& cluster, const std::string& check) {
  const auto folder = TemporaryFolder::Make("tales-connectivity-verify");
  EXPECT_OK(folder);
  if (!folder.ok()) return {};
  const fs::path out = folder->path() / "run";
  const std::string path =
      absl::StrCat(cluster.access.tools.at("cilium").parent_path().string(), ":", std::getenv("PATH"));
  const auto ran = tales::Run(
      {.argv = {TALES_PROGRAM, "verify", "--fixture", "adopt", "--cluster", cluster.access.cluster_file.string(),
                "--check", check, "--settle", "60s", "--out", out.string()},
       .environment = {{"PATH", path}}},
      Deadline::After(absl::Minutes(5)));
  EXPECT_OK(ran);
  const auto text = ReadFile(out / "report.json");
  EXPECT_OK(text) << (ran.ok() ? ran->output + ran->error_output : "");
  if (!text.ok()) return {};
  const json report = json::parse(*text);
  for (const json& one : report["checks"]) {
    if (one["check"] == check) return {one.value("verdict", ""), one.value("found", "")};
  }
  return {"", report.dump(1)};
}

void ConnectivityTest::CiliumStatusAgreesAndNoticesAnAgentThatIsDown() {
  const auto [healthy, why] = Verify(*cluster_, "cilium.status_cli");
  EXPECT_EQ(healthy, "passed") << why;

  // One agent goes, and the one that should follow has an image that is nowhere.
  ASSERT_OK_AND_ASSIGN(const auto agents,
                       client_->List(kube::kPods, "cilium", {.label_selector = "k8s-app=cilium"}, Soon()));
  ASSERT_FALSE(agents.empty());
  ASSERT_OK_AND_ASSIGN(kube::Json set, client_->Get(kube::kDaemonSets, "cilium", "cilium", Soon()));
  const kube::Json was = set["spec"]["template"]["spec"]["initContainers"];
  const auto with = [&](const kube::Json& init) {
    const kube::Json patch = {{"spec",
                               {{"updateStrategy", {{"type", "OnDelete"}, {"rollingUpdate", nullptr}}},
                                {"template", {{"spec", {{"initContainers", init}}}}}}}};
    return client_->MergePatch(kube::kDaemonSets, "cilium", "cilium", patch, /*dry_run=*/false, Soon()).status();
  };
  kube::Json broken = was;
  broken[0]["image"] = "registry.invalid/nowhere:1";
  ASSERT_OK(with(broken));
  ASSERT_OK(client_->Delete(kube::kPods, "cilium", agents[0]["metadata"]["name"].get<std::string>(), Soon()));
  const auto [down, found] = Verify(*cluster_, "cilium.status_cli");
  EXPECT_EQ(down, "failed") << found;
  EXPECT_THAT(found, Not(HasSubstr("our own reading saw nothing")));
  EXPECT_OK(with(was));
}

// One cluster for all of it: starting one takes longer than each of them.
TEST_F(ConnectivityTest, OnTwoNodes) {
  {
    SCOPED_TRACE("EachTestHasItsVerdictAndNothingIsLeft");
    EachTestHasItsVerdictAndNothingIsLeft();
  }
  Begin();
  {
    SCOPED_TRACE("APatternThatMatchesNothingIsNoSuccess");
    APatternThatMatchesNothingIsNoSuccess();
  }
  Begin();
  {
    SCOPED_TRACE("WhatDoesNotGetThroughIsNamed");
    WhatDoesNotGetThroughIsNamed();
  }
  Begin();
  {
    SCOPED_TRACE("WhenItsTimeIsUpItIsAnError");
    WhenItsTimeIsUpItIsAnError();
  }
  Begin();
  {
    SCOPED_TRACE("AnAgentThatRestartsInTheMiddleIsNamed");
    AnAgentThatRestartsInTheMiddleIsNamed();
  }
  Begin();
  {
    SCOPED_TRACE("CiliumStatusAgreesAndNoticesAnAgentThatIsDown");
    CiliumStatusAgreesAndNoticesAnAgentThatIsDown();
  }
  EXPECT_OK(cluster_->fixture->Down());
}

}  // namespace
}  // namespace tales::connectivity
