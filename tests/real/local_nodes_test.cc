// Two real nodes: pods run on each and reach each other, and nothing of them is left, however they end.
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "fixtures/local/node/client_image.h"
#include "fixtures/local/node/node_files.h"
#include "fixtures/local/node/prerequisites.h"
#include "fixtures/served/served_fixture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/base/subprocess.h"
#include "harness/kube/client.h"
#include "tests/real/local_cluster.h"
#include "tests/support/status_matchers.h"

namespace tales::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kAgnhost[] = "registry.k8s.io/e2e-test-images/agnhost:2.53";

std::string TextOf(const fs::path& path) {
  auto text = ReadFile(path);
  return text.ok() ? *text : "";
}

// What the host would show of nodes, were anything of them on it.
struct Host {
  std::string links, mounts, network_namespaces;
  std::map<std::string, std::string> settings;
  friend bool operator==(const Host&, const Host&) = default;

  static Host Now() {
    Host host;
    for (const auto& entry : fs::directory_iterator("/sys/class/net")) {
      absl::StrAppend(&host.links, entry.path().filename().string(), " ");
    }
    host.mounts = TextOf("/proc/self/mountinfo");
    std::error_code error;
    for (const auto& entry : fs::directory_iterator("/run/netns", error)) {
      absl::StrAppend(&host.network_namespaces, entry.path().filename().string(), " ");
    }
    for (const auto& [name, covered] : CoveredSettings()) {
      std::string path = absl::StrCat("/proc/sys/", name);
      std::replace(path.begin() + 10, path.end(), '.', '/');
      host.settings[name] = TextOf(path);
    }
    return host;
  }
};

// Everything of one `tales local`, as the host sees it.
struct Footprint {
  std::vector<fs::path> groups;
  std::vector<pid_t> processes;
};
Footprint FootprintOf(pid_t server) {
  Footprint footprint;
  for (const auto& entry : fs::directory_iterator("/run/tales/local")) {
    if (!absl::StartsWith(entry.path().filename().string(), absl::StrCat(server, "-"))) continue;
    const kube::Json record = kube::Json::parse(TextOf(entry.path()));
    for (const auto& group : record["cgroups"]) footprint.groups.emplace_back(group.get<std::string>());
  }
  for (const fs::path& group : footprint.groups) {
    for (const auto& entry : fs::recursive_directory_iterator(group)) {
      if (entry.path().filename() != "cgroup.procs") continue;
      std::ifstream pids(entry.path());
      for (pid_t pid = 0; pids >> pid;) footprint.processes.push_back(pid);
    }
  }
  for (pid_t pid : ControlPlaneProcessesOf(server)) footprint.processes.push_back(pid);
  return footprint;
}

// A process that init has still to reap runs no more.
bool Runs(pid_t pid) {
  const std::string stat = TextOf(absl::StrCat("/proc/", pid, "/stat"));
  return !stat.empty() && stat.compare(stat.rfind(')') + 2, 1, "Z") != 0;
}

absl::Status NothingIsLeft(const Footprint& footprint, absl::Duration within) {
  return RetryUntil(Deadline::After(within), "the end of it all", absl::Milliseconds(50), [&] {
    for (pid_t pid : footprint.processes) {
      if (Runs(pid)) return absl::UnavailableError(absl::StrCat("process ", pid, " runs"));
    }
    for (const fs::path& group : footprint.groups) {
      if (fs::exists(group)) return absl::UnavailableError(absl::StrCat(group.string(), " is there"));
    }
    return absl::OkStatus();
  });
}

// The shell that waits for the server's end.
pid_t SweeperOf(pid_t server) {
  for (const auto& entry : fs::directory_iterator("/proc")) {
    pid_t pid = 0;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &pid)) continue;
    if (absl::StrContains(TextOf(entry.path() / "status"), absl::StrCat("\nPPid:\t", server, "\n")) &&
        absl::StrContains(TextOf(entry.path() / "cmdline"), "trap ''"))
      return pid;
  }
  return 0;
}

class LocalNodesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!NodesAreAvailable().ok()) GTEST_SKIP() << "real nodes: " << NodesAreAvailable().message();
    before_ = Host::Now();
  }
  void TearDown() override {
    if (IsSkipped()) return;
    const Host after = Host::Now();
    EXPECT_EQ(after.links, before_.links);
    EXPECT_EQ(after.mounts, before_.mounts);
    EXPECT_EQ(after.network_namespaces, before_.network_namespaces);
    EXPECT_EQ(after.settings, before_.settings);
  }
  static absl::StatusOr<LocalCluster> Start(const char* cluster_file = "local-nodes.yaml") {
    return StartLocalCluster({}, fs::path(TALES_CLUSTERS) / cluster_file);
  }
  static pid_t PidOf(const LocalCluster& cluster) { return dynamic_cast<const ServedFixture&>(*cluster.fixture).pid(); }
  Host before_;
};

class Pods {
 public:
  explicit Pods(kube::Client& client) : client_(client) {}
  absl::Status Run(const std::string& name, const std::string& node) {
    kube::Json server = {
        {"name", "main"},
        {"image", kAgnhost},
        {"args", kube::Json::array({"netexec"})},
        {"readinessProbe", {{"httpGet", {{"path", "/hostname"}, {"port", 8080}}}, {"periodSeconds", 1}}}};
    return RunContainer(name, node, std::move(server));
  }
  absl::Status RunContainer(const std::string& name, const std::string& node, kube::Json container) {
    const kube::Json pod = {{"apiVersion", "v1"},
                            {"kind", "Pod"},
                            {"metadata", {{"name", name}, {"labels", {{"app", name}}}}},
                            {"spec",
                             {{"nodeName", node},
                              {"terminationGracePeriodSeconds", 0},
                              {"containers", kube::Json::array({std::move(container)})}}}};
    return client_.Create(kube::kPods, "default", pod, /*dry_run=*/false, deadline_).status();
  }
  // Its address, once it is Ready.
  absl::StatusOr<std::string> Address(const std::string& name) {
    std::string address, seen;
    const absl::Status status = RetryUntil(deadline_, name, absl::Milliseconds(100), [&]() -> absl::Status {
      auto pod = client_.Get(kube::kPods, "default", name, deadline_);
      if (!pod.ok()) return absl::UnavailableError(absl::StrCat(pod.status().message(), "; before: ", seen));
      for (const auto& condition : pod->value("/status/conditions"_json_pointer, kube::Json::array())) {
        if (condition["type"] != "Ready" || condition["status"] != "True") continue;
        address = (*pod)["status"]["podIP"].get<std::string>();
        return absl::OkStatus();
      }
      seen = pod->value("status", kube::Json()).dump();
      return absl::UnavailableError(seen);
    });
    if (!status.ok()) return status;
    return address;
  }
  // What `from` is told by host:port when it asks for its name, once: by way of the API server, which asks `from`.
  std::string Ask(const std::string& from, const std::string& host, int port) {
    auto said = client_.GetRaw(absl::StrCat("/api/v1/namespaces/default/pods/", from, ":8080/proxy/dial?host=", host,
                                            "&port=", port, "&protocol=http&request=hostname&tries=1"),
                               deadline_);
    return said.ok() ? *said : said.status().ToString();
  }

 private:
  kube::Client& client_;
  const Deadline deadline_ = Deadline::After(absl::Minutes(4));  // Cilium compiles programs for each pod
};

