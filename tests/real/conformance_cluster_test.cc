// Kubernetes' conformance image in a pod of two real nodes: the verdicts of the process, and what becomes of the run
// when something is in its way.
#include <signal.h>

#include <fstream>
#include <functional>
#include <future>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "fixtures/local/assets.h"
#include "fixtures/local/node/network_faults.h"
#include "fixtures/local/node/recovery.h"
#include "fixtures/served/served_fixture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/base/status.h"
#include "suites/conformance/cluster_runner.h"
#include "suites/conformance/leftovers.h"
#include "suites/conformance/live_run.h"
#include "tests/real/forwarder.h"
#include "tests/real/local_cluster.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/conformance/fake_producer_context.h"

namespace tales::conformance {
namespace {

namespace fs = std::filesystem;
using kube::Json;
using ::testing::AllOf;
using ::testing::AnyOf;
using testing::FakeProducerContext;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::LocalCluster;
using ::testing::SizeIs;

const char kConfigMap[] =
    "[sig-node] ConfigMap should be consumable via environment variable [NodeConformance] [Conformance]";
const char kSecret[] = "[sig-storage] Secrets should be consumable from pods in volume [NodeConformance] [Conformance]";
const char kDownward[] = "[sig-node] Downward API should provide pod UID as env vars [NodeConformance] [Conformance]";
const char kLease[] = "[sig-node] Lease lease API should be available [Conformance]";
const char kVersion[] = "[sig-api-machinery] server version should find the server version [Conformance]";
const char kWatchers[] =
    "[sig-api-machinery] Watchers should observe add, update, and delete watch notifications on configmaps "
    "[Conformance]";  // 20 s
constexpr absl::Duration kShort = absl::Seconds(60);

// Whatever is asked of the cluster by the test itself.
Deadline Soon() { return Deadline::After(absl::Seconds(20)); }

class ConformanceClusterTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!testing::NodesAreAvailable().ok()) {
      lacking_ = absl::StrCat("real nodes: ", testing::WhatLacks(testing::NodesAreAvailable()));
      return;
    }
    if (const auto assets = FindAssets(ConformanceAssets(), {.may_build = false}); !assets.ok()) {
      lacking_ =
          absl::StrCat("the conformance image (`tales assets --conformance`): ", testing::WhatLacks(assets.status()));
      return;
    }
    auto cluster = testing::StartLocalCluster({}, fs::path(TALES_CLUSTERS) / "local-nodes.yaml", "cluster");
    ASSERT_OK(cluster);
    cluster_ = new LocalCluster(*std::move(cluster));
  }
  static void TearDownTestSuite() {
    if (cluster_ == nullptr) return;
    EXPECT_OK(cluster_->fixture->Down());
    delete std::exchange(cluster_, nullptr);
  }
  void SetUp() override {
    if (!lacking_.empty()) GTEST_SKIP() << lacking_;
    ASSERT_NE(cluster_, nullptr);
    Open(cluster_->access.kubeconfig);
  }
  void TearDown() override {
    if (IsSkipped() || runner_ == nullptr) return;
    if (run_ids_.empty()) run_ids_ = {"none"};
    EXPECT_OK(RemoveLeftovers(*own_client_, run_ids_, Deadline::After(absl::Minutes(2))));
    EXPECT_EQ(runner_->Remove(Deadline::After(kShort)), "");
  }
  // `kubeconfig`: what the run uses; the test itself asks the server.
  void Open(const fs::path& kubeconfig) {
    auto folder = TemporaryFolder::Make("tales-conformance-test");
    ASSERT_OK(folder);
    folder_.emplace(*std::move(folder));
    context_.emplace(folder_->path());
    for (auto* client : {&client_, &own_client_}) {
      ASSERT_OK_AND_ASSIGN(kube::Access access,
                           kube::LoadKubeconfig(client == &client_ ? kubeconfig : cluster_->access.kubeconfig, ""));
      ASSERT_OK_AND_ASSIGN(*client, kube::Client::Open(access));
    }
    pod_.settings = {.run = RunIdOf(folder_->path()),
                     .tests_image = DefaultTestsImage("v1.32.2"),
                     .output_image = std::string(kDefaultOutputImage)};
    pod_.progress = [this](std::string_view line) {
      std::cout << "  " << line << std::endl;
      said_ += absl::StrCat(line, "\n");
    };
    name_ = NamespaceName(pod_.settings.run);
  }
  LiveOptions Options(const std::vector<std::string>& names) {
    runner_ = std::make_unique<ClusterRunner>(*client_, pod_);
    EXPECT_OK(runner_->Prepare());
    return {.e2e = {.folder = folder_->path(), .names = names, .needs_nodes = true},
            .start = [this](const E2eOptions& options) { return runner_->Start(options); }};
  }
  LiveResult Run(const LiveOptions& options) {
    LiveResult result = LiveRun(*context_, options).Run();
    run_ids_ = result.run_ids;
    return result;
  }
  static absl::StatusOr<LabNetwork> Network() {
    return ReadLabNetwork(cluster_->access.kubeconfig.parent_path() / "state");
  }
  static absl::Status SignalKubelet(const std::string& node, const std::string& signal) {
    TALES_ASSIGN_OR_RETURN(const LabNetwork network, Network());
    const LabNetwork::Node* const found = network.Find(node);
    if (found == nullptr) return absl::NotFoundError(absl::StrCat("there is no node ", node));
    return testing::SignalOnNode(found->first_process, "kubelet", signal);
  }
  // Does `what` as soon as the first test has its verdict.
  std::future<absl::Status> AfterTheFirstVerdict(std::function<absl::Status()> what) {
    return std::async(std::launch::async, [this, what = std::move(what)] {
      const fs::path log = folder_->path() / "e2e-1/e2e.log";
      const absl::Status seen = RetryUntil(Deadline::After(absl::Minutes(3)), "a verdict", absl::Milliseconds(50), [&] {
        std::ifstream file(log);
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        return absl::StrContains(text, "\n• [") ? absl::OkStatus() : absl::UnavailableError("not yet");
      });
      return seen.ok() ? what() : seen;
    });
  }
  Verdict Told(const std::string& name) const {
    const auto found = context_->reported_.find("conformance.case/" + name);
    return found == context_->reported_.end() ? Verdict::kMissing : found->second.verdict();
  }
  static std::string Found(const Outcome& outcome) {
    return outcome.problems().empty() ? outcome.found() : outcome.problems()[0].found;
  }

  static LocalCluster* cluster_;
  static std::string lacking_;
  std::optional<TemporaryFolder> folder_;
  std::optional<FakeProducerContext> context_;
  std::unique_ptr<kube::Client> client_, own_client_;
  std::unique_ptr<ClusterRunner> runner_;
  PodRunOptions pod_;
  std::vector<std::string> run_ids_;
  std::string name_, said_;
};
LocalCluster* ConformanceClusterTest::cluster_ = nullptr;
std::string ConformanceClusterTest::lacking_;

