// The lab's Cilium: its objects, and what its agents say, healthy and under each fault.
#include "fixtures/lab/kube/cilium/cilium.h"

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "fixtures/lab/kube/cilium/chart.h"
#include "fixtures/lab/kube/cilium/custom_resources.h"
#include "fixtures/lab/kube/controllers.h"
#include "fixtures/lab/kube/pods.h"
#include "fixtures/lab/kube/seed.h"
#include "suites/cilium/helm_release.h"
#include "tests/support/status_matchers.h"

namespace tales::lab::kube {
namespace {

using ::tales::testing::StatusIs;
using ::testing::_;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

ClusterDefinition Declared() {
  ClusterDefinition definition;
  NodeDefinition control, worker;
  control.name = "control";
  control.role = Role::kControlPlane;
  control.address = "10.0.1.50";
  worker.name = "worker";
  worker.address = "10.0.1.100";
  definition.nodes = {control, worker};
  definition.namespaces["cilium"].enforce = "privileged";
  definition.cilium.emplace();
  definition.cilium->cilium_namespace = "cilium";
  definition.cilium->kube_proxy_replacement = true;
  definition.cilium->values = {{"enableIPv4BIGTCP", "true"},
                               {"l2podAnnouncements.enabled", "true"},
                               {"routingMode", "native"},
                               {"ipv4NativeRoutingCIDR", "10.244.0.0/16"},
                               {"bpf.masquerade", "true"}};
  return definition;
}

class LabCilium : public ::testing::Test {
 protected:
  explicit LabCilium(ClusterDefinition definition = Declared()) : definition_(std::move(definition)) {
    SeedKubernetes(definition_, store_);
    cilium_ = std::make_unique<SimulatedCilium>(definition_, store_,
                                                [this](const std::string& node) { return node != down_; });
  }

  std::string AgentOn(const std::string& node) {
    for (const auto& pod : store_.List("v1", "pods", "cilium").items) {
      if ((*pod)["spec"].value("nodeName", "") == node && (*pod)["metadata"]["labels"].value("k8s-app", "") == "cilium")
        return (*pod)["metadata"]["name"];
    }
    return "";
  }
  absl::StatusOr<ExecAnswer> Exec(const std::string& node, const std::string& command) {
    const std::vector<std::string> words = absl::StrSplit(command, ' ');
    return cilium_->Exec({"cilium", AgentOn(node), "cilium-agent", node, words});
  }
  Json Ask(const std::string& node, const std::string& command) {
    auto answer = Exec(node, command);
    EXPECT_OK(answer);
    return answer.ok() ? Json::parse(answer->output) : Json();
  }
  std::string Log(const std::string& node, bool previous = false) {
    auto log = cilium_->Log({"cilium", AgentOn(node), "cilium-agent", node, previous});
    EXPECT_OK(log);
    return log.value_or("");
  }
  // Everything that a fault can change.
  std::string Fingerprint() {
    std::string text;
    std::multiset<std::string> objects;  // pods that are made anew have other names, so another order
    for (const auto& [group, plural] : {std::pair{"v1", "pods"},
                                        {"apps/v1", "daemonsets"},
                                        {"apps/v1", "deployments"},
                                        {"v1", "configmaps"},
                                        {"v1", "secrets"},
                                        {"cilium.io/v2", "ciliumnodes"}}) {
      for (const auto& item : store_.List(group, plural).items) {
        Json object = *item;
        object["metadata"] = {{"name", object["metadata"]["name"].get<std::string>().substr(0, 7)}};
        if (object.contains("spec")) object["spec"].erase("nodeName");
        if (object["status"].is_object())
          object["status"] = {
              {"counts",
               {object["status"].value("numberReady", 0), object["status"].value("readyReplicas", 0),
                object["status"].value("updatedNumberScheduled", 0)}},
              {"ready", PodIsReady(object)},
              {"restarts", object["status"].value("/containerStatuses/0/restartCount"_json_pointer, 0)}};
        if (object["data"].contains("release")) {
          const auto release = cilium::ParseHelmRelease(object["data"]["release"].get<std::string>(), true);
          EXPECT_OK(release);
          object["data"] = release.ok() ? release->status + release->cilium_version : "";
        }
        objects.insert(object.dump());
      }
    }
    for (const std::string& object : objects) text += object;
    for (const char* node : {"control", "worker"}) {
      for (const char* command : {"cilium-dbg endpoint list -o json", "cilium-health status -o json"}) {
        Json answer = Ask(node, command);
        if (answer.is_object()) answer.erase("timestamp");
        text += std::to_string(answer.dump().size());
      }
      const Json status = Ask(node, "cilium-dbg status -o json");
      text += status["cilium"].dump() + status["hubble"]["state"].dump() + status["cluster"].dump();
      for (const Json& controller : status["controllers"])
        text += controller["status"].contains("consecutive-failure-count") ? "!" : ".";
      for (const std::string& line : std::vector<std::string>(absl::StrSplit(Log(node), '\n'))) {
        const size_t level = line.find("level=");
        if (level != std::string::npos && !absl::StrContains(line, "level=info")) text += line.substr(level);
      }
    }
    return text;
  }