TEST_F(LocalNodesTest, PodsRunOnBothAndReachEachOther) {
  ASSERT_OK_AND_ASSIGN(LocalCluster cluster, Start());
  const pid_t server = PidOf(cluster);
  const Deadline deadline = Deadline::After(absl::Minutes(1));
  ASSERT_OK_AND_ASSIGN(kube::Access access, kube::LoadKubeconfig(cluster.access.kubeconfig, ""));
  ASSERT_OK_AND_ASSIGN(auto client, kube::Client::Open(access));
  ASSERT_OK_AND_ASSIGN(auto nodes, client->List(kube::kNodes, "", {}, deadline));
  ASSERT_THAT(nodes, SizeIs(2));
  EXPECT_EQ(nodes[0]["status"]["nodeInfo"]["containerRuntimeVersion"], "containerd://2.0.2");
  EXPECT_TRUE(nodes[0]["metadata"]["labels"].contains("node-role.kubernetes.io/control-plane"));

  Pods pods(*client);
  ASSERT_OK(pods.Run("one", "node-1"));
  ASSERT_OK(pods.Run("two", "node-2"));
  const kube::Json service = {
      {"apiVersion", "v1"},
      {"kind", "Service"},
      {"metadata", {{"name", "two"}}},
      {"spec", {{"selector", {{"app", "two"}}}, {"ports", kube::Json::array({{{"port", 80}, {"targetPort", 8080}}})}}}};
  ASSERT_OK_AND_ASSIGN(auto created, client->Create(kube::kServices, "default", service, false, deadline));
  ASSERT_OK_AND_ASSIGN(const std::string one, pods.Address("one"));
  ASSERT_OK_AND_ASSIGN(const std::string two, pods.Address("two"));
  EXPECT_THAT(pods.Ask("one", two, 8080), HasSubstr(R"("two")"));
  EXPECT_THAT(pods.Ask("two", one, 8080), HasSubstr(R"("one")"));
  const std::string address = created.body["spec"]["clusterIP"].get<std::string>();
  EXPECT_OK(RetryUntil(deadline.AtMost(absl::Seconds(20)), "the service", absl::Milliseconds(200), [&] {
    for (const char* from : {"one", "two"}) {  // also the one that is behind it
      const std::string said = pods.Ask(from, address, 80);
      if (!absl::StrContains(said, R"("two")")) return absl::UnavailableError(absl::StrCat(from, ": ", said));
    }
    return absl::OkStatus();
  }));

  ASSERT_OK_AND_ASSIGN(
      kube::ExecResult said,
      client->Exec("default", "two", "main", {"/agnhost", "connect", "--timeout=5s", "10.96.0.1:443"}, deadline));
  EXPECT_EQ(said.exit_code, 0) << said.output << said.error_output;
  ASSERT_OK_AND_ASSIGN(said, client->Exec("default", "one", "main", {"/agnhost", "no-such-verb"}, deadline));
  EXPECT_NE(said.exit_code, 0);
  std::string log;
  EXPECT_OK(client->Logs(
      "default", "one", {},
      [&log](std::string_view chunk) {
        log += chunk;
        return true;
      },
      deadline));
  EXPECT_THAT(log, HasSubstr("Started HTTP server on port 8080"));

  const Footprint footprint = FootprintOf(server);
  EXPECT_THAT(footprint.groups, Not(IsEmpty()));
  EXPECT_THAT(footprint.processes, SizeIs(Ge(12)));
  EXPECT_OK(cluster.fixture->Down());
  EXPECT_OK(NothingIsLeft(footprint, absl::Seconds(10)));
  EXPECT_TRUE(fs::is_empty(cluster.folder.path()));
}

