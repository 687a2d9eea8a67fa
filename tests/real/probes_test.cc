// Our own probes on two real nodes with a real Cilium: all well, and under each fault of the network. The cluster is
// stood up once; faults come and go. With TALES_RUNNING_LOCAL=DIR the one that `tales local --out DIR` serves is used.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "fixtures/local/node/network_faults.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/base/glob.h"
#include "harness/base/subprocess.h"
#include "harness/check/cluster.h"
#include "reports/run_model.h"
#include "suites/cilium/probe/place.h"
#include "suites/cilium/probe/producer.h"
#include "suites/cilium/probe/scenarios.h"
#include "tests/real/local_cluster.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/conformance/fake_producer_context.h"

namespace tales::cilium::probe {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

struct Running {
  std::optional<testing::LocalCluster> cluster;
  ClusterAccess access;
  LabNetwork network;
  std::unique_ptr<kube::Client> client;
};

absl::StatusOr<Running> Start() {
  Running running;
  if (const char* folder = std::getenv("TALES_RUNNING_LOCAL"); folder != nullptr) {
    running.access.kubeconfig = fs::path(folder) / "kubeconfig";
    running.access.cluster_file = fs::path(folder) / "cluster.yaml";
    running.access.granted = Tier::kCreate;
  } else {
    auto cluster = testing::StartLocalCluster({}, fs::path(TALES_CLUSTERS) / "local-cilium.yaml");
    if (!cluster.ok()) return cluster.status();
    running.cluster.emplace(*std::move(cluster));
    running.access = running.cluster->access;
  }
  auto network = ReadLabNetwork(running.access.kubeconfig.parent_path() / "state");
  if (!network.ok()) return network.status();
  running.network = *std::move(network);
  auto kubeconfig = kube::LoadKubeconfig(running.access.kubeconfig, "");
  if (!kubeconfig.ok()) return kubeconfig.status();
  auto client = kube::Client::Open(*kubeconfig);
  if (!client.ok()) return client.status();
  running.client = *std::move(client);
  return running;
}

std::string Found(const Outcome& outcome) {
  std::string text = outcome.found();
  for (const Problem& problem : outcome.problems())
    absl::StrAppend(&text, "\n      ", problem.found, "\n      next: ", problem.next);
  return text;
}

class ProbesTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!testing::NodesAreAvailable().ok() || !testing::CiliumIsAvailable().ok()) return;
    running_ = new absl::StatusOr<Running>(Start());
  }
  static void TearDownTestSuite() {
    if (running_ != nullptr && running_->ok() && (*running_)->cluster.has_value()) {
      EXPECT_OK((*running_)->cluster->fixture->Down());
    }
    delete running_;
    running_ = nullptr;
  }
  void SetUp() override {
    if (!testing::NodesAreAvailable().ok()) GTEST_SKIP() << "real nodes: " << testing::NodesAreAvailable().message();
    if (const absl::Status status = testing::CiliumIsAvailable(); !status.ok())
      GTEST_SKIP() << "a real Cilium: " << status.message();
    ASSERT_OK(*running_);
  }
  static Running& running() { return **running_; }

  // One run of all scenarios, where it `runs`: outcomes by check.
  std::map<std::string, Outcome> Probe(bool runs = true) {
    const auto folder = TemporaryFolder::Make("tales-probes");
    testing::FakeProducerContext context(folder->path());
    auto cluster = Cluster::Open(running().access);
    EXPECT_OK(cluster);
    if (!cluster.ok()) return {};
    context.cluster_ = *std::move(cluster);
    context.deadline_ = Deadline::After(absl::Minutes(10));
    const Outcome whole = ProbeProducer().produce(context);
    for (const std::string& line : context.progress_) std::cout << "  " << line << "\n";
    std::cout << ToString(whole.verdict()) << " cilium.probe_run: " << Found(whole) << "\n";
    for (const auto& [check, outcome] : context.reported_) {
      std::cout << ToString(outcome.verdict()) << " " << check << ": " << Found(outcome) << "\n";
    }
    std::cout.flush();
    std::map<std::string, Outcome> outcomes = std::move(context.reported_);
    EXPECT_EQ(outcomes.size(), runs ? Scenarios().size() : 0);
    outcomes.emplace("cilium.probe_run", whole);
    return outcomes;
  }

  // It goes with the run; where a node or its agent does not answer, when that does again.
  static absl::Status NamespaceIsGone(absl::Duration within) {
    return RetryUntil(Deadline::After(within), "the end of the probes' namespace", absl::Seconds(1), [] {
      const auto asked = running().client->Get(kube::kNamespaces, "", kNamespace, Deadline::After(absl::Seconds(20)));
      return absl::IsNotFound(asked.status()) ? absl::OkStatus() : absl::UnavailableError("it is there");
    });
  }

  // The suite by the product itself.
  std::vector<reports::Case> Verify() {
    const auto folder = TemporaryFolder::Make("tales-probes");
    const fs::path out = folder->path() / "run";
    const absl::StatusOr<Finished> finished =
        tales::Run({.argv = {TALES_VERIFY, "verify", "--fixture", "adopt", "--cluster", running().access.cluster_file,
                             "--kubeconfig", running().access.kubeconfig, "--suite", "cilium", "--allow", "create",
                             "--settle", "30s", "--out", out}},
                   Deadline::After(absl::Minutes(12)));
    EXPECT_OK(finished);
    if (finished.ok()) std::cout << finished->error_output << std::endl;
    const absl::StatusOr<reports::RunModel> model = reports::ReadJournal(out / "events.jsonl");
    EXPECT_OK(model);
    return model.ok() ? model->cases() : std::vector<reports::Case>();
  }

  // Under `id`: what it must turn is failed; afterwards it is healed, and where the node `recovers` nothing is left.
  void Under(const std::string& id, const std::function<std::map<std::string, Verdict>()>& judge,
             bool recovers = true) {
    std::optional<Fault> fault;
    for (const Fault& known : NetworkFaults()) {
      if (known.id == id) fault = known;
    }
    const FaultRequest request{fault->domain, fault->id, fault->default_target};
    EXPECT_OK(BreakNetwork(request, running().network, *running().client, Deadline::After(absl::Minutes(1))));
    // Agents probe each other once a minute.
    const bool of_agents =
        std::find(fault->must.begin(), fault->must.end(), "cilium.probe/node-health") != fault->must.end();
    if (of_agents) absl::SleepFor(absl::Seconds(75));
    const std::map<std::string, Verdict> verdicts = judge();
    EXPECT_OK(HealNetwork(request, running().network, *running().client, Deadline::After(absl::Minutes(1))));
    if (recovers) {
      EXPECT_OK(NamespaceIsGone(absl::Minutes(3)));
    }
    for (const std::string& must : ExpandTargets(fault->must, request.target)) {
      const auto found = verdicts.find(must);
      EXPECT_TRUE(found != verdicts.end() && found->second == Verdict::kFailed) << must << " does not turn";
    }
  }
  std::map<std::string, Outcome> ProbeUnder(const std::string& id, bool recovers = true) {
    std::map<std::string, Outcome> outcomes;
    Under(
        id,
        [&] {
          outcomes = Probe();
          std::map<std::string, Verdict> verdicts;
          for (const auto& [check, outcome] : outcomes) verdicts.emplace(check, outcome.verdict());
          return verdicts;
        },
        recovers);
    return outcomes;
  }

  static absl::StatusOr<Running>* running_;
};
absl::StatusOr<Running>* ProbesTest::running_ = nullptr;

