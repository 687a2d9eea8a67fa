#include "fixtures/lab/kube/faults_kube.h"
#include "fixtures/lab/kube/pods.h"
#include "fixtures/lab/kube/seed.h"
#include "tests/support/status_matchers.h"

namespace tales::lab::kube {
namespace {

using ::tales::testing::StatusIs;
using ::testing::_;
using ::testing::HasSubstr;

ClusterDefinition Declared() {
  ClusterDefinition definition;
  NodeDefinition control, worker;
  control.name = "control";
  control.role = Role::kControlPlane;
  control.address = "10.0.1.50";
  control.taints = {"node-role.kubernetes.io/control-plane:NoSchedule"};
  worker.name = "worker";
  worker.address = "10.0.1.100";
  definition.nodes = {control, worker};
  for (const char* name : {"cilium", "cilium-test-1"})
    definition.namespaces[name].enforce = definition.namespaces[name].warn = "privileged";
  definition.crds["prometheusOperator"].version = "v0.80.1";
  definition.cilium.emplace();
  definition.cilium->cilium_namespace = "cilium";
  definition.cilium->kube_proxy_replacement = true;
  return definition;
}

class Faults : public ::testing::Test {
 protected:
  Faults() { SeedKubernetes(Declared(), store_); }
  absl::Status Break(const std::string& id, const std::string& target = "") {
    return ApplyKubeFault({"lab", id, target}, store_, admission_, nullptr);
  }
  ObjectStore store_;
  AdmissionSettings admission_;
};

TEST_F(Faults, TheSeedIsWell) {
  for (const auto& pod : store_.List("v1", "pods").items) EXPECT_TRUE(PodIsReady(*pod)) << pod->dump(1);
  EXPECT_EQ(store_.List("v1", "nodes").items.size(), 2u);
  EXPECT_EQ((*store_.Get({"apps/v1", "daemonsets", "cilium", "cilium"}))["status"]["numberReady"], 2);
  EXPECT_EQ((*store_.Get({"apps/v1", "deployments", "kube-system", "coredns"}))["status"]["readyReplicas"], 2);
  EXPECT_EQ(store_.List("apiextensions.k8s.io/v1", "customresourcedefinitions").items.size(), 21u);
  EXPECT_FALSE(store_.Get({"apps/v1", "daemonsets", "kube-system", "kube-proxy"}).ok());
}

TEST_F(Faults, EachChangesTheClusterWithItsDefaultTarget) {
  for (std::string_view id : KubeFaultIds()) {
    if (id.substr(0, 9) == "apiserver") continue;
    ObjectStore store;
    AdmissionSettings admission;
    SeedKubernetes(Declared(), store);
    const uint64_t before = store.revision();
    EXPECT_OK(ApplyKubeFault({"lab", std::string(id), ""}, store, admission, nullptr)) << id;
    const PodSecurityConfiguration now = admission.pod_security(), fresh;
    const bool admission_changed = now.enabled != fresh.enabled || now.enforce != fresh.enforce ||
                                   now.exempt_namespaces != fresh.exempt_namespaces;
    EXPECT_TRUE(store.revision() != before || admission_changed) << id;
  }
}

TEST_F(Faults, TargetsThatAreNotThere) {
  EXPECT_THAT(Break("nonsense"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("nonsense")));
  EXPECT_THAT(Break("node-not-ready", "ghost"), StatusIs(absl::StatusCode::kNotFound, _));
  EXPECT_THAT(Break("namespace-label-removed", "cilium/enforced"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("enforced")));
  EXPECT_THAT(Break("apiserver-slow", "soon"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("soon")));
  EXPECT_THAT(Break("apiserver-down"), StatusIs(absl::StatusCode::kFailedPrecondition, _));
}

TEST_F(Faults, ANodeThatIsNotReadyTakesItsPodsAlongAndComesBack) {
  ASSERT_OK(SetNodeReady(store_, "worker", false, "NodeStatusUnknown"));
  Json node = *store_.Get({"v1", "nodes", "", "worker"});
  EXPECT_EQ(ConditionStatus(node, "Ready"), "Unknown");
  EXPECT_EQ(node["spec"]["taints"][0]["key"], "node.kubernetes.io/unreachable");
  EXPECT_EQ((*store_.Get({"apps/v1", "daemonsets", "cilium", "cilium"}))["status"]["numberReady"], 1);
  ASSERT_OK(SetNodeReady(store_, "worker", true, ""));
  node = *store_.Get({"v1", "nodes", "", "worker"});
  EXPECT_EQ(ConditionStatus(node, "Ready"), "True");
  EXPECT_FALSE(node["spec"].contains("taints"));
  for (const auto& pod : store_.List("v1", "pods").items) EXPECT_TRUE(PodIsReady(*pod));
}

}  // namespace
}  // namespace tales::lab::kube
