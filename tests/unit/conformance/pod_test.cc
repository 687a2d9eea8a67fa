// The run in a pod, as far as it needs no cluster: its objects, what its status says, what was fetched of it.
#include "gmock/gmock.h"
#include "suites/conformance/cluster_runner.h"
#include "suites/conformance/pod_files.h"
#include "suites/conformance/pod_objects.h"
#include "suites/conformance/pod_state.h"
#include "tests/support/status_matchers.h"

namespace tales::conformance {
namespace {

using kube::Json;
using Phase = PodState::Phase;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kRun[] = "2025-03-02T01-00-00Z-7f3a";

std::string Environment(const Json& container, std::string_view name) {
  for (const Json& one : container["env"]) {
    if (one["name"] == name) return one["value"].get<std::string>();
  }
  return "(none)";
}

Json Pod(const E2eOptions& options = {.folder = "/x/e2e-1", .names = {"[sig-node] a (b) [Conformance]"}}) {
  return PodObject({.run = kRun, .tests_image = "conformance:1", .output_image = "busybox:1"}, "e2e-1", options);
}

TEST(PodObjectsTest, AllOfThemCarryTheRunAndHaveItsName) {
  const std::string name = "tales-conformance-2025-03-02t01-00-00z-7f3a";
  for (const Json& object : {NamespaceObject(kRun), ServiceAccountObject(kRun), ClusterRoleObject(kRun),
                             ClusterRoleBindingObject(kRun), Pod()}) {
    EXPECT_EQ(object["metadata"]["labels"]["tales/run"], kRun);
    EXPECT_EQ(object["metadata"]["labels"]["app.kubernetes.io/managed-by"], "tales");
  }
  EXPECT_EQ(NamespaceObject(kRun)["metadata"]["name"], name);
  EXPECT_EQ(Pod()["metadata"]["namespace"], name);
  EXPECT_EQ(ClusterRoleBindingObject(kRun)["subjects"][0]["namespace"], name);
  EXPECT_EQ(NamespaceObject(kRun)["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted");
}

// What level `restricted` asks for, container by container.
TEST(PodObjectsTest, ThePodIsRestricted) {
  const Json pod = Pod();
  ASSERT_EQ(pod["spec"]["containers"].size(), 2U);
  for (const Json& container : pod["spec"]["containers"]) {
    const Json& context = container["securityContext"];
    EXPECT_EQ(context["allowPrivilegeEscalation"], false);
    EXPECT_EQ(context["runAsNonRoot"], true);
    EXPECT_EQ(context["capabilities"]["drop"], Json::array({"ALL"}));
    EXPECT_EQ(context["seccompProfile"]["type"], "RuntimeDefault");
  }
  EXPECT_EQ(pod["spec"]["restartPolicy"], "Never");
}

TEST(PodObjectsTest, TheImagesRunnerIsToldTheTests) {
  const Json tests = Pod()["spec"]["containers"][0];
  EXPECT_EQ(Environment(tests, "E2E_FOCUS"), R"((\[sig-node\] a \(b\) \[Conformance\])$)");
  EXPECT_EQ(Environment(tests, "E2E_PARALLEL"), "(none)");  // would leave the [Serial] tests out
  EXPECT_THAT(Environment(tests, "E2E_EXTRA_GINKGO_ARGS"), AllOf(HasSubstr("-v"), HasSubstr("--timeout=2h")));
  EXPECT_THAT(Environment(tests, "E2E_EXTRA_ARGS"), HasSubstr("--minStartupPods=-1"));
  const Json all = Pod({.folder = "/x/e2e-1", .names = {"a"}, .picks_all = true, .needs_nodes = true, .procs = 4});
  EXPECT_EQ(Environment(all["spec"]["containers"][0], "E2E_FOCUS"), R"(\[Conformance\])");
  EXPECT_THAT(Environment(all["spec"]["containers"][0], "E2E_EXTRA_GINKGO_ARGS"), HasSubstr("--procs=4"));
  EXPECT_THAT(Environment(all["spec"]["containers"][0], "E2E_EXTRA_ARGS"), ::testing::Not(HasSubstr("minStartup")));
}

TEST(PodObjectsTest, TheImageIsOfTheServersRelease) {
  EXPECT_EQ(DefaultTestsImage("v1.32.2"), "registry.k8s.io/conformance:v1.32.2");
  EXPECT_EQ(DefaultTestsImage("v1.32.2+k3s1"), "registry.k8s.io/conformance:v1.32.2");
}

PodState StateOf(std::string_view status) {
  return ReadPodState(
      {{"metadata", {{"uid", "u"}}}, {"spec", {{"nodeName", "node-1"}}}, {"status", Json::parse(status)}});
}

TEST(PodStateTest, WhatRunsAndHowItEnds) {
  EXPECT_EQ(StateOf("{}").phase, Phase::kWaiting);
  EXPECT_EQ(StateOf(R"({"phase":"Running","containerStatuses":[
      {"name":"conformance","state":{"running":{"startedAt":"x"}}},{"name":"output","state":{"running":{"startedAt":"x"}}}]})")
                .phase,
            Phase::kRunning);
  const PodState over = StateOf(R"({"phase":"Running","containerStatuses":[
      {"name":"conformance","state":{"terminated":{"exitCode":1,"reason":"Error"}}},
      {"name":"output","state":{"running":{"startedAt":"x"}}}]})");
  EXPECT_EQ(over.phase, Phase::kOver);
  EXPECT_EQ(over.exit_code, 1);
  const PodState killed = StateOf(R"({"containerStatuses":[
      {"name":"conformance","state":{"terminated":{"exitCode":137,"reason":"OOMKilled"}}},
      {"name":"output","state":{"running":{"startedAt":"x"}}}]})");
  EXPECT_EQ(killed.phase, Phase::kOver);
  EXPECT_FALSE(killed.exit_code.has_value());
  EXPECT_THAT(killed.why, HasSubstr("OOMKilled"));
}

