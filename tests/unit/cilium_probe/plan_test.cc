#include "suites/cilium/probe/plan.h"

#include <algorithm>
#include <map>
#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "suites/cilium/probe/lacks.h"
#include "suites/cilium/probe/policies.h"
#include "suites/cilium/probe/producer.h"
#include "suites/cilium/probe/scenarios.h"
#include "suites/cilium/probe/workloads.h"
#include "tests/unit/cilium_probe/places.h"

namespace tales::cilium::probe {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::PlaceOfNodes;

std::set<std::pair<std::string, std::string>> Pairs(const std::vector<Probe>& probes, const std::string& scenario) {
  std::set<std::pair<std::string, std::string>> pairs;
  for (const Probe& probe : probes) {
    if (probe.scenario == scenario) pairs.insert({probe.from, probe.to});
  }
  return pairs;
}

TEST(PlanTest, EveryOrderedPairOfNodes) {
  const auto light = LightProbes(PlaceOfNodes(3)), heavy = HeavyProbes(PlaceOfNodes(3));
  EXPECT_EQ(Pairs(light, "other-node").size(), 6u);
  EXPECT_EQ(Pairs(light, "same-node").size(), 3u);
  for (const char* scenario : {"ping", "cluster-ip", "node-port", "host-port", "pod-to-host", "host-to-pod"}) {
    EXPECT_EQ(Pairs(light, scenario).size(), 9u) << scenario;
  }
  for (const char* scenario : {"mtu", "udp"}) EXPECT_EQ(Pairs(light, scenario).size(), 6u) << scenario;
  for (const char* scenario : {"sustained", "large-payload"}) EXPECT_EQ(Pairs(heavy, scenario).size(), 6u) << scenario;
}

TEST(PlanTest, OneNodeIsAskedAboutItself) {
  const auto light = LightProbes(PlaceOfNodes(1));
  EXPECT_THAT(Pairs(light, "other-node"), IsEmpty());
  EXPECT_THAT(Pairs(light, "mtu"), Not(IsEmpty()));
  EXPECT_THAT(Pairs(HeavyProbes(PlaceOfNodes(1)), "sustained"), Not(IsEmpty()));
}

// probe.sh splits its arguments at blanks.
TEST(PlanTest, NoWordHasABlank) {
  Place place = PlaceOfNodes(2);
  place.world_name = "world.test";
  place.world_address = "203.0.113.10";
  place.settings = {{"enable-ipv6", "true"}, {"enable-l7-proxy", "true"}};
  place.has_envoy = true;
  std::vector<Probe> all = LightProbes(place);
  for (Probe& probe : HeavyProbes(place)) all.push_back(probe);
  for (const PolicyStep& step : PolicySteps(place)) all.insert(all.end(), step.probes.begin(), step.probes.end());
  for (const Probe& probe : all) {
    ASSERT_THAT(probe.words, Not(IsEmpty()));
    for (const std::string& word : probe.words) {
      EXPECT_EQ(word.find(' '), std::string::npos) << word;
      EXPECT_TRUE(!word.empty() || !probe.impossible.empty()) << probe.what;
    }
    EXPECT_FALSE(probe.what.empty() || probe.command.empty()) << probe.scenario;
    FindScenario(probe.scenario);
  }
}

TEST(PlanTest, WhatIsToBeReachedAndIsNotThereCannotBeTried) {
  Place place = PlaceOfNodes(2);
  place.nodes[1].server = {
      .name = "server-2", .node = "node-2", .trouble = "pod server-2 on node-2 does not run: ErrImagePull"};
  for (const Probe& probe : LightProbes(place)) {
    if (probe.to != "node-2") continue;
    const bool needs_it = probe.scenario != "pod-to-host" && probe.scenario != "host-port" && probe.scenario != "dns";
    EXPECT_EQ(!probe.impossible.empty(), needs_it) << probe.what;
  }
}

TEST(PlanTest, FromOutsideEveryNodeIsAskedForThePodsOfEach) {
  Place place = PlaceOfNodes(2);
  EXPECT_THAT(Pairs(LightProbes(place), "node-port-outside"), IsEmpty());
  EXPECT_TRUE(Lacks(place, "node-port-outside").has_value());
  place.outside = "env";
  EXPECT_EQ(Lacks(place, "node-port-outside"), std::nullopt);
  EXPECT_EQ(Pairs(LightProbes(place), "node-port-outside").size(), 4u);
  for (const Probe& probe : LightProbes(place)) {
    if (probe.scenario != "node-port-outside") continue;
    EXPECT_EQ(probe.pod, "");
    if (probe.from != "node-1" || probe.to != "node-2") continue;
    EXPECT_EQ(probe.what,
              "a host outside asks node-1 for the NodePort of a pod on node-2: GET http://10.6.0.11:30002/hostname");
  }
}

TEST(PlanTest, Ipv6HasTheTwinsWhereItIs) {
  Place place = PlaceOfNodes(2);
  EXPECT_THAT(Pairs(LightProbes(place), "ipv6"), IsEmpty());
  place.settings = {{"enable-ipv6", "true"}};
  std::set<std::string> said;
  for (const Probe& probe : LightProbes(place)) {
    if (probe.scenario != "ipv6") continue;
    EXPECT_EQ(probe.impossible, "") << probe.what;
    said.insert(probe.what);
  }
  for (const char* what :
       {"a pod on node-1 asks a pod on node-2: GET http://[fd00:10:244:2::3]:8080/hostname",
        "a pod on node-1 asks the service of a pod on node-1: GET http://[fd00:10:96::101]:8080/hostname",
        "node node-1 asks the NodePort at node-2: GET http://[fd00:10:6::12]:30002/hostname",
        "a pod on node-2 asks a pod on node-1: ping fd00:10:244:1::3",
        "a pod on node-1 asks a pod on node-2: packets of the MTU, and of a byte more, not to be cut",
        "a pod on node-2 asks for the IPv6 addresses of headless"}) {
    EXPECT_THAT(said, Contains(what));
  }
}

TEST(PlanTest, PodsHaveIpv6WhereItIsOnAndServicesAndNodesMay) {
  Place place = PlaceOfNodes(2);
  place.settings = {{"enable-ipv6", "true"}};
  const auto count = [&place](bool impossible) {
    const auto light = LightProbes(place);
    return std::count_if(light.begin(), light.end(), [&](const Probe& probe) {
      return probe.scenario == "ipv6" && probe.impossible.empty() != impossible;
    });
  };
  EXPECT_EQ(count(false), 4 * 5 + 2 + 2);
  place.nodes[0].address6 = "";
  EXPECT_EQ(count(false), 4 * 5 + 2 + 2 - 2 * 2) << "less the NodePort at it, from pods and nodes";
  for (NodePlace& node : place.nodes) node.service6 = "";
  EXPECT_EQ(count(false), 4 * 2 + 2) << "pods, their ping and their MTU";
  place.nodes[1].server.address6 = "";
  EXPECT_EQ(count(true), 2 * 2 + 1) << "they cannot be tried, which is no pass";
}

TEST(PlanTest, EveryScenarioHasProbesOrIsOfItsOwnKind) {
  Place place = PlaceOfNodes(2);
  place.world_name = "world.test", place.other_name = "other.test", place.world_address = "203.0.113.10";
  place.settings = {{"enable-ipv6", "true"}, {"enable-l7-proxy", "true"}};
  place.has_envoy = true;
  place.outside = "env";
  std::set<std::string> seen = {"one-way", "host-firewall", "encryption", "node-health", "drops"};
  for (const Probe& probe : LightProbes(place)) seen.insert(probe.scenario);
  for (const Probe& probe : HeavyProbes(place)) seen.insert(probe.scenario);
  for (const PolicyStep& step : PolicySteps(place)) seen.insert(step.scenario);
  for (const Scenario& scenario : Scenarios()) EXPECT_THAT(seen, Contains(scenario.id));
}

TEST(PlanTest, EveryScenarioIsProvenOrSaysWhyNot) {
  std::set<std::string> ids;
  for (const Scenario& scenario : Scenarios()) {
    EXPECT_NE(scenario.faults.empty(), scenario.unproven.empty()) << scenario.id;
    EXPECT_TRUE(ids.insert(scenario.id).second) << scenario.id;
    EXPECT_EQ(scenario.question.back(), '?');
  }
  EXPECT_EQ(ProbeProducer().children.size(), Scenarios().size());
}

TEST(PlanTest, DigestOfThePayload) {
  EXPECT_EQ(PayloadDigest(8 << 20), "1341723f37ba7782dbb90ca8c2dd7a921a0ea640a614a17478921c7a7379e081");
}

TEST(LacksTest, SaysWantAndHave) {
  Place place = PlaceOfNodes(1);
  EXPECT_EQ(Lacks(place, "other-node")->first, "2 nodes");
  EXPECT_EQ(Lacks(place, "same-node"), std::nullopt);
  EXPECT_EQ(Lacks(place, "policy-l3")->first, "Cilium");
  EXPECT_EQ(Lacks(place, "host-port")->first, "host ports served by Cilium");
  place.settings = {{"enable-l7-proxy", "false"}, {"kube-proxy-replacement", "true"}};
  EXPECT_EQ(Lacks(place, "policy-l3"), std::nullopt);
  EXPECT_EQ(Lacks(place, "host-port"), std::nullopt);
  EXPECT_THAT(Lacks(place, "policy-l7-http")->second, HasSubstr("enable-l7-proxy: false"));
  place.settings["enable-l7-proxy"] = "true";
  EXPECT_EQ(Lacks(place, "policy-l7-http")->first, "Envoy");
  place.has_envoy = true;
  EXPECT_EQ(Lacks(place, "policy-l7-http"), std::nullopt);
  EXPECT_EQ(Lacks(place, "policy-fqdn")->first, "two names beyond the cluster");
  EXPECT_THAT(Lacks(place, "node-health")->second, HasSubstr("not set"));
  EXPECT_TRUE(Lacks(place, "ipv6").has_value());
  EXPECT_TRUE(Lacks(place, "world").has_value());
}

TEST(WorkloadsTest, OurNamespaceIsMarkedAndPrivileged) {
  const Json object = NamespaceObject("r1", "t1");
  EXPECT_EQ(object["metadata"]["labels"][kMark], "r1");
  EXPECT_EQ(object["metadata"]["annotations"][kTenant], "t1");
  EXPECT_EQ(object["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "privileged");
}

TEST(WorkloadsTest, PodsArePinnedPastTaintsAndHaveNoToken) {
  for (const PodWish& wish : PodsOfNode(1, "node-1", true)) {
    const Json pod = PodObject(wish, {});
    EXPECT_EQ(pod["spec"]["nodeName"], "node-1");
    EXPECT_EQ(pod["spec"]["tolerations"][0]["operator"], "Exists");
    EXPECT_EQ(pod["spec"]["automountServiceAccountToken"], false);
    EXPECT_EQ(pod["spec"].value("hostNetwork", false), wish.role == Role::kHostClient);
  }
}

TEST(WorkloadsTest, APodSaysWhyItDoesNotRun) {
  const Json waiting = {
      {"status",
       {{"phase", "Pending"},
        {"containerStatuses",
         Json::array({{{"state", {{"waiting", {{"reason", "ImagePullBackOff"}, {"message", "no such image"}}}}}}})}}}};
  const PodPlace place = PodPlaceOf("client-1", "node-1", waiting);
  EXPECT_FALSE(place.runs());
  EXPECT_THAT(place.trouble, HasSubstr("ImagePullBackOff: no such image"));
  EXPECT_FALSE(MayComeYet(waiting));
  const Json rejected = {{"status", {{"phase", "Failed"}, {"reason", "NodePorts"}, {"message", "port taken"}}}};
  EXPECT_THAT(PodPlaceOf("door-1", "node-1", rejected).trouble, HasSubstr("NodePorts: port taken"));
  EXPECT_FALSE(MayComeYet(rejected));
  const Json evicted = {{"status",
                         {{"phase", "Succeeded"},
                          {"conditions", Json::array({{{"type", "DisruptionTarget"},
                                                       {"status", "True"},
                                                       {"reason", "TerminationByKubelet"},
                                                       {"message", "low on resource: ephemeral-storage"}}})}}}};
  EXPECT_THAT(PodPlaceOf("client-2", "node-2", evicted).trouble, HasSubstr("TerminationByKubelet: low on resource"));
  EXPECT_FALSE(MayComeYet(evicted));
  EXPECT_THAT(PodPlaceOf("x", "n", Json()).trouble, HasSubstr("is gone"));
}

}  // namespace
}  // namespace tales::cilium::probe
