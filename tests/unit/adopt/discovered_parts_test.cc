#include "fixtures/adopt/discovered_parts.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/definition/cluster_file.h"
#include "tests/support/status_matchers.h"

namespace tales::adopt {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

json Node(const char* name, const char* address, bool control_plane) {
  json node = {
      {"metadata", {{"name", name}, {"labels", {{"kubernetes.io/os", "linux"}}}}},
      {"status",
       {{"addresses", {{{"type", "Hostname"}, {"address", name}}, {{"type", "InternalIP"}, {"address", address}}}}}}};
  if (control_plane) {
    node["metadata"]["labels"]["node-role.kubernetes.io/control-plane"] = "";
    node["spec"]["taints"] = {{{"key", "node-role.kubernetes.io/control-plane"}, {"effect", "NoSchedule"}},
                              {{"key", "node.kubernetes.io/not-ready"}, {"effect", "NoExecute"}},
                              {{"key", "dedicated"}, {"value", "db"}, {"effect", "PreferNoSchedule"}}};
  }
  return node;
}

TEST(Discovered, NodesOfKubernetes) {
  const auto nodes = NodesFromKubernetes({Node("worker", "10.0.1.100", false), Node("control", "10.0.1.50", true)});
  ASSERT_THAT(nodes, SizeIs(2));
  EXPECT_EQ(nodes[0].name, "control");
  EXPECT_EQ(nodes[0].role, Role::kControlPlane);
  EXPECT_EQ(nodes[0].address, "10.0.1.50");
  EXPECT_THAT(nodes[0].taints,
              ElementsAre("node-role.kubernetes.io/control-plane:NoSchedule", "dedicated=db:PreferNoSchedule"));
  EXPECT_EQ(nodes[1].name, "worker");
  EXPECT_EQ(nodes[1].role, Role::kWorker);
  EXPECT_THAT(nodes[1].taints, IsEmpty());
}

TEST(Discovered, NodesWithoutShapeAreLeftOut) {
  EXPECT_THAT(NodesFromKubernetes({json(),
                                   json("x"),
                                   json::array({1}),
                                   {{"metadata", 3}},
                                   {{"metadata", {{"name", "a"}}}},
                                   Node("UPPER", "10.0.0.1", false),
                                   Node("a", "no address", false),
                                   {{"metadata", {{"name", "a"}}}, {"status", {{"addresses", "x"}}}}}),
              IsEmpty());
}

TEST(Discovered, NodesOfTalosMembers) {
  talos::Resource control, worker, odd;
  control.id = "control";
  control.yaml_spec = "hostname: control\nmachineType: controlplane\naddresses:\n    - 10.0.1.50\n    - fd00::50\n";
  worker.id = "worker";
  worker.yaml_spec = "hostname: worker\nmachineType: worker\naddresses: [10.0.1.100]\n";
  odd.id = "odd";
  for (const char* spec : {"", "[", "x", "addresses: {}", "addresses: [[]]"}) {
    odd.yaml_spec = spec;
    EXPECT_THAT(NodesFromMembers({odd}), IsEmpty()) << spec;
  }
  const auto nodes = NodesFromMembers({worker, control});
  ASSERT_THAT(nodes, SizeIs(2));
  EXPECT_EQ(nodes[0].name, "control");
  EXPECT_EQ(nodes[0].role, Role::kControlPlane);
  EXPECT_EQ(nodes[1].address, "10.0.1.100");
}

TEST(Discovered, OnlyNamespacesWithLabels) {
  const auto namespaces = LabelledNamespaces({
      {{"metadata", {{"name", "default"}, {"labels", {{"kubernetes.io/metadata.name", "default"}}}}}},
      {{"metadata",
        {{"name", "cilium"},
         {"labels",
          {{"pod-security.kubernetes.io/enforce", "privileged"},
           {"pod-security.kubernetes.io/enforce-version", "v1.32"},
           {"pod-security.kubernetes.io/warn", "privileged"}}}}}},
      {{"metadata", {{"name", "odd"}, {"labels", {{"pod-security.kubernetes.io/enforce", "everything"}}}}}},
      {{"metadata", {{"name", "bare"}}}},
      json(),
  });
  ASSERT_THAT(namespaces, SizeIs(1));
  EXPECT_EQ(namespaces.at("cilium").enforce, "privileged");
  EXPECT_EQ(namespaces.at("cilium").enforce_version, "v1.32");
  EXPECT_EQ(namespaces.at("cilium").warn, "privileged");
  EXPECT_EQ(namespaces.at("cilium").audit, "");
}

json Agent(const char* image) {
  return {{"metadata", {{"namespace", "cilium"}, {"annotations", {{"meta.helm.sh/release-name", "cilium"}}}}},
          {"spec", {{"template", {{"spec", {{"containers", {{{"name", "cilium-agent"}, {"image", image}}}}}}}}}}};
}

TEST(Discovered, Cilium) {
  const auto cilium =
      CiliumFrom(Agent("quay.io/cilium/cilium:v1.17.1@sha256:8969"), {{"data", {{"kube-proxy-replacement", "true"}}}});
  ASSERT_TRUE(cilium.has_value());
  EXPECT_EQ(cilium->cilium_namespace, "cilium");
  EXPECT_EQ(cilium->release, "cilium");
  EXPECT_EQ(cilium->version, "1.17.1");
  EXPECT_TRUE(cilium->kube_proxy_replacement);
  EXPECT_EQ(CiliumFrom(Agent("registry:5000/cilium"), nullptr)->version, "");
  EXPECT_EQ(CiliumFrom(Agent("quay.io/cilium/cilium:latest"), nullptr)->version, "");
  EXPECT_FALSE(CiliumFrom(Agent("x"), nullptr)->kube_proxy_replacement);
  EXPECT_FALSE(CiliumFrom(json(), json()).has_value());
}

TEST(Discovered, VersionsAndArguments) {
  EXPECT_EQ(KubernetesVersionFrom(R"({"gitVersion":"v1.32.2"})"), "v1.32.2");
  EXPECT_EQ(KubernetesVersionFrom(R"({"gitVersion":"v1.32.2+k3s1"})"), "v1.32.2");
  EXPECT_EQ(KubernetesVersionFrom(R"({"gitVersion":)"), "");
  EXPECT_EQ(KubernetesVersionFrom("<html>"), "");
  EXPECT_THAT(KernelArgumentsFrom("talos.platform=metal vga=792 pti=on\n"), ElementsAre("vga=792"));
  EXPECT_THAT(KernelArgumentsFrom("console=ttyS0"), IsEmpty());
  EXPECT_EQ(PrometheusOperatorFrom({{"metadata", {{"annotations", {{"operator.prometheus.io/version", "0.80.1"}}}}}})
                ->version,
            "v0.80.1");
  EXPECT_FALSE(PrometheusOperatorFrom({{"metadata", {}}}).has_value());
}

TEST(Discovered, TheClustersName) {
  EXPECT_EQ(ClusterNameFrom("admin@tales", "other"), "tales");
  EXPECT_EQ(ClusterNameFrom("", "tales"), "tales");
  EXPECT_EQ(ClusterNameFrom("arn:aws:x/y", "tales"), "tales");
  EXPECT_EQ(ClusterNameFrom("", ""), "cluster");
}

}  // namespace
}  // namespace tales::adopt
