#include "fixtures/local/node/node_files.h"

#include "fixtures/local/node/addons.h"
#include "fixtures/local/node/node_lab.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using nlohmann::json;
using tales::testing::StatusIs;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Key;
using ::testing::Not;

const NodeSpec kNode{
    .name = "node-1", .address = "10.6.0.11", .pod_network = "10.244.11.0/24", .control_plane = true, .taints = {}};

TEST(NodeFilesTest, PodsAreGivenAddressesOfTheNodesOwn) {
  const auto files = NodeFiles(kNode, Cni::kBridge, {});
  const json cni = json::parse(files.at("cni/net.d/10-tales.conflist"));
  EXPECT_EQ(cni["plugins"][0]["type"], "ptp");
  EXPECT_EQ(cni["plugins"][0]["ipam"]["ranges"][0][0]["subnet"], "10.244.11.0/24");
  EXPECT_EQ(cni["plugins"][0]["ipam"]["routes"][0]["dst"], "0.0.0.0/0");
  EXPECT_EQ(cni["plugins"][1]["type"], "portmap");
}

TEST(NodeFilesTest, CiliumBringsItsOwnNetwork) {
  const auto files = NodeFiles(kNode, Cni::kCilium, {});
  EXPECT_THAT(files, Not(Contains(Key("cni/net.d/10-tales.conflist"))));
}

TEST(NodeFilesTest, Ipv6IsGivenByNumber) {
  std::vector<NodeSpec> nodes = {kNode};
  EXPECT_EQ(nodes[0].address6, "");
  GiveIpv6(nodes);
  EXPECT_EQ(nodes[0].address6, "fd00:10:6::11");
  EXPECT_EQ(nodes[0].pod_network6, "fd00:10:244:11::/64");
  EXPECT_THAT(NodeFiles(nodes[0], Cni::kCilium, {}).at("hosts"), HasSubstr("fd00:10:6::11 node-1"));
}

std::vector<std::string> KindsOf(const std::vector<json>& objects) {
  std::vector<std::string> kinds;
  for (const json& object : objects) {
    kinds.push_back(object["kind"].get<std::string>() + "/" + object["metadata"]["name"].get<std::string>());
  }
  return kinds;
}

TEST(AddonsTest, KubeProxyUnlessItIsReplacedAndDnsAlways) {
  const std::vector<json> objects = AddonObjects({.api_server = "https://10.6.0.1:6443"});
  EXPECT_THAT(KindsOf(objects), IsSupersetOf({"DaemonSet/kube-proxy", "Deployment/coredns", "Service/kube-dns"}));
  for (const json& object : objects) {
    if (object["metadata"]["name"] != "kube-proxy" || object["kind"] != "ConfigMap") continue;
    const json proxy = json::parse(object["data"]["config.yaml"].get<std::string>());
    EXPECT_EQ(proxy["mode"], "nftables");
    EXPECT_EQ(proxy["conntrack"]["maxPerCore"], 0);  // else it writes a setting of the whole kernel
    const json kubeconfig = json::parse(object["data"]["kubeconfig"].get<std::string>());
    EXPECT_EQ(kubeconfig["clusters"][0]["cluster"]["server"], "https://10.6.0.1:6443");
  }
  const std::vector<std::string> replaced = KindsOf(AddonObjects({.api_server = {}, .kube_proxy = false}));
  EXPECT_THAT(replaced, Contains("Deployment/coredns"));
  EXPECT_THAT(replaced, Not(Contains("DaemonSet/kube-proxy")));
}

TEST(NodeFilesTest, OnlyAuthenticatedClientsOfTheKubelet) {
  const json kubelet = json::parse(NodeFiles(kNode, Cni::kBridge, {}).at("kubernetes/kubelet.yaml"));
  EXPECT_EQ(kubelet["authentication"]["anonymous"]["enabled"], false);
  EXPECT_EQ(kubelet["authorization"]["mode"], "Webhook");
  EXPECT_EQ(kubelet["clusterDNS"], json::array({"10.96.0.10"}));
}

TEST(NodeFilesTest, WithoutTheRightNothingIsKeptFromTheOomKiller) {
  EXPECT_THAT(NodeFiles(kNode, Cni::kBridge, {.may_raise_limits = false}).at("containerd/config.toml"),
              HasSubstr("restrict_oom_score_adj = true"));
  EXPECT_THAT(NodeFiles(kNode, Cni::kBridge, {.may_raise_limits = true}).at("containerd/config.toml"),
              HasSubstr("restrict_oom_score_adj = false"));
}

TEST(NodesTest, DefaultsAreInTheLabsNetwork) {
  for (int count = 0; count <= kMostNodes; ++count) {
    const std::vector<NodeDefinition> nodes = DefaultNodes(count);
    ASSERT_OK_AND_ASSIGN(std::vector<NodeSpec> specs, NodeSpecs(nodes));
    ASSERT_EQ(static_cast<int>(specs.size()), count);
    if (count == 0) continue;
    EXPECT_TRUE(specs[0].control_plane);
    EXPECT_EQ(specs[0].address, "10.6.0.11");
    EXPECT_EQ(specs[0].pod_network, "10.244.11.0/24");
  }
  // Two nodes, of which one takes no pods, have no way between pods of two nodes.
  EXPECT_THAT(DefaultNodes(2)[0].taints, IsEmpty());
  EXPECT_THAT(DefaultNodes(3)[0].taints, Contains("node-role.kubernetes.io/control-plane:NoSchedule"));
}

TEST(NodesTest, AnAddressFromElsewhereIsAMistake) {
  for (const char* address : {"192.0.2.10", "10.6.0.1", "10.6.0.255", "10.6.0.", "10.6.0.1x", "2001:db8::1"}) {
    NodeDefinition node;
    node.name = "cp-1";
    node.address = address;
    EXPECT_THAT(NodeSpecs({node}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("cp-1"))) << address;
  }
  EXPECT_THAT(NodeSpecs(std::vector<NodeDefinition>(kMostNodes + 1)),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("at most")));
}

}  // namespace
}  // namespace tales