TEST_F(ProbesTest, AllIsWell) {
  const auto outcomes = Probe();
  EXPECT_OK(NamespaceIsGone(absl::Seconds(1)));
  for (const auto& [check, outcome] : outcomes) {
    EXPECT_TRUE(outcome.verdict() == Verdict::kPassed || outcome.verdict() == Verdict::kUnsupported)
        << check << ": " << Found(outcome);
  }
}

TEST_F(ProbesTest, ANamespaceThatIsNotOursIsLeftAlone) {
  const kube::Json theirs = {{"metadata", {{"name", kNamespace}}}};
  ASSERT_OK(running().client->Create(kube::kNamespaces, "", theirs, false, Deadline::After(absl::Seconds(20))));
  const std::map<std::string, Outcome> outcomes = Probe(/*runs=*/false);
  EXPECT_EQ(outcomes.at("cilium.probe_run").verdict(), Verdict::kError);
  EXPECT_THAT(Found(outcomes.at("cilium.probe_run")), HasSubstr("somebody else's"));
  EXPECT_OK(running().client->Get(kube::kNamespaces, "", kNamespace, Deadline::After(absl::Seconds(20))));
  EXPECT_OK(running().client->Delete(kube::kNamespaces, "", kNamespace, Deadline::After(absl::Seconds(20))));
  EXPECT_OK(NamespaceIsGone(absl::Minutes(1)));
}

