// Our own probes on two real nodes with a real Cilium: all well, under each fault of the network, and with trouble in
// the middle. The cluster is stood up once; faults come and go. With TALES_RUNNING_LOCAL=DIR the one that `tales local
// --out DIR` serves is used.
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <future>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "fixtures/local/node/network_faults.h"
#include "fixtures/local/node/recovery.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/base/glob.h"
#include "harness/base/subprocess.h"
#include "harness/check/cluster.h"
#include "harness/check/facts.h"
#include "harness/definition/cluster_file.h"
#include "reports/run_model.h"
#include "suites/cilium/probe/deployment.h"
#include "suites/cilium/probe/place.h"
#include "suites/cilium/probe/producer.h"
#include "suites/cilium/probe/scenarios.h"
#include "suites/health/checks.h"
#include "suites/shared/tenancy.h"
#include "tests/real/forwarder.h"
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
    running.access.tools["outside"] = OutsideProgram(fs::path(folder) / "state");
  } else {
    auto cluster = testing::StartLocalCluster({}, fs::path(TALES_CLUSTERS) / "local-cilium-full.yaml");
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

  // One run of all scenarios, where it `runs`: outcomes by check. Default `access`: the cluster's own.
  std::map<std::string, Outcome> Probe(bool runs = true, const std::optional<ClusterAccess>& access = std::nullopt) {
    const auto folder = TemporaryFolder::Make("tales-probes");
    testing::FakeProducerContext context(folder->path());
    auto cluster = Cluster::Open(access.value_or(running().access));
    EXPECT_OK(cluster);
    if (!cluster.ok()) return {};
    context.cluster_ = *std::move(cluster);
    context.deadline_ = Deadline::After(absl::Minutes(10));
    context.on_progress_ = on_progress_;
    const Outcome whole = ProbeProducer().produce(context);
    said_ = absl::StrJoin(context.progress_, "\n");
    std::cout << said_ << "\n";
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
  static Command VerifyCommand(const fs::path& out) {
    return {.argv = {TALES_VERIFY, "verify", "--fixture", "adopt", "--cluster", running().access.cluster_file,
                     "--kubeconfig", running().access.kubeconfig, "--suite", "cilium", "--allow", "create", "--settle",
                     "30s", "--out", out}};
  }
  std::vector<reports::Case> Verify() {
    const auto folder = TemporaryFolder::Make("tales-probes");
    const fs::path out = folder->path() / "run";
    const absl::StatusOr<Finished> finished = tales::Run(VerifyCommand(out), Deadline::After(absl::Minutes(12)));
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
    const absl::Status healed = HealNetwork(request, running().network, *running().client,
                                            Deadline::After(recovers ? kForRecovery : absl::Minutes(1)));
    if (recovers) {
      EXPECT_OK(healed);
      EXPECT_OK(NamespaceIsGone(absl::Minutes(3)));
    } else {
      std::cout << "after the fault: " << healed << std::endl;
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

  // The same, and does `what` as soon as the probes' pods run.
  std::map<std::string, Outcome> ProbeAndMeanwhile(const std::function<absl::Status()>& what,
                                                   const std::optional<ClusterAccess>& access = std::nullopt) {
    std::future<absl::Status> done;
    // As the run itself has seen it: what happens before that it waits for, and probes afterwards.
    on_progress_ = [&](std::string_view line) {
      if (absl::StartsWith(line, "pods run after ")) done = std::async(std::launch::async, what);
    };
    std::map<std::string, Outcome> outcomes = Probe(/*runs=*/true, access);
    on_progress_ = nullptr;
    EXPECT_TRUE(done.valid()) << "its pods did not run";
    if (done.valid()) {
      EXPECT_OK(done.get());
    }
    return outcomes;
  }
  static pid_t Node(const std::string& name) { return running().network.Find(name)->first_process; }
  static Outcome NodesTakePods() {
    const auto cluster = Cluster::Open(running().access);
    if (!cluster.ok()) return Outcome::CannotLook(cluster.status(), "");
    Facts facts(**cluster);
    CheckContext context(**cluster, facts, "", Deadline::After(absl::Seconds(30)));
    return health::NodesSchedulable().look(context);
  }
  // None is a failure, and each error says `words`. Returns how many errors there are.
  static int ErrorsAlone(const std::map<std::string, Outcome>& outcomes, const std::vector<std::string>& words) {
    int errors = 0;
    for (const auto& [check, outcome] : outcomes) {
      EXPECT_NE(outcome.verdict(), Verdict::kFailed) << check << ": " << Found(outcome);
      if (outcome.verdict() != Verdict::kError) continue;
      ++errors;
      for (const std::string& word : words) EXPECT_THAT(Found(outcome), HasSubstr(word)) << check;
    }
    return errors;
  }

  static absl::StatusOr<Running>* running_;
  std::string said_;  // of the last run
  std::function<void(std::string_view)> on_progress_;
};
absl::StatusOr<Running>* ProbesTest::running_ = nullptr;

TEST_F(ProbesTest, AllIsWell) {
  const auto outcomes = Probe();
  EXPECT_OK(NamespaceIsGone(absl::Seconds(1)));
  for (const auto& [check, outcome] : outcomes) {
    EXPECT_TRUE(outcome.verdict() == Verdict::kPassed || outcome.verdict() == Verdict::kUnsupported)
        << check << ": " << Found(outcome);
  }
  for (const char* there : {"cilium.probe/policy-fqdn", "cilium.probe/ipv6", "cilium.probe/node-port-outside"})
    EXPECT_EQ(outcomes.at(there).verdict(), Verdict::kPassed) << there;
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

// A run that lives is waited for; what it leaves when it dies is removed.
TEST_F(ProbesTest, ARunThatIsAtWorkIsLeftAloneUntilItDies) {
  const auto folder = TemporaryFolder::Make("tales-probes");
  ASSERT_OK(folder);
  std::optional<Tenancy> theirs;
  ASSERT_OK_AND_ASSIGN(theirs, Tenancy::Begin(folder->path(), absl::Now() + absl::Hours(1)));
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<Cluster> cluster, Cluster::Open(running().access));
  Deployment deployment(*cluster, "theirs", theirs->tenant(), [](std::string_view) {});
  ASSERT_OK(deployment.MakeNamespace(Deadline::After(absl::Minutes(1))));
  on_progress_ = [&](std::string_view line) {
    if (absl::StrContains(line, "is in use by another run of tales, ")) theirs.reset();
  };
  const std::map<std::string, Outcome> outcomes = Probe();
  on_progress_ = nullptr;
  EXPECT_FALSE(theirs.has_value()) << "it was not waited for";
  EXPECT_THAT(said_, HasSubstr("of run theirs is removed first"));
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

TEST_F(ProbesTest, AProxyThatNobodyIsLedTo) {
  for (const auto& [check, outcome] : ProbeUnder("dns-proxy-cut")) {
    const bool is_its = check == "cilium.probe/policy-fqdn";
    EXPECT_TRUE(is_its || outcome.verdict() != Verdict::kFailed) << check << ": " << Found(outcome);
  }
}

TEST_F(ProbesTest, AWayThatIsBrokenForIpv6Alone) {
  const auto outcomes = ProbeUnder("ipv6-one-way-loss");
  for (const auto& [check, outcome] : outcomes) {
    const bool is_its = check == "cilium.probe/ipv6";
    EXPECT_TRUE(is_its || outcome.verdict() != Verdict::kFailed) << check << ": " << Found(outcome);
  }
  EXPECT_THAT(Found(outcomes.at("cilium.probe/ipv6")),
              HasSubstr("node-1 <-> node-2: broken whoever asks, though datagrams of IPv4 arrive both ways"));
}

// Not before the agent that stands still: its kubelet still counts how often it did not answer.
TEST_F(ProbesTest, ALinkThatIsDown) { ProbeUnder("node-link-down"); }

TEST_F(ProbesTest, ANamespaceThatIsStuckIsNotWaitedForForEverAndSaysWhy) {
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<Cluster> cluster, Cluster::Open(running().access));
  Deployment deployment(*cluster, "stuck", {"stuck", absl::Now()}, [](std::string_view) {});
  ASSERT_OK(deployment.MakeNamespace(Deadline::After(absl::Minutes(1))));
  const Deadline soon = Deadline::After(absl::Seconds(20));
  const kube::Json held = {{"metadata", {{"name", "held"}, {"finalizers", kube::Json::array({"tales.test/held"})}}}};
  ASSERT_OK(running().client->Create(kube::kConfigMaps, kNamespace, held, false, soon));
  EXPECT_THAT(deployment.Remove(absl::Seconds(12)),
              testing::StatusIs(absl::StatusCode::kUnavailable, HasSubstr("tales.test/held")));
  ASSERT_OK(running().client->MergePatch(kube::kConfigMaps, kNamespace, "held",
                                         {{"metadata", {{"finalizers", nullptr}}}}, false, soon));
  EXPECT_OK(deployment.Remove(absl::Minutes(1)));
}

TEST_F(ProbesTest, AFullDiskIsAnErrorThatNamesTheNodeAndItsDisk) {
  const FaultRequest full{"local", "disk-full", "node-2"};
  ASSERT_OK(BreakNetwork(full, running().network, *running().client, Deadline::After(absl::Minutes(1))));
  const Outcome node = NodesTakePods();
  EXPECT_EQ(node.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(node), HasSubstr("node node-2 has DiskPressure"));
  std::map<std::string, Outcome> outcomes = Probe();
  EXPECT_OK(HealNetwork(full, running().network, *running().client, Deadline::After(kForRecovery)));
  // Whoever asks from outside needs no pod on that node: it was seen to refuse, and then that is told, with the
  // pressure.
  const auto outside = outcomes.find("cilium.probe/node-port-outside");
  ASSERT_NE(outside, outcomes.end());
  if (outside->second.verdict() == Verdict::kFailed) {
    EXPECT_THAT(Found(outside->second), HasSubstr("node node-2 has DiskPressure"));
    outcomes.erase(outside);
  }
  ErrorsAlone(outcomes, {"node node-2 has DiskPressure"});
  for (const char* scenario : {"same-node", "other-node", "ping", "cluster-ip", "udp", "one-way", "policy-l4"}) {
    EXPECT_EQ(outcomes.at(CheckOf(scenario)).verdict(), Verdict::kError) << scenario;
  }
  EXPECT_THAT(Found(outcomes.at("cilium.probe/same-node")), HasSubstr("Evicted: Pod was rejected"));
  EXPECT_EQ(NodesTakePods().verdict(), Verdict::kPassed) << "healed";
}

TEST_F(ProbesTest, ANodeThatIsNotReadyInTheMiddleIsAnErrorThatNamesIt) {
  const auto outcomes = ProbeAndMeanwhile([] { return testing::SignalOnNode(Node("node-2"), "kubelet", "STOP"); });
  // Its pods are ended by force, so the namespace goes though the node says nothing.
  EXPECT_OK(NamespaceIsGone(absl::Seconds(1)));
  EXPECT_THAT(said_, HasSubstr("is deleted by force: node-2, which it is on, is not ready"));
  EXPECT_OK(testing::SignalOnNode(Node("node-2"), "kubelet", "CONT"));
  EXPECT_GT(ErrorsAlone(outcomes, {"node node-2 is not ready"}), 3);
  EXPECT_EQ(outcomes.at("cilium.probe_run").verdict(), Verdict::kPassed) << Found(outcomes.at("cilium.probe_run"));
  EXPECT_OK(AwaitRecovery(*running().client, Deadline::After(kForRecovery)));
}

TEST_F(ProbesTest, AnAgentThatRestartsInTheMiddleIsNamedWithItsCounts) {
  const auto outcomes = ProbeAndMeanwhile([] { return testing::SignalOnNode(Node("node-1"), "cilium-agent", "KILL"); });
  const Outcome& run = outcomes.at("cilium.probe_run");
  EXPECT_EQ(run.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(run), HasSubstr("the Cilium agent on node-1 was started anew: restart count "));
  EXPECT_THAT(Found(run), HasSubstr("exit code 137"));
  EXPECT_THAT(Found(run), Not(HasSubstr("agent on node-2")));
  const Outcome& drops = outcomes.at("cilium.probe/drops");
  EXPECT_NE(drops.verdict(), Verdict::kPassed);
  for (const auto& [check, outcome] : outcomes) {
    if (outcome.verdict() == Verdict::kPassed || outcome.verdict() == Verdict::kUnsupported) continue;
    EXPECT_THAT(Found(outcome), HasSubstr("agent on node-1")) << check;
  }
}

TEST_F(ProbesTest, AnInterruptTakesItsNamespaceAway) {
  const auto folder = TemporaryFolder::Make("tales-probes");
  ASSERT_OK(folder);
  const fs::path log = folder->path() / "log";
  auto child = Child::Start({.command = VerifyCommand(folder->path() / "run"), .log_file = log});
  ASSERT_OK(child);
  ASSERT_OK(RetryUntil(Deadline::After(absl::Minutes(3)), "the probes' pods", absl::Milliseconds(200), [] {
    const auto pods = running().client->List(kube::kPods, kNamespace, {}, Deadline::After(absl::Seconds(20)));
    return !pods.ok() ? pods.status() : pods->empty() ? absl::UnavailableError("none yet") : absl::OkStatus();
  }));
  kill(child->pid(), SIGINT);
  const auto end = child->Wait(Deadline::After(absl::Seconds(40)));
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->exit_code, 130);
  EXPECT_THAT(ReadFile(log).value_or(""), HasSubstr("is asked to end and to take away what it made"));
  EXPECT_OK(NamespaceIsGone(absl::Minutes(1)));
}

TEST_F(ProbesTest, AnImageThatIsNotThereIsAnErrorWithItsPodsWarnings) {
  ASSERT_OK_AND_ASSIGN(ClusterDefinition definition, LoadClusterFile(running().access.cluster_file));
  definition.workloads.images.client = "registry.invalid/none:1";
  const auto folder = TemporaryFolder::Make("tales-no-image");
  ASSERT_OK(folder);
  ClusterAccess access = running().access;
  access.cluster_file = folder->path() / "cluster.yaml";
  ASSERT_OK(WriteFileAtomically(access.cluster_file, WriteClusterFile(definition)));
  const auto outcomes = Probe(/*runs=*/true, access);
  EXPECT_GT(ErrorsAlone(outcomes, {"ImagePull", "its last warnings: ", "Failed to pull image"}), 15);
  EXPECT_OK(NamespaceIsGone(absl::Seconds(1)));
}

TEST_F(ProbesTest, AnApiServerThatIsGoneForHalfAMinuteIsNoBrokenNetwork) {
  ASSERT_OK_AND_ASSIGN(kube::Access direct, kube::LoadKubeconfig(running().access.kubeconfig, ""));
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<testing::Forwarder> forwarder, testing::Forwarder::Start(direct.server));
  direct.server = forwarder->url();
  const auto folder = TemporaryFolder::Make("tales-forwarded");
  ASSERT_OK(folder);
  ClusterAccess access = running().access;
  access.kubeconfig = folder->path() / "kubeconfig";
  ASSERT_OK(WriteFileAtomically(access.kubeconfig, kube::WriteKubeconfig(direct, "tales", "admin"), 0600));
  const auto outcomes = ProbeAndMeanwhile(
      [&forwarder] {
        forwarder->Refuse(true);
        absl::SleepFor(absl::Seconds(30));
        forwarder->Refuse(false);
        return absl::OkStatus();
      },
      access);
  EXPECT_GT(ErrorsAlone(outcomes, {"the Kubernetes API did not answer for "}), 0);
  EXPECT_OK(NamespaceIsGone(absl::Minutes(1)));
}

// The last one: a node whose agent stood still for minutes does not always come back.
TEST_F(ProbesTest, AnAgentThatStandsStill) { ProbeUnder("agent-dead", /*recovers=*/false); }

}  // namespace
}  // namespace tales::cilium::probe
