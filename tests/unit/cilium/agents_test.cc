// What is made of an agent's own words: recorded ones, broken ones, hostile ones.
#include "gmock/gmock.h"
#include "suites/cilium/agent_status.h"
#include "suites/cilium/node_health.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/cilium/data.h"

namespace tales::cilium {
namespace {

using ::tales::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const AgentPlace kPlace{"n2", "cilium", "cilium-5dnsf"};

std::vector<NodeDefinition> Nodes() {
  NodeDefinition one, two;
  one.name = "n1";
  one.address = "10.6.0.2";
  two.name = "n2";
  two.address = "10.6.0.3";
  return {one, two};
}

Json Pod(const char* node, const char* phase, const Json& state) {
  return {{"metadata", {{"namespace", "cilium"}, {"name", "cilium-x"}, {"labels", {{"k8s-app", "cilium"}}}}},
          {"spec", {{"nodeName", node}}},
          {"status",
           {{"phase", phase}, {"containerStatuses", Json::array({{{"name", "cilium-agent"}, {"state", state}}})}}}};
}

TEST(FindAgent, TellsAbsentFromNotRunning) {
  const std::vector<Json> pods = {Pod("n1", "Running", {{"running", Json::object()}}),
                                  Pod("n2", "Running", {{"waiting", {{"reason", "CrashLoopBackOff"}}}}),
                                  Json("nonsense"), Json::array()};
  ASSERT_OK(FindAgent(pods, "cilium", "n1"));
  EXPECT_EQ(FindAgent(pods, "cilium", "n1")->Exec("cilium-dbg status"),
            "kubectl -n cilium exec cilium-x -c cilium-agent -- cilium-dbg status");
  EXPECT_THAT(FindAgent(pods, "cilium", "n2"),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("CrashLoopBackOff")));
  EXPECT_THAT(FindAgent(pods, "cilium", "n3"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("n3")));
  EXPECT_THAT(FindAgent(pods, "kube-system", "n1"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("kube-system")));
}

TEST(AgentStatus, TheRecordedOneIsWell) {
  EXPECT_THAT(JudgeAgentStatus(RecordedJson("agent-status.json"), kPlace), IsEmpty());
  EXPECT_THAT(JudgeEndpoints(RecordedJson("endpoints.json"), kPlace), IsEmpty());
}

TEST(AgentStatus, ASubsystemThatIsNotOkIsNamedWithItsOwnWords) {
  Json status = RecordedJson("agent-status.json");
  status["kubernetes"] = {{"state", "Failure"}, {"msg", "i/o timeout"}};
  status["cluster"]["ciliumHealth"]["state"] = "Warning";
  status["hubble"]["metrics"]["state"] = "Failure";
  const auto problems = JudgeAgentStatus(status, kPlace);
  ASSERT_THAT(problems, SizeIs(3));
  EXPECT_EQ(problems[0].found, "kubernetes is Failure: i/o timeout");
  EXPECT_THAT(problems[0].next, HasSubstr("kubectl -n cilium exec cilium-5dnsf"));
  EXPECT_EQ(problems[1].found, "cluster.ciliumHealth is Warning");
  EXPECT_EQ(problems[2].found, "hubble.metrics is Failure");
}

TEST(AgentStatus, FailingControllersAreCountedAndTheFirstOnesTold) {
  Json status = RecordedJson("agent-status.json");
  status["controllers"][0]["status"]["consecutive-failure-count"] = 3;
  status["controllers"][0]["status"]["last-failure-msg"] = "no route";
  EXPECT_THAT(JudgeAgentStatus(status, kPlace)[0].found, HasSubstr("has failed 3 times in a row: no route"));
  status["controllers"] = Json::array();
  for (int i = 0; i < 500; ++i)
    status["controllers"].push_back({{"name", "c"}, {"status", {{"consecutive-failure-count", 1}}}});
  const auto problems = JudgeAgentStatus(status, kPlace);
  ASSERT_THAT(problems, SizeIs(6));
  EXPECT_EQ(problems.back().found, "495 more controllers fail");
}

TEST(AgentStatus, StaleProbesAndAForeignNameAreProblems) {
  Json status = RecordedJson("agent-status.json");
  status["stale"] = {{"kvstore", "2026-11-22T21:18:12Z"}};
  status["cluster"]["self"] = "mesh/n7";
  const auto problems = JudgeAgentStatus(status, kPlace);
  ASSERT_THAT(problems, SizeIs(2));
  EXPECT_THAT(problems[0].found, HasSubstr("\"kvstore\" has been stale since 2026-11-22"));
  EXPECT_EQ(problems[1].found, "it calls it mesh/n7");
  status.erase("stale");
  status["cluster"]["self"] = "mesh/n2";
  EXPECT_THAT(JudgeAgentStatus(status, kPlace), IsEmpty());
}

TEST(AgentStatus, WhatIsNoStatusNeverPasses) {
  for (const char* text : {"{}", "[]", "7", "\"Ok\"", R"({"cilium":"Ok"})", R"({"cilium":{"state":7}})",
                           R"({"cilium":{"state":""},"controllers":{"status":1}})"})
    EXPECT_THAT(JudgeAgentStatus(Json::parse(text), kPlace), SizeIs(1)) << text;
  EXPECT_THAT(JudgeAgentStatus(
                  Json::parse(R"({"cilium":{"state":"Ok"},"controllers":[1,null,{"status":[]}],"stale":[1]})"), kPlace),
              IsEmpty());
}

TEST(Endpoints, OneThatIsNotReadyIsNamedByItsPod) {
  Json endpoints = RecordedJson("endpoints.json");
  for (Json& endpoint : endpoints) endpoint["status"]["state"] = "waiting-for-identity";
  const auto problems = JudgeEndpoints(endpoints, kPlace);
  ASSERT_THAT(problems, SizeIs(3));
  EXPECT_THAT(problems[0].found,
              AllOf(HasSubstr("endpoint 27 of pod kube-system/coredns-"), HasSubstr("is waiting-for-identity")));
  EXPECT_THAT(problems[1].found, HasSubstr("of the host"));
  EXPECT_THAT(problems[2].found, HasSubstr("of cilium-health"));
  EXPECT_THAT(problems[0].next, HasSubstr("cilium-dbg endpoint log 27"));
}

TEST(Endpoints, WhatIsNoListNeverPasses) {
  EXPECT_THAT(JudgeEndpoints(Json::object(), kPlace), SizeIs(1));
  EXPECT_THAT(JudgeEndpoints(Json::parse(R"([null, 5, {"id":"x","status":{"log":[{}]}}])"), kPlace), SizeIs(3));
}

TEST(NodeHealth, TheRecordedOneReachesBoth) {
  EXPECT_THAT(JudgeNodeHealth(RecordedJson("cilium-health.json"), kPlace, Nodes(), true), IsEmpty());
}

TEST(NodeHealth, TheMessageSaysFromWhereToWhereAndHow) {
  Json health = RecordedJson("cilium-health.json");
  health["nodes"][1]["host"]["primary-address"]["http"] = {{"status", "connection refused"}};
  auto problems = JudgeNodeHealth(health, kPlace, Nodes(), true);
  ASSERT_THAT(problems, SizeIs(1));
  EXPECT_EQ(problems[0].expected, "the agent on n2 reaches n1 (10.6.0.2) by ICMP and HTTP");
  EXPECT_EQ(problems[0].found, "n2 asked n1 in vain: the node, 10.6.0.2 by HTTP: connection refused");
  EXPECT_THAT(problems[0].next, HasSubstr("port 4240"));
  health = RecordedJson("cilium-health.json");
  for (const char* protocol : {"icmp", "http"})
    health["nodes"][1]["health-endpoint"]["primary-address"][protocol] = {{"status", "timeout"}};
  problems = JudgeNodeHealth(health, kPlace, Nodes(), true);
  ASSERT_THAT(problems, SizeIs(1));
  EXPECT_THAT(problems[0].found, HasSubstr("its health endpoint, 10.244.1.30 by ICMP and HTTP: timeout"));
  EXPECT_THAT(problems[0].next, HasSubstr("8472"));
}

TEST(NodeHealth, AClusterNameAndAMeshAreUnderstood) {
  Json health = RecordedJson("cilium-health.json");
  health["local"]["name"] = "home/n2";
  health["nodes"][0]["name"] = "home/n2";
  health["nodes"][1]["name"] = "home/n1";
  Json foreign = health["nodes"][1];
  foreign["name"] = "other/n1";
  foreign["host"]["primary-address"]["icmp"] = {{"status", "timeout"}};
  health["nodes"].push_back(foreign);
  EXPECT_THAT(JudgeNodeHealth(health, kPlace, Nodes(), true), IsEmpty());
}

TEST(NodeHealth, ANodeThatIsNotThereOrNotProbedNeverPasses) {
  Json health = RecordedJson("cilium-health.json");
  health["nodes"].erase(1);
  EXPECT_EQ(JudgeNodeHealth(health, kPlace, Nodes(), true)[0].found, "it does not know a node n1");
  health = RecordedJson("cilium-health.json");
  health["nodes"][1].erase("host");
  EXPECT_EQ(JudgeNodeHealth(health, kPlace, Nodes(), true)[0].found, "it has not probed n1");
  health = RecordedJson("cilium-health.json");
  health["nodes"][1]["host"]["primary-address"].erase("icmp");
  EXPECT_THAT(JudgeNodeHealth(health, kPlace, Nodes(), true)[0].found, HasSubstr("by ICMP: not probed"));
  health["nodes"][1]["host"]["primary-address"]["icmp"] = Json::object();
  EXPECT_THAT(JudgeNodeHealth(health, kPlace, Nodes(), true)[0].found, HasSubstr("by ICMP: no answer"));
  for (const char* text :
       {"{}", "[]", "null", R"({"nodes":{"n1":1}})", R"({"nodes":[1,{"name":5},{"name":"n1","host":[]}]})"})
    EXPECT_THAT(JudgeNodeHealth(Json::parse(text), kPlace, Nodes(), true), SizeIs(2)) << text;
}

TEST(NodeHealth, WithoutHealthEndpointsTheNodesAreJudged) {
  Json health = RecordedJson("cilium-health.json");
  for (Json& node : health["nodes"]) node.erase("health-endpoint");
  EXPECT_THAT(JudgeNodeHealth(health, kPlace, Nodes(), false), IsEmpty());
  const auto problems = JudgeNodeHealth(health, kPlace, Nodes(), true);
  ASSERT_THAT(problems, SizeIs(2));
  EXPECT_THAT(problems[0].found, HasSubstr("has not probed the health endpoint"));
}

TEST(NodeHealth, AnOldAnswerSaysNothing) {
  const Json health = RecordedJson("cilium-health.json");
  absl::Time probed;
  ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full, health["timestamp"].get<std::string>(), &probed, nullptr));
  EXPECT_FALSE(JudgeHealthAge(health, kPlace, 2, probed + absl::Minutes(9)).has_value());
  const auto old = JudgeHealthAge(health, kPlace, 2, probed + absl::Minutes(11));
  ASSERT_TRUE(old.has_value());
  EXPECT_THAT(old->found, HasSubstr("11m ago: its prober stands still"));
  EXPECT_FALSE(JudgeHealthAge(health, kPlace, 1000, probed + absl::Minutes(20)).has_value());
  EXPECT_THAT(JudgeHealthAge(Json::object(), kPlace, 2, probed)->found, HasSubstr("has not probed yet"));
}

}  // namespace
}  // namespace tales::cilium
