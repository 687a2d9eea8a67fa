#include "fixtures/local/node/recovery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using ::tales::testing::StatusIs;
using ::testing::HasSubstr;

kube::Json Node(const std::string& ready, const std::string& full = "False", const std::string& taint = "") {
  kube::Json node = {{"metadata", {{"name", "node-2"}}},
                     {"spec", kube::Json::object()},
                     {"status",
                      {{"conditions", kube::Json::array({{{"type", "Ready"}, {"status", ready}, {"message", "told"}},
                                                         {{"type", "DiskPressure"}, {"status", full}}})}}}};
  if (!taint.empty()) node["spec"]["taints"] = kube::Json::array({{{"key", taint}, {"effect", "NoExecute"}}});
  return node;
}

kube::Json Pod(const std::string& priority_class, const std::string& ready) {
  return {{"metadata", {{"name", "one"}, {"namespace", "kube-system"}}},
          {"spec", {{"priorityClassName", priority_class}, {"nodeName", "node-2"}}},
          {"status", {{"conditions", kube::Json::array({{{"type", "Ready"}, {"status", ready}}})}}}};
}

TEST(RecoveryTest, NodesAreReadyAndSoIsWhatTheClusterNeeds) {
  EXPECT_OK(Recovered({Node("True"), Node("True")}, {Pod("system-cluster-critical", "True")}));
}

// As a kubelet tells it whose watch of its node has not come back.
TEST(RecoveryTest, ANodeWhosePressureIsNewAndWhoseReadinessIsOld) {
  EXPECT_THAT(Recovered({Node("Unknown", "True")}, {}),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("node node-2 is not ready: told")));
  EXPECT_THAT(Recovered({Node("True", "True")}, {}),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("node node-2 has DiskPressure")));
  EXPECT_THAT(Recovered({Node("True", "Unknown")}, {}), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("Unknown")));
}

TEST(RecoveryTest, TaintsGoLastAndCordonsStay) {
  EXPECT_THAT(Recovered({Node("True", "False", "node.kubernetes.io/unreachable")}, {}),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("node node-2 has node.kubernetes.io/unreachable")));
  EXPECT_OK(Recovered({Node("True", "False", "node.kubernetes.io/unschedulable")}, {}));
  EXPECT_OK(Recovered({Node("True", "False", "node-role.kubernetes.io/control-plane")}, {}));
}

TEST(RecoveryTest, ClusterDnsIsWaitedForAndWhatUsersRunIsNot) {
  EXPECT_THAT(Recovered({Node("True")}, {Pod("system-cluster-critical", "False")}),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("pod kube-system/one on node-2 is not ready")));
  EXPECT_OK(Recovered({Node("True")}, {Pod("", "False")}));
  kube::Json evicted = Pod("system-cluster-critical", "False");
  evicted["status"]["phase"] = "Failed";
  EXPECT_OK(Recovered({Node("True")}, {evicted})) << "another has its place";
}

}  // namespace
}  // namespace tales
