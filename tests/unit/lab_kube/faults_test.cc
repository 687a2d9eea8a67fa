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
    return faults_.Break({"lab", id, target});
  }
  ObjectStore store_;
  AdmissionSettings admission_;
  KubeFaults faults_{store_, admission_, nullptr};
};

TEST_F(Faults, TheSeedIsWell) {
  for (const auto& pod : store_.List("v1", "pods").items) EXPECT_TRUE(PodIsReady(*pod)) << pod->dump(1);
  EXPECT_EQ(store_.List("v1", "nodes").items.size(), 2u);
  EXPECT_EQ((*store_.Get({"apps/v1", "daemonsets", "cilium", "cilium"}))["status"]["numberReady"], 2);
  EXPECT_EQ((*store_.Get({"apps/v1", "deployments", "kube-system", "coredns"}))["status"]["readyReplicas"], 2);
  EXPECT_EQ(store_.List("apiextensions.k8s.io/v1", "customresourcedefinitions").items.size(), 21u);
  EXPECT_FALSE(store_.Get({"apps/v1", "daemonsets", "kube-system", "kube-proxy"}).ok());
}

// All objects as text, without what every write changes.
std::string Content(const ObjectStore& store) {
  std::string text;
  for (const auto& [group_version, plural] : {std::pair{"v1", "nodes"},
                                              {"v1", "namespaces"},
                                              {"v1", "pods"},
                                              {"v1", "persistentvolumes"},
                                              {"apps/v1", "daemonsets"},
                                              {"apps/v1", "deployments"},
                                              {"apiextensions.k8s.io/v1", "customresourcedefinitions"}}) {
    for (const auto& item : store.List(group_version, plural).items) {
      Json object = *item;
      for (const char* field : {"resourceVersion", "generation", "uid", "creationTimestamp"})
        object["metadata"].erase(field);
      text += object.dump() + "\n";
    }
  }
  return text;
}

TEST_F(Faults, EachChangesTheClusterAndLeavesNothingBehindWhenHealed) {
  for (std::string_view id : KubeFaults::Ids()) {
    if (id == "apiserver-slow") continue;
    const absl::Time now = absl::Now();
    ObjectStore store([now] { return now; });
    AdmissionSettings admission;
    KubeFaults faults(store, admission, nullptr);
    SeedKubernetes(Declared(), store);
    const std::string before = Content(store);
    EXPECT_OK(faults.Break({"lab", std::string(id), ""})) << id;
    const PodSecurityConfiguration broken = admission.pod_security(), fresh;
    const bool admission_changed = broken.enabled != fresh.enabled || broken.enforce != fresh.enforce ||
                                   broken.exempt_namespaces != fresh.exempt_namespaces;
    EXPECT_TRUE(Content(store) != before || admission_changed) << id;
    EXPECT_OK(faults.Heal({"lab", std::string(id), ""})) << id;
    EXPECT_EQ(Content(store), before) << id;
    EXPECT_TRUE(admission.pod_security().enabled) << id;
    EXPECT_EQ(admission.pod_security().exempt_namespaces, fresh.exempt_namespaces) << id;
    EXPECT_THAT(faults.Heal({"lab", std::string(id), ""}),
                StatusIs(absl::StatusCode::kNotFound, HasSubstr("not in force")));
  }
}

TEST_F(Faults, HealingLeavesAloneWhatOthersChanged) {
  EXPECT_OK(Break("namespace-label-wrong", "cilium/warn"));
  EXPECT_OK(Break("node-cordoned", "worker"));
  ASSERT_OK(store_.Update({"v1", "namespaces", "", "cilium"}, [](Json& object) {
    object["metadata"]["labels"]["team"] = "network";
    return absl::OkStatus();
  }));
  EXPECT_OK(faults_.Heal({"lab", "namespace-label-wrong", "cilium/warn"}));
  const Json labels = (*store_.Get({"v1", "namespaces", "", "cilium"}))["metadata"]["labels"];
  EXPECT_EQ(labels["pod-security.kubernetes.io/warn"], "privileged");
  EXPECT_EQ(labels["team"], "network");
  EXPECT_TRUE((*store_.Get({"v1", "nodes", "", "worker"}))["spec"].value("unschedulable", false)) << "another fault's";
}

TEST_F(Faults, AdmissionFaultsAddUp) {
  EXPECT_OK(Break("admission-default-privileged"));
  EXPECT_OK(Break("exemption-missing"));
  EXPECT_EQ(admission_.pod_security().enforce, "privileged");
  EXPECT_OK(faults_.Heal({"lab", "admission-default-privileged", ""}));
  EXPECT_EQ(admission_.pod_security().enforce, "baseline");
  EXPECT_TRUE(admission_.pod_security().exempt_namespaces.empty());
  PodSecurityConfiguration configured = admission_.configured();
  configured.enforce = "restricted";
  admission_.set_pod_security(configured);
  EXPECT_OK(faults_.Heal({"lab", "exemption-missing", ""}));
  EXPECT_EQ(admission_.pod_security().enforce, "restricted") << "what is configured shows again";
}

TEST_F(Faults, TargetsThatAreNotThere) {
  EXPECT_THAT(Break("nonsense"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("nonsense")));
  EXPECT_THAT(Break("node-not-ready", "ghost"), StatusIs(absl::StatusCode::kNotFound, _));
  EXPECT_THAT(Break("namespace-label-removed", "cilium/enforced"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("enforced")));
  EXPECT_THAT(Break("apiserver-slow", "soon"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("soon")));
  EXPECT_THAT(Break("apiserver-slow"), StatusIs(absl::StatusCode::kFailedPrecondition, _));
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