TEST(PodStateTest, AnImageThatIsNotThereIsSeenAtOnce) {
  for (const char* reason : {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"}) {
    const PodState state = StateOf(absl::StrCat(
        R"({"phase":"Pending","containerStatuses":[{"name":"conformance","image":"conformance:1","state":{"waiting":{"reason":")",
        reason, R"(","message":"not found"}}}]})"));
    EXPECT_EQ(state.phase, Phase::kNever) << reason;
    EXPECT_THAT(state.why, AllOf(HasSubstr("conformance:1"), HasSubstr(reason), HasSubstr("not found")));
  }
  EXPECT_EQ(
      StateOf(R"({"containerStatuses":[{"name":"output","state":{"waiting":{"reason":"ContainerCreating"}}}]})").phase,
      Phase::kWaiting);
}

TEST(PodStateTest, NoNodeTakesIt) {
  const PodState state = StateOf(
      R"({"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"0/2 nodes are available"}]})");
  EXPECT_EQ(state.phase, Phase::kWaiting);
  EXPECT_TRUE(state.unschedulable);
  EXPECT_THAT(state.why, HasSubstr("0/2 nodes"));
}

TEST(PodStateTest, WhatTakesTheVolumeTakesTheResults) {
  const PodState evicted = StateOf(R"({"phase":"Failed","reason":"Evicted","message":"The node was low on memory"})");
  EXPECT_EQ(evicted.phase, Phase::kLost);
  EXPECT_THAT(evicted.why, AllOf(HasSubstr("Evicted"), HasSubstr("low on memory")));
  EXPECT_EQ(StateOf(R"({"containerStatuses":[{"name":"output","state":{"terminated":{"exitCode":137}}}]})").phase,
            Phase::kLost);
  // As a kubelet leaves it whose disk was full, where the containers end well.
  const PodState full = StateOf(R"({"phase":"Succeeded","conditions":[{"type":"DisruptionTarget","status":"True",
      "reason":"TerminationByKubelet","message":"The node was low on resource: ephemeral-storage."}],
      "containerStatuses":[{"name":"conformance","state":{"terminated":{"exitCode":0}}},
                           {"name":"output","state":{"terminated":{"exitCode":0,"reason":"Completed"}}}]})");
  EXPECT_EQ(full.phase, Phase::kLost);
  EXPECT_THAT(full.why, AllOf(HasSubstr("TerminationByKubelet"), HasSubstr("ephemeral-storage")));
}

TEST(PodStateTest, AnyJsonIsTaken) {
  for (const char* text : {"null", "[]", "\"x\"", R"({"status":7})", R"({"status":{"containerStatuses":[1,null]}})"}) {
    EXPECT_EQ(ReadPodState(Json::parse(text)).phase, Phase::kWaiting) << text;
  }
}

TEST(PodFilesTest, FactsAreReadAndComparable) {
  const FileFacts facts = FactsOf("abc");
  EXPECT_EQ(facts.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  ASSERT_OK_AND_ASSIGN(const FileFacts parsed, ParseFileFacts("3\n" + facts.sha256 + "  -\n"));
  EXPECT_EQ(parsed.size, 3U);
  EXPECT_EQ(parsed.sha256, facts.sha256);
  for (const char* wrong : {"", "3", "x y", "3 ba7816"}) EXPECT_FALSE(ParseFileFacts(wrong).ok()) << wrong;
}

}  // namespace
}  // namespace tales::conformance