TEST_F(ConformanceClusterTest, VerdictsAreThoseOfTheProcessAndComeAsTestsEnd) {
  const std::vector<std::string> names = {kConfigMap, kSecret, kDownward, kLease};
  const LiveResult result = Run(Options(names));
  EXPECT_EQ(result.run.verdict(), Verdict::kPassed) << Found(result.run);
  EXPECT_EQ(result.environment.verdict(), Verdict::kPassed) << Found(result.environment);
  EXPECT_THAT(result.run_ids, SizeIs(1));
  EXPECT_TRUE(fs::exists(folder_->path() / "e2e-1/junit_01.xml"));

  FakeProducerContext here(folder_->path() / "process");
  ASSERT_OK_AND_ASSIGN(const fs::path program, FindAsset(E2eTestAsset(), {.may_build = false}));
  const LiveOptions process = {.e2e = {.program = program,
                                       .kubeconfig = cluster_->access.kubeconfig,
                                       .folder = here.folder(),
                                       .names = names,
                                       .needs_nodes = true}};
  const LiveResult beside = LiveRun(here, process).Run();
  EXPECT_EQ(beside.run.verdict(), Verdict::kPassed) << Found(beside.run);
  ASSERT_THAT(here.reported_, SizeIs(4));
  for (const auto& [check, outcome] : here.reported_) {
    EXPECT_EQ(outcome.verdict(), Verdict::kPassed) << check << ": " << Found(outcome);
    EXPECT_EQ(context_->reported_.at(check).verdict(), outcome.verdict()) << check;
  }
  EXPECT_OK(RemoveLeftovers(*own_client_, beside.run_ids, Deadline::After(absl::Minutes(1))));

  // PodSecurity judges it by level `restricted`; it goes with all that was made for it.
  ASSERT_OK_AND_ASSIGN(const Json space, own_client_->Get(kube::kNamespaces, "", name_, Soon()));
  EXPECT_EQ(space["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted");
  EXPECT_EQ(runner_->Remove(Deadline::After(kShort)), "");
  EXPECT_TRUE(absl::IsNotFound(own_client_->Get(kube::kNamespaces, "", name_, Soon()).status()));
  for (const kube::ResourcePath& kind : {kClusterRoles, kClusterRoleBindings}) {
    EXPECT_TRUE(absl::IsNotFound(own_client_->Get(kind, "", name_, Soon()).status()));
  }
}

TEST_F(ConformanceClusterTest, SideBySideEachRunsOnce) {
  LiveOptions options = Options({kConfigMap, kSecret, kDownward, kLease, kVersion});
  options.e2e.procs = 2;
  std::set<std::string> ids;
  options.on_namespaces = [&](const std::set<std::string>& names) {
    if (const auto found = RunIdsOf(*client_, names, Soon()); found.ok()) ids.insert(found->begin(), found->end());
  };
  const LiveResult result = Run(options);
  run_ids_.assign(ids.begin(), ids.end());
  EXPECT_EQ(result.run.verdict(), Verdict::kPassed) << Found(result.run);
  EXPECT_THAT(result.ran, SizeIs(5));
  EXPECT_THAT(result.failed, IsEmpty());
  EXPECT_THAT(ids, SizeIs(2)) << "one for each process";
}

TEST_F(ConformanceClusterTest, ATestThatHangsIsBrokenOffAndTheRestGoesOn) {
  LiveOptions options = Options({kWatchers, kLease});
  options.longest_test = absl::Seconds(10);
  const LiveResult result = Run(options);
  EXPECT_EQ(Told(kWatchers), Verdict::kError);
  EXPECT_EQ(Told(kLease), Verdict::kPassed);
  EXPECT_EQ(result.run.verdict(), Verdict::kPassed) << Found(result.run);
}

TEST_F(ConformanceClusterTest, WhoeverIsKilledAttachesAgain) {
  const LiveOptions options = Options({kConfigMap, kWatchers, kLease});
  {
    E2eOptions e2e = options.e2e;
    e2e.folder /= "e2e-1";
    ASSERT_OK_AND_ASSIGN(const std::unique_ptr<TestRun> first, runner_->Start(e2e));
    bool seen = false;
    const Deadline deadline = Deadline::After(absl::Minutes(2));
    while (!seen && !deadline.passed() && first->Follow(absl::Seconds(1), [&seen](const SpecEvent& event) {
      seen = seen || (event.kind == SpecEvent::Kind::kEnded && !event.is_suite_node);
    })) {
    }
    ASSERT_TRUE(seen);
  }
  const LiveResult result = Run(options);
  EXPECT_THAT(said_, HasSubstr("attaching to pod"));
  EXPECT_EQ(result.run.verdict(), Verdict::kPassed) << Found(result.run);
  for (const char* name : {kConfigMap, kWatchers, kLease}) EXPECT_EQ(Told(name), Verdict::kPassed) << name;
  ASSERT_OK_AND_ASSIGN(const auto pods, own_client_->List(kube::kPods, name_, {}, Soon()));
  EXPECT_THAT(pods, SizeIs(1)) << "it was not started twice";

  // And once more, when all is over and the pod is gone: from what was kept.
  EXPECT_EQ(runner_->Remove(Deadline::After(kShort)), "");
  context_.emplace(folder_->path());
  const LiveResult again = LiveRun(*context_, options).Run();
  EXPECT_EQ(again.run.verdict(), Verdict::kPassed) << Found(again.run);
  EXPECT_THAT(again.ran, SizeIs(3));
}

TEST_F(ConformanceClusterTest, AnApiServerThatIsGoneForHalfAMinuteLosesNothing) {
  ASSERT_OK_AND_ASSIGN(kube::Access access, kube::LoadKubeconfig(cluster_->access.kubeconfig, ""));
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<testing::Forwarder> forwarder, testing::Forwarder::Start(access.server));
  access.server = forwarder->url();
  const fs::path kubeconfig = cluster_->folder.path() / "forwarded";
  ASSERT_OK(WriteFileAtomically(kubeconfig, kube::WriteKubeconfig(access, "tales", "admin"), 0600));
  Open(kubeconfig);
  auto outage = AfterTheFirstVerdict([&] {
    forwarder->Refuse(true);
    absl::SleepFor(absl::Seconds(30));
    forwarder->Refuse(false);
    return absl::OkStatus();
  });
  const LiveResult result = Run(Options({kConfigMap, kWatchers, kLease, kSecret}));
  EXPECT_OK(outage.get());
  EXPECT_THAT(said_, AllOf(HasSubstr("cannot be followed for now"), HasSubstr("followed again")));
  EXPECT_EQ(result.run.verdict(), Verdict::kPassed) << Found(result.run);
  EXPECT_THAT(result.ran, SizeIs(4));
  EXPECT_THAT(result.failed, IsEmpty());
  EXPECT_TRUE(fs::exists(folder_->path() / "e2e-1/junit_01.xml"));
  runner_ = std::make_unique<ClusterRunner>(*own_client_, pod_);  // the other one's way goes with this test
}