TEST_F(ProbesTest, WhatADeadRunLeftIsRemovedFirst) {
  const kube::Json dead = {{"metadata", {{"name", kNamespace}, {"labels", {{kMark, "dead"}}}}}};
  ASSERT_OK(running().client->Create(kube::kNamespaces, "", dead, false, Deadline::After(absl::Seconds(20))));
  const std::map<std::string, Outcome> outcomes = Probe();
  EXPECT_EQ(outcomes.at("cilium.probe_run").verdict(), Verdict::kPassed) << Found(outcomes.at("cilium.probe_run"));
}

// Also by the checks of the suite that are no probes of ours.
TEST_F(ProbesTest, OneBrokenDirectionIsNamedAndNothingElse) {
  std::map<std::string, reports::Case> cases;
  Under("one-way-loss", [&] {
    for (const reports::Case& one : Verify()) cases[one.check] = one;
    std::map<std::string, Verdict> verdicts;
    for (const auto& [check, one] : cases) verdicts.emplace(check, one.verdict);
    return verdicts;
  });
  for (const auto& [check, one] : cases) {
    std::cout << ToString(one.verdict) << " " << check << ": " << one.found << std::endl;
    if (one.verdict != Verdict::kFailed && one.verdict != Verdict::kError) continue;
    const std::string told = absl::StrCat(one.found, "\n", one.next);
    EXPECT_THAT(told, HasSubstr("node-1 -> node-2")) << check;
    EXPECT_THAT(told, Not(HasSubstr("node-2 -> node-1"))) << check;
    EXPECT_THAT(told, Not(HasSubstr("<->"))) << check;
  }
  for (const char* node : {"node-1", "node-2"}) {
    const reports::Case& health = cases[absl::StrCat("cilium.node_health/", node)];
    EXPECT_EQ(health.verdict, Verdict::kBlocked) << health.found;
    EXPECT_EQ(health.found, "cilium.probe/one-way");
  }
}

TEST_F(ProbesTest, AForgottenPolicyIsNoBrokenNetwork) {
  const auto outcomes = ProbeUnder("policy-in-the-way");
  EXPECT_EQ(outcomes.at("cilium.probe/one-way").verdict(), Verdict::kPassed);
  EXPECT_EQ(outcomes.at("cilium.probe/ping").verdict(), Verdict::kPassed);
}

TEST_F(ProbesTest, AWayThatTakesSmallerPackets) { ProbeUnder("node-mtu"); }

TEST_F(ProbesTest, AWrongRoute) { ProbeUnder("wrong-route"); }

TEST_F(ProbesTest, ALinkThatIsDown) { ProbeUnder("node-link-down"); }

// The last one: a node whose agent stood still for minutes does not always come back.
TEST_F(ProbesTest, AnAgentThatStandsStill) { ProbeUnder("agent-dead", /*recovers=*/false); }

}  // namespace
}  // namespace tales::cilium::probe