  ClusterDefinition definition_;
  ObjectStore store_;
  std::unique_ptr<SimulatedCilium> cilium_;
  std::string down_;
};

TEST_F(LabCilium, ObjectsAreThoseOfTheChart) {
  const Json set = *store_.Get({"apps/v1", "daemonsets", "cilium", "cilium"});
  EXPECT_EQ(set["status"]["numberReady"], 2);
  EXPECT_EQ(set["status"]["updatedNumberScheduled"], 2);
  const Json& agent = set["spec"]["template"]["spec"]["containers"][0];
  EXPECT_THAT(agent["image"].get<std::string>(), HasSubstr("quay.io/cilium/cilium:v1.17.1@sha256:"));
  EXPECT_THAT(agent.dump(),
              AllOf(HasSubstr(R"("name":"KUBERNETES_SERVICE_PORT","value":"7445")"), Not(HasSubstr("SYS_MODULE"))));
  EXPECT_THAT(set.dump(), Not(HasSubstr("mount-cgroup")));
  const Json config = (*store_.Get({"v1", "configmaps", "cilium", "cilium-config"}))["data"];
  EXPECT_EQ(config["enable-ipv4-big-tcp"], "true");
  EXPECT_EQ(config["enable-l2-pod-announcements"], "true");
  EXPECT_EQ(config["routing-mode"], "native");
  EXPECT_EQ(config["ipam"], "kubernetes");
  EXPECT_FALSE(config.contains("enable-l2-announcements"));  // rendered only where it is on
}

TEST_F(LabCilium, NodesHaveRangesAndPodsAddressesInThem) {
  EXPECT_EQ((*store_.Get({"v1", "nodes", "", "control"}))["spec"]["podCIDR"], "10.244.0.0/24");
  EXPECT_EQ((*store_.Get({"cilium.io/v2", "ciliumnodes", "", "worker"}))["spec"]["ipam"]["podCIDRs"],
            Json::array({"10.244.1.0/24"}));
  EXPECT_EQ(store_.List("cilium.io/v2", "ciliumendpoints").items.size(), 2u);  // CoreDNS
  for (const auto& pod : store_.List("v1", "pods", "kube-system").items) {
    if ((*pod)["metadata"]["labels"].value("k8s-app", "") != "kube-dns") continue;
    const Json node = *store_.Get({"v1", "nodes", "", (*pod)["spec"]["nodeName"]});
    const std::string range = node["spec"]["podCIDR"];
    EXPECT_TRUE(absl::StartsWith((*pod)["status"]["podIP"].get<std::string>(), range.substr(0, range.rfind('.') + 1)));
  }
}

TEST_F(LabCilium, AgentsAnswerAsTheRealOnesDo) {
  const Json status = Ask("worker", "cilium status -o json");
  EXPECT_EQ(status["cilium"]["state"], "Ok");
  EXPECT_EQ(status["cluster"]["self"], "worker");
  EXPECT_EQ(status["kube-proxy-replacement"]["mode"], "True");
  EXPECT_EQ(status["routing"]["intra-host-routing-mode"], "BPF");
  EXPECT_EQ(status["ipv4-big-tcp"], Json::parse(R"({"enabled":true,"maxGRO":65536,"maxGSO":65536})"));
  EXPECT_EQ(Ask("control", "cilium-dbg endpoint list -o json").size(), 3u);  // host, health, CoreDNS
  const Json health = Ask("control", "cilium-health status --probe -o json");
  EXPECT_EQ(health["local"]["name"], "control");
  EXPECT_EQ(health["nodes"].size(), 2u);
  EXPECT_FALSE(health["nodes"][1]["host"]["primary-address"]["icmp"].contains("status"));
  EXPECT_EQ(Ask("worker", "ip -d -j link show dev enp0s2")[0]["tso_max_size"], 65536);
  EXPECT_EQ(Exec("worker", "cilium status --brief")->output, "OK\n");
  EXPECT_EQ(Exec("worker", "cilium-dbg nonsense")->exit_code, 1);
  EXPECT_THAT(Exec("worker", "tcpdump -i any"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("executable file not found")));
}

TEST_F(LabCilium, TheLogHasBothFormatsAndBothKnownIssues) {
  const std::string log = Log("worker");
  EXPECT_THAT(
      log,
      AllOf(
          HasSubstr(
              R"(level=warn msg="Could not modify IPv4 gro_max_size and gso_max_size, disabling BIG TCP" module=agent.datapath.bigtcp device=enp0s2 error="invalid argument")"),
          HasSubstr(
              R"(level=warning msg="Failed to send gratuitous arp" error="failed to craft ARP reply packet: invalid IPv4 address" ipAddr="invalid IP" k8sPodName= subsys=l2-pod-announcements-garp)"),
          HasSubstr(R"(msg="Creating host endpoint" subsys=daemon)"),
          HasSubstr(R"(msg="  --enable-l2-pod-announcements='true'" subsys=daemon)")));
  int loud = 0;
  for (const auto& line : absl::StrSplit(log, '\n'))
    loud += absl::StrContains(line, "level=warn") || absl::StrContains(line, "level=error");
  EXPECT_EQ(loud, 2);
}

TEST_F(LabCilium, ARestartedAgentRestoresItsEndpointsAndKeepsTheOldLog) {
  ASSERT_OK(cilium_->Break({"lab", "cilium-agent-restarted", "worker"}));
  EXPECT_THAT(Log("worker"), AllOf(Not(HasSubstr("Creating host endpoint")), Not(HasSubstr("gratuitous arp\" error")),
                                   HasSubstr("Setting up BIG TCP"), HasSubstr("restored=3")));
  EXPECT_THAT(Log("worker", true), HasSubstr("Creating host endpoint"));
}

TEST_F(LabCilium, AMachineThatIsDownIsUnreachableForTheOthers) {
  down_ = "worker";
  const Json health = Ask("control", "cilium-health status -o json");
  EXPECT_FALSE(health["nodes"][0]["host"]["primary-address"]["icmp"].contains("status"));
  EXPECT_EQ(health["nodes"][1]["host"]["primary-address"]["icmp"]["status"], "context deadline exceeded");
}

TEST_F(LabCilium, APathBreaksInOneDirectionAndByOneProbe) {
  ASSERT_OK(cilium_->Break({"lab", "cilium-node-unreachable", "worker/control/http"}));
  const Json there = Ask("worker", "cilium-health status -o json")["nodes"][0]["host"]["primary-address"];
  EXPECT_TRUE(there["http"].contains("status"));
  EXPECT_FALSE(there["icmp"].contains("status"));
  EXPECT_THAT(Ask("control", "cilium-health status -o json").dump(), Not(HasSubstr("deadline")));
}

TEST_F(LabCilium, EveryFaultChangesSomethingAndLeavesNoTraceWhenHealed) {
  const std::string before = Fingerprint();
  for (std::string_view id : SimulatedCilium::FaultIds()) {
    const FaultRequest fault{"lab", std::string(id), ""};
    EXPECT_OK(cilium_->Break(fault)) << id;
    EXPECT_NE(Fingerprint(), before) << id;
    EXPECT_OK(cilium_->Heal(fault)) << id;
    EXPECT_EQ(Fingerprint(), before) << id;
    EXPECT_THAT(cilium_->Heal(fault), StatusIs(absl::StatusCode::kNotFound, _)) << id;
  }
}

TEST_F(LabCilium, TargetsThatDoNotFitAreNamed) {
  EXPECT_THAT(cilium_->Break({"lab", "cilium-agent-degraded", "nobody/hubble"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no node \"nobody\"")));
  EXPECT_THAT(cilium_->Break({"lab", "cilium-agent-degraded", "worker/etcd"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("one of kubernetes")));
  EXPECT_THAT(cilium_->Break({"lab", "cilium-setting-differs", "mtu"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("KEY=VALUE")));
}

class LabCiliumAsJson : public LabCilium {
 protected:
  static ClusterDefinition Definition() {
    ClusterDefinition definition = Declared();
    definition.cilium->values["logOptions.format"] = "json-ts";
    return definition;
  }
  LabCiliumAsJson() : LabCilium(Definition()) {}
};

TEST_F(LabCiliumAsJson, WritesOneObjectALine) {
  int lines = 0;
  for (const auto& line : absl::StrSplit(Log("worker"), '\n', absl::SkipEmpty())) {
    const Json object = Json::parse(std::string(line), nullptr, false);
    ASSERT_TRUE(object.is_object()) << line;
    EXPECT_TRUE(object.contains("level") && object.contains("time"));
    lines += object["msg"] == "Failed to send gratuitous arp" && object["ipAddr"] == "invalid IP" &&
             object["k8sPodName"] == "";
  }
  EXPECT_EQ(lines, 1);
}

TEST_F(LabCilium, ItsOperatorBringsTheCrdsAndItsAgentsTheNetwork) {
  const auto crds = [&] { return store_.List("apiextensions.k8s.io/v1", "customresourcedefinitions").items; };
  const auto bare = [&] {
    for (const auto& crd : crds()) {
      const std::string name = (*crd)["metadata"]["name"];
      EXPECT_OK(store_.Delete({"apiextensions.k8s.io/v1", "customresourcedefinitions", "", name}));
    }
  };
  bare();
  EXPECT_OK(store_.Update({"v1", "nodes", "", "worker"}, [](Json& node) {
    node["status"]["conditions"] = Json::array({{{"type", "Ready"}, {"status", "True"}}});
    return absl::OkStatus();
  }));
  ReconcileOnce(store_, absl::ZeroDuration(), /*establishes_crds=*/false);
  EXPECT_EQ(crds().size(), CiliumCrds().size());
  ASSERT_OK_AND_ASSIGN(const Json node, store_.Get({"v1", "nodes", "", "worker"}));
  EXPECT_EQ(ConditionStatus(node, "NetworkUnavailable"), "False");
  ReconcileOnce(store_, absl::ZeroDuration(), /*establishes_crds=*/false);
  EXPECT_EQ(ConditionStatus(*crds().front(), "Established"), "");
  ReconcileOnce(store_, absl::ZeroDuration());
  EXPECT_EQ(ConditionStatus(*crds().front(), "Established"), "True");

  bare();
  for (const auto& pod : store_.List("v1", "pods", "cilium").items) {
    if ((*pod)["metadata"]["labels"].value("io.cilium/app", "") != "operator") continue;
    const std::string name = (*pod)["metadata"]["name"];
    EXPECT_OK(store_.Update({"v1", "pods", "cilium", name}, [&](Json& object) {
      SetPodReady(object, false, "CrashLoopBackOff", store_.now());
      return absl::OkStatus();
    }));
  }
  ReconcileOnce(store_, absl::ZeroDuration());
  EXPECT_TRUE(crds().empty()) << "nobody brings them";
}

}  // namespace
}  // namespace tales::lab::kube
