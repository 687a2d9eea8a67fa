// What is said of a cluster before the conformance tests run on it.
#include "suites/conformance/preflight.h"

#include "harness/base/file.h"
#include "suites/conformance/required_tests.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/conformance/ginkgo_junit.h"

namespace tales::conformance {
namespace {

using kube::Json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

Json Node(const std::string& name, bool tainted = false) {
  Json node = {{"metadata", {{"name", name}}},
               {"spec", Json::object()},
               {"status",
                {{"nodeInfo", {{"kubeletVersion", "v1.32.2"}}},
                 {"conditions", Json::array({{{"type", "Ready"}, {"status", "True"}}})}}}};
  if (tainted) {
    node["spec"]["taints"] =
        Json::array({{{"key", "node-role.kubernetes.io/control-plane"}, {"effect", "NoSchedule"}}});
  }
  return node;
}

Json Pod(const std::string& namespace_, const std::string& name, const std::string& phase, const std::string& ready) {
  return {{"metadata", {{"name", name}, {"namespace", namespace_}}},
          {"status", {{"phase", phase}, {"conditions", Json::array({{{"type", "Ready"}, {"status", ready}}})}}}};
}

Picked PickedFor(std::string_view mode) { return *Pick(*ParseMode(mode), BuiltInTests()); }

// The seed's cluster: a control plane that takes no ordinary pods, and one worker.
PreflightFacts Seed() {
  return {.server_version = "v1.32.2",
          .nodes = {Node("control", true), Node("worker")},
          .pods = {Pod("kube-system", "coredns-1", "Running", "True"), Pod("default", "mine", "Pending", "False")}};
}

TEST(PreflightTest, OnTheSeedsClusterItNamesTheTwoTestsThatCannotPass) {
  const Outcome full = JudgePreflight(PickedFor("full"), Seed());
  EXPECT_EQ(full.verdict(), Verdict::kKnown);
  EXPECT_EQ(full.issue(), "KI-ONE-WORKER");
  for (const std::string& test : TestsThatNeedTwoNodes()) {
    EXPECT_TRUE(BuiltInTests().Has(test));
    EXPECT_THAT(full.found(), HasSubstr(test));
  }
  const Outcome sample = JudgePreflight(PickedFor("sample"), Seed());
  EXPECT_EQ(sample.verdict(), Verdict::kPassed);
  EXPECT_THAT(sample.found(), AllOf(HasSubstr("A full run could not pass here"), HasSubstr("KI-ONE-WORKER")));
}

TEST(PreflightTest, TwoNodesAreEnough) {
  PreflightFacts facts = Seed();
  facts.nodes.push_back(Node("worker-2"));
  EXPECT_EQ(JudgePreflight(PickedFor("full"), facts).verdict(), Verdict::kPassed);
  facts.nodes[2]["spec"]["unschedulable"] = true;
  EXPECT_EQ(JudgePreflight(PickedFor("full"), facts).verdict(), Verdict::kKnown);
}

TEST(PreflightTest, WithoutANodeOnlyTheSampleCanRun) {
  PreflightFacts facts = Seed();
  facts.nodes.clear();
  EXPECT_EQ(JudgePreflight(PickedFor("sample"), facts).verdict(), Verdict::kPassed);
  EXPECT_THAT(JudgePreflight(PickedFor("sample"), facts).found(), Not(HasSubstr("KI-ONE-WORKER")));
  EXPECT_EQ(JudgePreflight(PickedFor("full"), facts).verdict(), Verdict::kFailed);
}

TEST(PreflightTest, APodOfKubeSystemThatIsNotReadyWouldFailThemAll) {
  PreflightFacts facts = Seed();
  facts.pods.push_back(Pod("kube-system", "coredns-2", "Running", "False"));
  facts.pods.push_back(Pod("kube-system", "job-1", "Succeeded", "False"));
  facts.pods.push_back(Pod("kube-system", "kube-proxy-1", "Pending", ""));
  const Outcome outcome = JudgePreflight(PickedFor("sample"), facts);
  EXPECT_EQ(outcome.verdict(), Verdict::kFailed);
  ASSERT_THAT(outcome.problems(), SizeIs(2));
  EXPECT_THAT(outcome.problems()[0].expected, HasSubstr("kube-system/coredns-2"));
  EXPECT_THAT(outcome.problems()[1].next, HasSubstr("kubectl -n kube-system describe pod kube-proxy-1"));
}

TEST(PreflightTest, APodThatWasEvictedIsItsControllersAffair) {
  PreflightFacts facts = Seed();
  facts.pods.push_back(Pod("kube-system", "coredns-2", "Failed", "False"));
  facts.pods.back()["metadata"]["ownerReferences"] = Json::array({7, {{"kind", "ReplicaSet"}, {"controller", true}}});
  EXPECT_EQ(JudgePreflight(PickedFor("sample"), facts).verdict(), Verdict::kPassed);
  facts.pods.back()["metadata"]["ownerReferences"] = Json::array({{{"kind", "Node"}, {"controller", false}}});
  EXPECT_EQ(JudgePreflight(PickedFor("sample"), facts).verdict(), Verdict::kFailed);
  facts.pods.back()["metadata"].erase("ownerReferences");
  EXPECT_EQ(JudgePreflight(PickedFor("sample"), facts).verdict(), Verdict::kFailed);
}

// A profile that requires conformance.* is green with results that somebody else made, with no cluster at hand too.
TEST(PreflightTest, WithImportedResultsThereIsNothingToAsk) {
  ASSERT_OK_AND_ASSIGN(const TemporaryFolder folder, TemporaryFolder::Make("tales-preflight-test"));
  const auto write = [&](const char* name, const std::string& text) {
    EXPECT_OK(WriteFileAtomically(folder.path() / name, text));
    return folder.path() / name;
  };
  testing::GinkgoJUnit junit;
  junit.Add("[sig-node] Lease lease API should be available [Conformance]");
  const auto results = write("any.xml", junit.ToString());
  ClusterAccess access;
  access.cluster_file = write("cluster.yaml", "version: 1\ncluster: c\nfixture: adopt\n");
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<Cluster> cluster, Cluster::Open(access));
  const auto look = [&](ProducerInputs inputs) {
    Facts facts(*cluster);
    CheckContext context(*cluster, facts, "", Deadline::After(absl::Seconds(10)), std::move(inputs));
    return PreflightCheck().look(context);
  };
  ProducerInputs inputs;
  EXPECT_EQ(look(inputs).verdict(), Verdict::kUnsupported);
  inputs.conformance = "sample";
  EXPECT_EQ(look(inputs).verdict(), Verdict::kUnsupported);  // no Kubernetes API
  inputs.imports = {results};
  EXPECT_EQ(look(inputs).verdict(), Verdict::kPassed);
  inputs.conformance.clear();
  EXPECT_EQ(look(inputs).verdict(), Verdict::kPassed);
  inputs.imports = {folder.path() / "nowhere"};
  EXPECT_EQ(look(inputs).verdict(), Verdict::kUnsupported);
}

TEST(PreflightTest, ReleasesThatDifferAreNamed) {
  PreflightFacts facts = Seed();
  facts.nodes[1]["status"]["nodeInfo"]["kubeletVersion"] = "v1.31.4";
  const Outcome outcome = JudgePreflight(PickedFor("sample"), facts);
  ASSERT_THAT(outcome.problems(), SizeIs(1));
  EXPECT_THAT(outcome.problems()[0].expected, HasSubstr("worker"));
  EXPECT_EQ(outcome.problems()[0].found, "worker runs v1.31.4");
}

TEST(PreflightTest, CiliumInANamespaceOfItsOwnIsLookedAtToo) {
  PreflightFacts facts = Seed();
  facts.daemonsets = {{{"metadata", {{"name", "cilium"}, {"namespace", "cilium"}}},
                       {"status", {{"desiredNumberScheduled", 2}, {"numberReady", 1}}}}};
  facts.deployments = {
      {{"metadata", {{"name", "cilium-operator"}, {"namespace", "cilium"}}}, {"spec", {{"replicas", 1}}}}};
  EXPECT_EQ(JudgePreflight(PickedFor("sample"), facts).verdict(), Verdict::kPassed);
  facts.cilium_namespace = "cilium";
  const Outcome outcome = JudgePreflight(PickedFor("sample"), facts);
  ASSERT_THAT(outcome.problems(), SizeIs(2));
  EXPECT_THAT(outcome.problems()[0].next, HasSubstr("rollout status daemonset cilium"));
}

TEST(PreflightTest, ObjectsOfAnyShapeAreTaken) {
  PreflightFacts facts = Seed();
  facts.nodes.push_back({{"spec", {{"taints", 7}}}});
  facts.pods.push_back(Json::array());
  facts.pods.push_back({{"metadata", {{"namespace", "kube-system"}}}});
  EXPECT_EQ(JudgePreflight(PickedFor("sample"), facts).verdict(), Verdict::kFailed);
}

TEST(PreflightTest, NodesThatTheSetUpWouldWaitForAreNamed) {
  PreflightFacts facts = Seed();
  Json broken = Node("broken"), tainted = Node("tainted"), cordoned = Node("cordoned");
  broken["status"]["conditions"][0]["status"] = "False";
  cordoned["status"]["conditions"][0]["status"] = "False";
  cordoned["spec"]["unschedulable"] = true;
  tainted["spec"]["taints"] = Json::array(
      {{{"key", "dedicated"}, {"effect", "NoSchedule"}}, {{"key", "dear"}, {"effect", "PreferNoSchedule"}}});
  for (const Json& node : {broken, tainted, cordoned}) facts.nodes.push_back(node);
  const Outcome outcome = JudgePreflight(PickedFor("sig:node"), facts);
  ASSERT_THAT(outcome.problems(), SizeIs(2));
  EXPECT_THAT(outcome.problems()[0].found, HasSubstr("broken is not ready"));
  EXPECT_THAT(outcome.problems()[1].found, HasSubstr("dedicated:NoSchedule"));
  EXPECT_EQ(JudgePreflight(PickedFor("sample"), facts).verdict(), Verdict::kPassed);
}

TEST(PreflightTest, ANodeWhoseDiskIsFullIsNamed) {
  PreflightFacts facts = Seed();
  facts.nodes[1]["status"]["conditions"].push_back(
      {{"type", "DiskPressure"}, {"status", "True"}, {"message", "kubelet has disk pressure"}});
  const Outcome outcome = JudgePreflight(PickedFor("full"), facts);
  ASSERT_EQ(outcome.verdict(), Verdict::kFailed);
  EXPECT_THAT(outcome.problems()[0].found, HasSubstr("node worker has DiskPressure: kubelet has disk pressure"));
}

TEST(PreflightTest, ForAPodItSaysWhereTheImageIsAndNeedsANode) {
  PreflightFacts facts = Seed();
  facts.in_a_pod = true;
  facts.image = "conformance:1";
  facts.nodes[1]["status"]["images"] = Json::array({{{"names", Json::array({"x", "conformance:1"})}}});
  EXPECT_THAT(JudgePreflight(PickedFor("sample"), facts).found(), HasSubstr("conformance:1 is on 1 of 2 nodes"));
  facts.nodes.clear();
  const Outcome outcome = JudgePreflight(PickedFor("sample"), facts);
  EXPECT_EQ(outcome.verdict(), Verdict::kFailed);
  EXPECT_THAT(outcome.problems()[0].expected, HasSubstr("to run in a pod"));
}

}  // namespace
}  // namespace tales::conformance