TEST_F(ConformanceClusterTest, AnApiServerThatStandsStillLeavesNoTestWithoutAVerdict) {
  const pid_t server = dynamic_cast<const ServedFixture&>(*cluster_->fixture).pid();
  pid_t api_server = 0;
  for (const pid_t pid : testing::ControlPlaneProcessesOf(server)) {
    std::ifstream file(absl::StrCat("/proc/", pid, "/comm"));
    std::string comm;
    if (std::getline(file, comm) && comm == "kube-apiserver") api_server = pid;
  }
  ASSERT_GT(api_server, 0);
  auto outage = AfterTheFirstVerdict([api_server] {
    kill(api_server, SIGSTOP);
    absl::SleepFor(absl::Seconds(15));
    kill(api_server, SIGCONT);
    return absl::OkStatus();
  });
  const LiveResult result = Run(Options({kConfigMap, kWatchers, kLease}));
  EXPECT_OK(outage.get());
  // A test may fail for it; the run does not.
  EXPECT_EQ(result.run.verdict(), Verdict::kPassed) << Found(result.run);
  EXPECT_THAT(context_->reported_, SizeIs(3));
}

TEST_F(ConformanceClusterTest, ANodeThatIsNotReadyForAWhileIsWaitedForAndNamed) {
  auto outage = AfterTheFirstVerdict([this]() -> absl::Status {
    const auto pod = own_client_->Get(kube::kPods, name_, "e2e-1", Soon());
    if (!pod.ok()) return pod.status();
    const std::string node = (*pod)["spec"]["nodeName"].get<std::string>();
    TALES_RETURN_IF_ERROR(SignalKubelet(node, "STOP"));
    absl::SleepFor(absl::Seconds(75));
    TALES_RETURN_IF_ERROR(SignalKubelet(node, "CONT"));
    return absl::OkStatus();
  });
  const LiveResult result = Run(Options({kLease, kVersion, kWatchers}));
  EXPECT_OK(outage.get());
  EXPECT_THAT(said_, AllOf(HasSubstr("cannot be followed for now"), HasSubstr("followed again")));
  EXPECT_EQ(result.run.verdict(), Verdict::kPassed) << Found(result.run);
  EXPECT_THAT(context_->reported_, SizeIs(3));
}

