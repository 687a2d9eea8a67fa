#include "suites/cilium/settings.h"

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace tales::cilium {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Settings Live() {
  return {{"kube-proxy-replacement", "true"}, {"ipam", "kubernetes"},          {"cgroup-root", "/sys/fs/cgroup"},
          {"routing-mode", "native"},         {"enable-ipv4-big-tcp", "true"}, {"enable-bpf-masquerade", "true"}};
}
CiliumDefinition Declared() {
  CiliumDefinition declared;
  declared.kube_proxy_replacement = true;
  declared.values = {{"enableIPv4BIGTCP", "true"}};
  return declared;
}
Json AgentSet(const char* host, const char* port, std::vector<std::string> capabilities) {
  Json agent = {{"name", "cilium-agent"}, {"securityContext", {{"capabilities", {{"add", capabilities}}}}}};
  agent["env"] = Json::array();
  if (*host != '\0')
    agent["env"] = {{{"name", "KUBERNETES_SERVICE_HOST"}, {"value", host}},
                    {{"name", "KUBERNETES_SERVICE_PORT"}, {"value", port}}};
  return {{"spec",
           {{"template",
             {{"spec",
               {{"containers", Json::array({agent})}, {"initContainers", Json::array({{{"name", "config"}}})}}}}}}}};
}
ClusterDefinition Definition() {
  ClusterDefinition definition;
  definition.cilium = Declared();
  return definition;
}

TEST(DeclaredValues, FollowedToTheirOptions) {
  std::vector<std::string> not_judged;
  EXPECT_THAT(JudgeDeclaredValues(Declared(), Live(), nullptr, not_judged), IsEmpty());
  Settings live = Live();
  live["enable-ipv4-big-tcp"] = "false";
  live["kube-proxy-replacement"] = "strict";
  auto problems = JudgeDeclaredValues(Declared(), live, nullptr, not_judged);
  ASSERT_THAT(problems, SizeIs(1));
  EXPECT_EQ(problems[0].expected, "cilium-config enable-ipv4-big-tcp: \"true\", from the declared enableIPv4BIGTCP");
  EXPECT_EQ(problems[0].found, "enable-ipv4-big-tcp is \"false\"");
  live.erase("enable-ipv4-big-tcp");
  EXPECT_EQ(JudgeDeclaredValues(Declared(), live, nullptr, not_judged)[0].found, "enable-ipv4-big-tcp is not there");
  EXPECT_THAT(not_judged, IsEmpty());
}

TEST(DeclaredValues, WhatTheChartLeavesOutIsOff) {
  CiliumDefinition declared = Declared();
  declared.values = {{"l2podAnnouncements.enabled", "false"}, {"healthChecking", "true"}};
  std::vector<std::string> not_judged;
  EXPECT_THAT(JudgeDeclaredValues(declared, Live(), nullptr, not_judged), IsEmpty());
  declared.values = {{"l2podAnnouncements.enabled", "true"}};
  EXPECT_THAT(JudgeDeclaredValues(declared, Live(), nullptr, not_judged), SizeIs(1));
}

TEST(DeclaredValues, WithoutAnOptionTheReleaseTells) {
  CiliumDefinition declared = Declared();
  declared.values = {{"operator.replicas", "1"}, {"prometheus.enabled", "true"}};
  std::vector<std::string> not_judged;
  EXPECT_THAT(JudgeDeclaredValues(declared, Live(), nullptr, not_judged), IsEmpty());
  EXPECT_THAT(not_judged, ElementsAre("operator.replicas", "prometheus.enabled"));
  HelmRelease release;
  release.values = {{"operator", {{"replicas", 2}}}};
  not_judged.clear();
  const auto problems = JudgeDeclaredValues(declared, Live(), &release, not_judged);
  ASSERT_THAT(problems, SizeIs(2));
  EXPECT_EQ(problems[0].found, "it has 2");
  EXPECT_EQ(problems[1].found, "it does not set it");
  EXPECT_THAT(not_judged, IsEmpty());
}

TEST(Drift, ChangedAddedRemovedAndMany) {
  EXPECT_THAT(JudgeDrift(Declared(), Live(), {}), IsEmpty());
  EXPECT_THAT(JudgeDrift(Declared(), Live(), Live()), IsEmpty());
  Settings rendered = Live();
  rendered["routing-mode"] = "tunnel";
  rendered["gone"] = "1";
  rendered.erase("cgroup-root");
  rendered["enable-ipv4-big-tcp"] = "false";  // declared: told elsewhere
  const auto problems = JudgeDrift(Declared(), Live(), rendered);
  ASSERT_THAT(problems, SizeIs(3));
  EXPECT_THAT(problems[0].expected, HasSubstr("gone is \"1\""));
  EXPECT_THAT(problems[1].expected, HasSubstr("routing-mode is \"tunnel\""));
  EXPECT_THAT(problems[2].expected, HasSubstr("cgroup-root is not there"));
  for (int i = 0; i < 100; ++i) rendered["x" + std::to_string(i)] = "";
  EXPECT_THAT(JudgeDrift(Declared(), Live(), rendered), SizeIs(9));
}

TEST(ForTalos, TheGuidesValuesAreWell) {
  EXPECT_THAT(JudgeForTalos(Definition(), Live(), AgentSet("localhost", "7445", {"CHOWN", "NET_ADMIN"})), IsEmpty());
  EXPECT_THAT(JudgeForTalos(Definition(), Live(), AgentSet("10.0.1.50", "6443", {})), IsEmpty());
}

TEST(ForTalos, EachThatIsMissingIsNamed) {
  Settings live = Live();
  live["cgroup-root"] = "/run/cilium/cgroupv2";
  live["ipam"] = "cluster-pool";
  const auto problems = JudgeForTalos(Definition(), live, AgentSet("localhost", "6443", {"SYS_MODULE"}));
  ASSERT_THAT(problems, SizeIs(4));
  EXPECT_THAT(problems[0].found, HasSubstr("/run/cilium/cgroupv2"));
  EXPECT_THAT(problems[1].found, HasSubstr("container cilium-agent asks for it"));
  EXPECT_THAT(problems[2].expected, HasSubstr("KubePrism, localhost:7445"));
  EXPECT_THAT(problems[3].found, HasSubstr("cluster-pool"));
  EXPECT_THAT(JudgeForTalos(Definition(), Live(), AgentSet("", "", {}))[0].found,
              HasSubstr("no KUBERNETES_SERVICE_HOST"));
}

TEST(ForTalos, WhatIsDeclaredOrOnlyFoundIsAccepted) {
  Settings live = Live();
  live["ipam"] = "cluster-pool";
  ClusterDefinition definition = Definition();
  definition.cilium->values["ipam.mode"] = "cluster-pool";
  EXPECT_THAT(JudgeForTalos(definition, live, AgentSet("localhost", "7445", {})), IsEmpty());
  definition = Definition();
  definition.discovered = true;
  EXPECT_THAT(JudgeForTalos(definition, live, AgentSet("localhost", "7445", {})), IsEmpty());
}

TEST(Conflicts, BigTcp) {
  EXPECT_THAT(JudgeBigTcp(Live()), IsEmpty());
  Settings live = Live();
  live["routing-mode"] = "tunnel";
  live["enable-host-legacy-routing"] = "true";
  live["enable-wireguard"] = "true";
  EXPECT_THAT(JudgeBigTcp(live), SizeIs(3));
  live["enable-ipv4-big-tcp"] = "false";
  EXPECT_THAT(JudgeBigTcp(live), IsEmpty());
}

TEST(Conflicts, HostDns) {
  EXPECT_TRUE(AsksForBpfHostRouting(Live()));
  Settings live = Live();
  live["enable-host-legacy-routing"] = "true";
  EXPECT_FALSE(AsksForBpfHostRouting(live));
  EXPECT_THAT(JudgeHostDns("worker", true, false), IsEmpty());
  EXPECT_THAT(JudgeHostDns("worker", false, true), IsEmpty());
  const auto problems = JudgeHostDns("worker", true, true);
  ASSERT_THAT(problems, SizeIs(1));
  EXPECT_THAT(problems[0].next, HasSubstr("forwardKubeDNSToHost: false"));
}

}  // namespace
}  // namespace tales::cilium
