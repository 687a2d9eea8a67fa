#include "suites/shared/cluster_changes.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "suites/shared/node_trouble.h"

namespace tales {
namespace {

using kube::Json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

Json Node(const std::string& name, const std::string& ready, const std::string& disk = "False") {
  return {{"metadata", {{"name", name}}},
          {"status",
           {{"conditions",
             Json::array({{{"type", "Ready"}, {"status", ready}, {"message", "Kubelet stopped posting node status."}},
                          {{"type", "DiskPressure"}, {"status", disk}, {"message", "kubelet has disk pressure"}}})}}}};
}

Json Agent(const std::string& node, const std::string& uid, int restarts, const Json& state,
           const Json& last = Json::object()) {
  return {{"metadata", {{"name", "cilium-" + uid}, {"uid", uid}}},
          {"spec", {{"nodeName", node}}},
          {"status",
           {{"containerStatuses",
             Json::array(
                 {{{"name", "cilium-agent"}, {"restartCount", restarts}, {"state", state}, {"lastState", last}}})}}}};
}
Json Running(const std::string& since) { return {{"running", {{"startedAt", since}}}}; }

const std::vector<Json> kNodes = {Node("node-1", "True"), Node("node-2", "True")};
const std::vector<Json> kAgents = {Agent("node-1", "a", 0, Running("T1")), Agent("node-2", "b", 3, Running("T1"))};
constexpr absl::Duration kStart = absl::ZeroDuration();

class ClusterChangesTest : public ::testing::Test {
 protected:
  ClusterChangesTest() { changes_.See(kNodes, kAgents, kStart); }
  void See(const std::vector<Json>& nodes, const std::vector<Json>& agents = kAgents) {
    changes_.See(nodes, agents, kStart);
  }
  ClusterChanges changes_;
};

TEST_F(ClusterChangesTest, NothingChanged) {
  See(kNodes);
  EXPECT_EQ(changes_.Note(), "");
  EXPECT_THAT(changes_.restarts(), IsEmpty());
}

TEST_F(ClusterChangesTest, ANodeThatWasNotReadyIsNamedAlsoAfterwards) {
  See({kNodes[0], Node("node-2", "Unknown")});
  EXPECT_EQ(changes_.NotReadyNow("node-2"), "node node-2 is not ready: Kubelet stopped posting node status.");
  EXPECT_EQ(changes_.NotReadyNow("node-1"), "");
  See(kNodes);
  EXPECT_EQ(changes_.NotReadyNow("node-2"), "");
  EXPECT_THAT(changes_.Note(), AllOf(HasSubstr("while it ran: node node-2 is not ready"), Not(HasSubstr("node-1"))));
  See({kNodes[0]});
  EXPECT_EQ(changes_.NotReadyNow("node-2"), "node node-2 is gone");
}

TEST_F(ClusterChangesTest, AFullDiskIsNamed) {
  See({kNodes[0], Node("node-2", "True", "True")});
  EXPECT_THAT(changes_.Note(), HasSubstr("node node-2 has DiskPressure: kubelet has disk pressure"));
  EXPECT_THAT(changes_.not_ready(), IsEmpty());
}

TEST_F(ClusterChangesTest, AnAgentThatWasStartedAnewIsToldWithItsCountsAndTimes) {
  const Json ended = {{"terminated", {{"exitCode", 137}, {"reason", "Error"}}}};
  See(kNodes, {kAgents[0], Agent("node-2", "b", 4, Running("T9"), ended)});
  ASSERT_THAT(changes_.restarts(), SizeIs(1));
  EXPECT_EQ(
      changes_.restarts().at("node-2"),
      "the Cilium agent on node-2 was started anew: restart count 3 -> 4, running since T9, before that since T1; "
      "it had ended with exit code 137, Error");
  See(kNodes, {kAgents[0], Agent("node-2", "b", 4, Running("T9"), ended)});
  EXPECT_THAT(changes_.Note(), HasSubstr("restart count 3 -> 4"));
}

TEST_F(ClusterChangesTest, OneThatIsDownReplacedOrGone) {
  See(kNodes, {kAgents[0], Agent("node-2", "b", 3, {{"waiting", {{"reason", "CrashLoopBackOff"}}}})});
  EXPECT_THAT(changes_.Note(), HasSubstr("node-2 does not run any more (CrashLoopBackOff)"));
  See(kNodes, {kAgents[0], Agent("node-2", "c", 0, Running("T9"))});
  EXPECT_THAT(changes_.Note(), HasSubstr("node-2 was replaced: pod cilium-b by cilium-c"));
  See(kNodes, {kAgents[0]});
  EXPECT_THAT(changes_.Note(), HasSubstr("the Cilium agent on node-2 is gone"));
}

TEST_F(ClusterChangesTest, WhereOneGoesAndItsSuccessorIsThereItIsTheSuccessor) {
  Json leaving = kAgents[1];
  leaving["metadata"]["deletionTimestamp"] = "T5";
  See(kNodes, {Agent("node-2", "c", 0, Running("T9")), kAgents[0], leaving});
  EXPECT_THAT(changes_.Note(), HasSubstr("pod cilium-b by cilium-c"));
}

TEST_F(ClusterChangesTest, ASilentApiServerIsToldWithHowLong) {
  changes_.SeeNothing(kStart + absl::Seconds(10));
  changes_.SeeNothing(kStart + absl::Seconds(20));
  EXPECT_THAT(changes_.Note(), HasSubstr("did not answer for 10s"));
  changes_.See(kNodes, kAgents, kStart + absl::Seconds(41));
  EXPECT_THAT(changes_.Note(), HasSubstr("did not answer for 31s"));
  EXPECT_THAT(changes_.restarts(), IsEmpty());
}

TEST_F(ClusterChangesTest, ObjectsOfAnyShapeAreTaken) {
  See({Json(), Json::array(), Json(7)}, {Json(), {{"status", {{"containerStatuses", Json::array({Json(1)})}}}}});
  EXPECT_THAT(changes_.Note(), HasSubstr("node-1 is gone"));
}

TEST(NodeTroubleTest, SaysWhatKubernetesSays) {
  EXPECT_EQ(NodeTrouble(kNodes[0]), "");
  EXPECT_EQ(NodeTrouble(Node("n", "False")), "node n is not ready: Kubelet stopped posting node status.");
  EXPECT_EQ(NodeTrouble(Node("n", "True", "True")), "node n has DiskPressure: kubelet has disk pressure");
  EXPECT_EQ(NodeTrouble(Json()), "node  is not ready");
  EXPECT_EQ(
      NodeTrouble(Node("n", "Unknown", "True")),
      "node n is not ready: Kubelet stopped posting node status., and has DiskPressure: kubelet has disk pressure");
  EXPECT_THAT(NodePressures(Node("n", "False", "Unknown")), IsEmpty());
}

TEST(NodeTroubleTest, AKubeletThatIsOnItsWayBackIsToldFromOneThatIsNot) {
  Json node = Node("n", "Unknown");
  Json& ready = node["status"]["conditions"][0];
  ready["lastTransitionTime"] = "2026-11-26T15:50:57Z", ready["lastHeartbeatTime"] = "2026-11-26T15:50:02Z";
  EXPECT_THAT(WhyNotReady(node), Not(HasSubstr("posts again")));
  ready["lastHeartbeatTime"] = "2026-11-26T15:54:06Z";
  EXPECT_EQ(WhyNotReady(node),
            "Kubelet stopped posting node status. It posts again, last at 2026-11-26T15:54:06Z: it was lost at "
            "2026-11-26T15:50:57Z and is on its way back");
}

}  // namespace
}  // namespace tales