TEST_F(ConformanceClusterTest, ADeletedPodLosesNoVerdictThatItGave) {
  auto deleted = AfterTheFirstVerdict([this] { return own_client_->Delete(kube::kPods, name_, "e2e-1", Soon()); });
  const LiveResult result = Run(Options({kConfigMap, kWatchers, kLease}));
  EXPECT_OK(deleted.get());
  EXPECT_TRUE(result.lost);
  EXPECT_EQ(result.run.verdict(), Verdict::kError);
  EXPECT_THAT(Found(result.run), HasSubstr("was deleted")) << said_;
  EXPECT_THAT(result.ran, SizeIs(::testing::Ge(1)));
  EXPECT_TRUE(fs::exists(folder_->path() / "e2e-1/e2e.log"));
}

TEST_F(ConformanceClusterTest, ADiskThatRunsFullLosesNoVerdictThatWasGiven) {
  FaultRequest full{"local", "disk-full", ""};
  ASSERT_OK_AND_ASSIGN(const LabNetwork network, Network());
  auto filled = AfterTheFirstVerdict([&]() -> absl::Status {
    const auto pod = own_client_->Get(kube::kPods, name_, "e2e-1", Soon());
    if (!pod.ok()) return pod.status();
    full.target = (*pod)["spec"]["nodeName"].get<std::string>();
    return BreakNetwork(full, network, *own_client_, Deadline::After(absl::Minutes(1)));
  });
  const LiveResult result = Run(Options({kConfigMap, kSecret, kDownward, kWatchers, kLease}));
  EXPECT_OK(filled.get());
  EXPECT_OK(HealNetwork(full, network, *own_client_, Deadline::After(kForRecovery)));
  // Which comes first is for the kubelet to say: it evicts the pod, or e2e.test cannot write.
  EXPECT_NE(result.run.verdict(), Verdict::kPassed);
  EXPECT_THAT(Found(result.run), AnyOf(AllOf(HasSubstr("low on resource: ephemeral-storage"),
                                             HasSubstr(absl::StrCat("was ended on ", full.target))),
                                       HasSubstr(absl::StrCat("the disk of ", full.target, " is full"))))
      << said_;
  EXPECT_THAT(result.ran, SizeIs(::testing::Ge(1)));
  EXPECT_TRUE(fs::exists(folder_->path() / "e2e-1/e2e.log"));
}