// Each program of it, on what it is there for.
TEST_F(LocalNodesTest, TheClientImageHasWhatTestsCall) {
  for (const Prerequisite& missing : MissingForNodes(Cni::kBridge, /*nodes=*/2, Deadline::After(absl::Minutes(1)))) {
    if (missing.optional) GTEST_SKIP() << "the client image: " << missing.what << ": " << missing.how;
  }
  ASSERT_OK_AND_ASSIGN(LocalCluster cluster, Start());
  ASSERT_OK_AND_ASSIGN(kube::Access access, kube::LoadKubeconfig(cluster.access.kubeconfig, ""));
  ASSERT_OK_AND_ASSIGN(auto client, kube::Client::Open(access));
  Pods pods(*client);
  ASSERT_OK(pods.RunContainer("client", "node-1",
                              {{"name", "main"},
                               {"image", kClientImage},
                               {"imagePullPolicy", "Never"},
                               {"command", kube::Json::array({"/usr/bin/pause"})}}));
  ASSERT_OK(pods.Run("server", "node-2"));
  ASSERT_OK(pods.Address("client"));
  ASSERT_OK_AND_ASSIGN(const std::string server, pods.Address("server"));
  const auto say = [&](std::vector<std::string> argv) {
    const auto said = client->Exec("default", "client", "main", argv, Deadline::After(absl::Seconds(20)));
    if (!said.ok()) return said.status().ToString();
    return absl::StrCat(said->exit_code, " ", said->output, said->error_output);
  };
  const std::string url = absl::StrCat("http://", server, ":8080/hostname");
  EXPECT_EQ(say({"curl", "--silent", "--fail", "--show-error", "-w", "%{response_code}", "--output", "/dev/null", url}),
            "0 200");
  EXPECT_THAT(say({"curl", "-k", "--silent", "https://kubernetes.default/version"}), HasSubstr("Unauthorized"));
  EXPECT_THAT(say({"ping", "-c", "1", "-W", "2", "-M", "do", "-s", "1472", server}),
              AllOf(StartsWith("0 "), HasSubstr("1480 bytes from")));
  EXPECT_THAT(say({"ping", "-c", "1", "-W", "2", "-M", "do", "-s", "1473", server}), StartsWith("1 "));
  EXPECT_EQ(say({"dig", "+short", "+time=2", "kubernetes.default.svc.cluster.local"}), "0 10.96.0.1\n");
  EXPECT_THAT(say({"nslookup", "-type=A", "-timeout=2", "kubernetes.default"}), HasSubstr("Address: 10.96.0.1"));
  EXPECT_THAT(say({"nc", "-z", "-v", "-w", "2", server, "8080"}), AllOf(StartsWith("0 "), HasSubstr("succeeded")));
  EXPECT_THAT(say({"ip", "-4", "route", "show", "default"}), HasSubstr("dev eth0"));
  EXPECT_THAT(say({"sh", "-c", "echo \"$BASH_VERSION\" && printf %s abc | md5sum"}),
              HasSubstr("900150983cd24fb0d6963f7d28e17f72"));
  EXPECT_THAT(
      say({"sh", "-c",
           absl::StrCat("timeout 10 tcpdump -n -c 2 -i eth0 icmp & sleep 1; ping -c 1 -W 2 ", server, "; wait $!")}),
      AllOf(StartsWith("0 "), HasSubstr("ICMP echo request"), HasSubstr("2 packets captured")));
  // What is beyond the cluster; its certificates are believed.
  for (const char* there : {"http://world.tales.test./", "https://world.tales.test./public", "https://203.0.113.20/"}) {
    EXPECT_EQ(say({"curl", "--silent", "--show-error", "-w", "%{response_code}", "--output", "/dev/null", there}),
              "0 200");
  }
  EXPECT_THAT(say({"curl", "--silent", "--show-error", "http://other.tales.test./client-ip"}), HasSubstr("10.244."));
  EXPECT_OK(cluster.fixture->Down());
}

TEST_F(LocalNodesTest, KilledByMinus9NothingIsLeft) {
  ASSERT_OK_AND_ASSIGN(LocalCluster cluster, Start());
  const pid_t server = PidOf(cluster);
  const Footprint footprint = FootprintOf(server);
  const fs::path state = cluster.access.kubeconfig.parent_path() / "state";
  ASSERT_TRUE(fs::exists(state / "nodes/node-1"));
  kill(server, SIGKILL);
  EXPECT_OK(NothingIsLeft(footprint, absl::Seconds(20)));
  EXPECT_OK(RetryUntil(Deadline::After(absl::Seconds(5)), "the end of its disks", absl::Milliseconds(50), [&] {
    return fs::exists(state) ? absl::UnavailableError("they are there") : absl::OkStatus();
  }));
  EXPECT_OK(cluster.fixture->Down());
}