TEST_F(ConformanceClusterTest, AnImageThatIsNotThereIsSeenAtOnce) {
  pod_.settings.tests_image = "registry.k8s.io/conformance:v0.0.0";
  const absl::Time begin = absl::Now();
  const LiveResult result = Run(Options({kLease}));
  EXPECT_LT(absl::Now() - begin, kShort);
  EXPECT_EQ(result.run.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(result.run), AllOf(HasSubstr("conformance:v0.0.0"), HasSubstr("Pull"),
                                       HasSubstr("its last warnings: "), HasSubstr("Failed to pull image")));
}

// It is let in past every taint, so the nodes are of another kind.
TEST_F(ConformanceClusterTest, WhereNoNodeTakesThePodTheSchedulerIsQuoted) {
  pod_.unschedulable = absl::Milliseconds(100);
  ASSERT_OK_AND_ASSIGN(const auto nodes, own_client_->List(kube::kNodes, "", {}, Soon()));
  // Kubelets put their labels right again, and then the scheduler is quick.
  const auto tell_kubelets = [&](const char* signal) {
    for (const Json& node : nodes) EXPECT_OK(SignalKubelet(node["metadata"]["name"].get<std::string>(), signal));
  };
  const auto call = [&](const char* system) {
    for (const Json& node : nodes) {
      EXPECT_OK(own_client_->MergePatch(kube::kNodes, "", node["metadata"]["name"].get<std::string>(),
                                        {{"metadata", {{"labels", {{"kubernetes.io/os", system}}}}}},
                                        /*dry_run=*/false, Soon()));
    }
  };
  tell_kubelets("STOP");
  call("none");
  absl::SleepFor(absl::Seconds(1));  // the scheduler watches: nobody tells when it has seen it
  const LiveResult result = Run(Options({kLease}));
  call("linux");
  tell_kubelets("CONT");
  EXPECT_EQ(result.run.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(result.run), AllOf(HasSubstr("no node takes it"), HasSubstr("node affinity/selector"),
                                       HasSubstr("its last warnings: FailedScheduling")));
}

TEST_F(ConformanceClusterTest, AnAdmissionThatRefusesThePodIsQuoted) {
  const LiveOptions options = Options({kLease});
  const Json quota = {{"metadata", {{"name", "none"}}}, {"spec", {{"hard", {{"pods", "0"}}}}}};
  ASSERT_OK(own_client_->Create({"v1", "resourcequotas"}, name_, quota, false, Soon()));
  ASSERT_OK(RetryUntil(Soon(), "the quota", absl::Milliseconds(100), [&] {
    const auto seen = own_client_->Get({"v1", "resourcequotas"}, name_, "none", Soon());
    return seen.ok() && seen->value("/status/hard/pods"_json_pointer, "") == "0" ? absl::OkStatus()
                                                                                 : absl::UnavailableError("not yet");
  }));
  const LiveResult result = Run(options);
  EXPECT_EQ(result.run.verdict(), Verdict::kFailed) << "not unsupported: it is no role that lacks";
  EXPECT_THAT(Found(result.run), HasSubstr("exceeded quota"));
}

TEST_F(ConformanceClusterTest, ANamespaceThatIsStuckIsNotWaitedForForEver) {
  Options({kLease});
  const Json held = {{"metadata", {{"name", "held"}, {"finalizers", Json::array({"tales.test/held"})}}}};
  ASSERT_OK(own_client_->Create(kube::kConfigMaps, name_, held, false, Soon()));
  const std::string left = runner_->Remove(Deadline::After(absl::Seconds(15)));
  EXPECT_THAT(left, AllOf(HasSubstr(name_), HasSubstr("tales.test/held")));
  ASSERT_OK(own_client_->MergePatch(kube::kConfigMaps, name_, "held", {{"metadata", {{"finalizers", nullptr}}}}, false,
                                    Soon()));
  EXPECT_EQ(runner_->Remove(Deadline::After(kShort)), "");
}

}  // namespace
}  // namespace tales::conformance