TEST_F(LocalNodesTest, WhenWhoCleansUpIsKilledTooTheNextOneDoesIt) {
  ASSERT_OK_AND_ASSIGN(LocalCluster cluster, Start());
  const pid_t server = PidOf(cluster);
  const Footprint footprint = FootprintOf(server);
  const fs::path state = cluster.access.kubeconfig.parent_path() / "state";
  const pid_t sweeper = SweeperOf(server);
  ASSERT_GT(sweeper, 0);
  kill(sweeper, SIGKILL);
  kill(server, SIGKILL);
  EXPECT_OK(NothingIsLeft({.groups = {}, .processes = footprint.processes}, absl::Seconds(10)));
  EXPECT_THAT(footprint.groups, Contains(::testing::ResultOf([](const fs::path& group) { return fs::exists(group); },
                                                             ::testing::IsTrue())));
  ASSERT_OK_AND_ASSIGN(Finished cleaned,
                       tales::Run({.argv = {TALES_PROGRAM, "local", "--clean"}}, Deadline::After(absl::Minutes(1))));
  EXPECT_EQ(cleaned.exit_code, 0) << cleaned.error_output;
  EXPECT_OK(NothingIsLeft(footprint, absl::ZeroDuration()));
  EXPECT_FALSE(fs::exists(state));
  EXPECT_OK(cluster.fixture->Down());
}

TEST_F(LocalNodesTest, WithARealCilium) {
  const absl::Status available = CiliumIsAvailable();
  if (!available.ok()) GTEST_SKIP() << "a real Cilium: " << available.message();
  ASSERT_OK_AND_ASSIGN(LocalCluster cluster, Start("local-cilium.yaml"));
  const Deadline deadline = Deadline::After(absl::Minutes(15));
  ASSERT_OK_AND_ASSIGN(kube::Access access, kube::LoadKubeconfig(cluster.access.kubeconfig, ""));
  ASSERT_OK_AND_ASSIGN(auto client, kube::Client::Open(access));
  Pods pods(*client);
  ASSERT_OK(pods.Run("one", "node-1"));
  ASSERT_OK(pods.Run("two", "node-2"));
  ASSERT_OK_AND_ASSIGN(const std::string one, pods.Address("one"));
  ASSERT_OK_AND_ASSIGN(const std::string two, pods.Address("two"));
  EXPECT_THAT(pods.Ask("one", two, 8080), HasSubstr(R"("two")"));
  EXPECT_THAT(pods.Ask("two", one, 8080), HasSubstr(R"("one")"));
  ASSERT_OK_AND_ASSIGN(auto agents,
                       client->List(kube::kPods, "cilium", {.label_selector = "k8s-app=cilium"}, deadline));
  ASSERT_THAT(agents, SizeIs(2));
  for (const kube::Json& agent : agents) {
    ASSERT_OK_AND_ASSIGN(kube::ExecResult said,
                         client->Exec("cilium", agent["metadata"]["name"].get<std::string>(), "cilium-agent",
                                      {"cilium-dbg", "status", "-o", "json"}, deadline));
    const kube::Json status = kube::Json::parse(said.output, nullptr, false);
    EXPECT_EQ(status.value("/cilium/state"_json_pointer, ""), "Ok") << said.output << said.error_output;
    EXPECT_EQ(status.value("/kube-proxy-replacement/mode"_json_pointer, ""), "True");
  }
  const Footprint footprint = FootprintOf(PidOf(cluster));
  EXPECT_OK(cluster.fixture->Down());
  EXPECT_OK(NothingIsLeft(footprint, absl::Seconds(10)));
}

}  // namespace
}  // namespace tales::testing
