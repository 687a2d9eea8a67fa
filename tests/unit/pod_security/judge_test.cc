// What the checks of suite pod_security make of what the API server says; no I/O.
#include "gtest/gtest.h"
#include "harness/definition/pod_security_labels.h"
#include "suites/pod_security/admission_config.h"
#include "suites/pod_security/labels.h"
#include "suites/pod_security/probe.h"
#include "suites/pod_security/suite.h"
#include "suites/pod_security/workloads.h"
#include "tests/support/status_matchers.h"

namespace tales::pod_security {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Json Namespace(std::string name, const std::map<std::string, std::string>& labels) {
  Json object = {{"metadata", {{"name", name}, {"labels", {{"kubernetes.io/metadata.name", name}}}}}};
  for (const auto& [mode, level] : labels) object["metadata"]["labels"][PodSecurityLabel(mode)] = level;
  return object;
}

const NamespaceDefinition kPrivileged = {.enforce = "privileged", .warn = "privileged"};

TEST(LabelsTest, AsDeclaredIsNoProblem) {
  EXPECT_THAT(JudgeDeclaredLabels("cilium", kPrivileged,
                                  Namespace("cilium", {{"enforce", "privileged"}, {"warn", "privileged"}})),
              IsEmpty());
}

TEST(LabelsTest, ARemovedLabelIsNamedWithTheCommandThatPutsItBack) {
  const auto problems = JudgeDeclaredLabels("cilium", kPrivileged, Namespace("cilium", {{"warn", "privileged"}}));
  ASSERT_THAT(problems, SizeIs(1));
  EXPECT_EQ(problems[0].expected, "label pod-security.kubernetes.io/enforce=privileged on namespace cilium");
  EXPECT_THAT(problems[0].found, HasSubstr("namespace cilium has no label pod-security.kubernetes.io/enforce"));
  EXPECT_EQ(problems[0].next,
            "kubectl label --overwrite namespace cilium pod-security.kubernetes.io/enforce=privileged");
}

TEST(LabelsTest, AnotherLevelIsShown) {
  const auto problems = JudgeDeclaredLabels("cilium", kPrivileged,
                                            Namespace("cilium", {{"enforce", "privileged"}, {"warn", "baseline"}}));
  ASSERT_THAT(problems, SizeIs(1));
  EXPECT_EQ(problems[0].found, "namespace cilium has pod-security.kubernetes.io/warn=baseline");
}

TEST(LabelsTest, VersionsAndAuditAreJudgedWhereDeclared) {
  NamespaceDefinition declared = kPrivileged;
  declared.enforce_version = "v1.32";
  declared.audit = "baseline";
  const auto problems = JudgeDeclaredLabels(
      "n", declared, Namespace("n", {{"enforce", "privileged"}, {"warn", "privileged"}, {"audit", "restricted"}}));
  ASSERT_THAT(problems, SizeIs(2));
  EXPECT_THAT(problems[0].expected, HasSubstr("enforce-version=v1.32"));
  EXPECT_THAT(problems[1].expected, HasSubstr("audit=baseline"));
}

TEST(LabelsTest, WithoutADeclarationWarnMustNotAllowMoreThanEnforce) {
  const auto problems = JudgeConsistentLabels("cilium", Namespace("cilium", {{"warn", "privileged"}}));
  ASSERT_THAT(problems, SizeIs(1));
  EXPECT_THAT(problems[0].found,
              HasSubstr("no label pod-security.kubernetes.io/enforce, but pod-security.kubernetes.io/warn=privileged"));
  EXPECT_EQ(problems[0].next,
            "kubectl label --overwrite namespace cilium pod-security.kubernetes.io/enforce=privileged");
  EXPECT_THAT(JudgeConsistentLabels("n", Namespace("n", {{"enforce", "restricted"}, {"audit", "baseline"}})),
              SizeIs(1));
  EXPECT_THAT(JudgeConsistentLabels("n", Namespace("n", {{"enforce", "privileged"}})), IsEmpty());
  EXPECT_THAT(JudgeConsistentLabels("n", Namespace("n", {{"enforce", "baseline"}, {"warn", "restricted"}})), IsEmpty());
  EXPECT_THAT(JudgeConsistentLabels("n", Namespace("n", {})), IsEmpty());
}

TEST(LabelsTest, AMissingNamespaceIsMadeWithItsLabels) {
  EXPECT_EQ(MissingNamespace("cilium-test-1", kPrivileged).next,
            "kubectl create namespace cilium-test-1 && kubectl label --overwrite namespace cilium-test-1 "
            "pod-security.kubernetes.io/enforce=privileged pod-security.kubernetes.io/warn=privileged");
}

TEST(LabelsTest, APrivilegedNamespaceThatIsNotDeclaredIsNamed) {
  const std::vector<Json> namespaces = {Namespace("cilium", {{"enforce", "privileged"}}),
                                        Namespace("kube-system", {{"enforce", "privileged"}}), Namespace("default", {}),
                                        Namespace("intruder", {{"enforce", "privileged"}}), Json(3)};
  const auto problems = JudgeUndeclared(namespaces, {{"cilium", kPrivileged}});
  ASSERT_THAT(problems, SizeIs(1));
  EXPECT_THAT(problems[0].found, HasSubstr("intruder"));
  EXPECT_THAT(problems[0].next, HasSubstr("kubectl label namespace intruder pod-security.kubernetes.io/enforce-"));
}

TEST(LabelsTest, HostileObjectsHaveNoLabels) {
  for (const char* text : {"null", "[]", "3", "{}", R"({"metadata": 3})", R"({"metadata": {"name": 3, "labels": []}})",
                           R"({"metadata": {"labels": {"pod-security.kubernetes.io/enforce": 3}}})"}) {
    const Json object = Json::parse(text);
    EXPECT_EQ(LabelOf(object, "enforce"), "") << text;
    EXPECT_EQ(NameOf(object), "") << text;
  }
}

TEST(ProbeTest, ThePodIsWhatAKubernetesServerTakes) {
  const Json pod = PrivilegedPod();
  EXPECT_TRUE(pod["spec"]["containers"][0]["securityContext"]["privileged"].get<bool>());
  EXPECT_EQ(pod["spec"]["containers"][0]["securityContext"]["capabilities"]["add"], Json::array({"NET_RAW"}));
  EXPECT_EQ(PrivilegedDeployment()["spec"]["template"]["spec"], pod["spec"]);
}

TEST(ProbeTest, ARefusalByPodSecurityIsToldFromOthers) {
  const Answer refused =
      Classify(absl::PermissionDeniedError("POST /api/v1/namespaces/default/pods at https://k: HTTP 403: pods \"x\" is "
                                           "forbidden: violates PodSecurity \"baseline:latest\": "
                                           "privileged"));
  EXPECT_EQ(refused.kind, Answer::kRefused);
  EXPECT_EQ(refused.words, "violates PodSecurity \"baseline:latest\": privileged");
  EXPECT_EQ(LevelOf(refused.words), "baseline:latest");

  const Answer forbidden =
      Classify(absl::PermissionDeniedError("HTTP 403: pods is forbidden: User \"u\" cannot create resource \"pods\""));
  EXPECT_EQ(forbidden.kind, Answer::kCannotTell);
  EXPECT_EQ(forbidden.status.code(), absl::StatusCode::kPermissionDenied);

  const Answer other = Classify(absl::PermissionDeniedError("HTTP 403: error looking up service account n/default"));
  EXPECT_EQ(other.kind, Answer::kCannotTell);
  EXPECT_EQ(other.status.code(), absl::StatusCode::kUnavailable);

  EXPECT_EQ(Classify(absl::NotFoundError("HTTP 404: namespaces \"n\" not found")).kind, Answer::kNoNamespace);
  EXPECT_EQ(Classify(absl::UnavailableError("no")).kind, Answer::kCannotTell);
}

TEST(ProbeTest, OnlyWarningsOfPodSecurityCount) {
  const Answer answer =
      Classify(kube::Reply{.http_status = 201,
                           .body = {},
                           .warnings = {"unknown field \"x\"", "would violate PodSecurity \"restricted:latest\": y"}});
  EXPECT_EQ(answer.kind, Answer::kAdmitted);
  EXPECT_THAT(answer.warnings, ElementsAre("would violate PodSecurity \"restricted:latest\": y"));
}

TEST(ProbeTest, TheNamespaceToTryIsOneWithoutLabels) {
  EXPECT_EQ(NamespaceWithoutLabels({Namespace("a", {}), Namespace("default", {})}, {}), "default");
  EXPECT_EQ(NamespaceWithoutLabels(
                {Namespace("kube-system", {}), Namespace("default", {{"warn", "baseline"}}), Namespace("b", {})}, {}),
            "b");
  EXPECT_EQ(NamespaceWithoutLabels({Namespace("b", {})}, {{"b", {.exempt = true}}}), "");
}

constexpr char kDefaultConfig[] = R"(config:
    - name: PodSecurity
      configuration:
        kind: PodSecurityConfiguration
        defaults: {audit: restricted, audit-version: latest, enforce: baseline, enforce-version: latest, warn: restricted, warn-version: latest}
        exemptions:
            namespaces: [kube-system]
            usernames: []
)";

TEST(AdmissionConfigTest, TheDefaultOfTalosHolds) {
  EXPECT_THAT(JudgeAdmissionConfig(kDefaultConfig, {"kube-system"}, true, "10.0.1.50"), IsEmpty());
}

TEST(AdmissionConfigTest, DriftIsNamed) {
  std::string drifted = kDefaultConfig;
  drifted.replace(drifted.find("enforce: baseline"), 17, "enforce: privileged");
  const auto problems = JudgeAdmissionConfig(drifted, {"kube-system"}, true, "10.0.1.50");
  ASSERT_THAT(problems, SizeIs(1));
  EXPECT_EQ(problems[0].expected, "PodSecurity defaults: enforce: baseline");
  EXPECT_EQ(problems[0].found, "enforce: privileged");
  EXPECT_THAT(problems[0].next, HasSubstr("talosctl -n 10.0.1.50 get admissioncontrolconfigs"));
}

TEST(AdmissionConfigTest, ExemptionsAreJudgedBothWays) {
  EXPECT_THAT(JudgeAdmissionConfig(kDefaultConfig, {"kube-system", "storage"}, true, "n"), SizeIs(1));
  EXPECT_THAT(JudgeAdmissionConfig(kDefaultConfig, {}, true, "n"), SizeIs(1));
  EXPECT_THAT(JudgeAdmissionConfig(kDefaultConfig, {}, false, "n"), IsEmpty());
}

TEST(AdmissionConfigTest, HostileInputIsAProblem) {
  for (const char* text :
       {"", "3", "config: 3", "config: [3]", "config: [{name: PodSecurity}]",
        "config: [{name: PodSecurity, configuration: 3}]", "{",
        "config: [{name: PodSecurity, configuration: {defaults: [], exemptions: {namespaces: 3}}}]"}) {
    EXPECT_FALSE(JudgeAdmissionConfig(text, {"kube-system"}, true, "n").empty()) << text;
  }
}

Json RunningPod(std::string name, std::string hash) {
  return {{"metadata",
           {{"name", name},
            {"namespace", "cilium"},
            {"uid", name},
            {"labels", {{"controller-revision-hash", hash}}},
            {"annotations", {{"kubernetes.io/config.seen", "x"}, {"a", "b"}}},
            {"ownerReferences", Json::array({{{"uid", "owner"}}})}}},
          {"spec", {{"nodeName", "worker"}, {"priority", 1000}, {"hostNetwork", true}, {"containers", Json::array()}}},
          {"status", {{"phase", "Running"}}}};
}

TEST(WorkloadsTest, ARunningPodIsRebuiltAsItWasAskedFor) {
  const auto candidates = FromPods({RunningPod("cilium-1", "h")}, "cilium");
  ASSERT_THAT(candidates, SizeIs(1));
  EXPECT_EQ(candidates[0].name, "pod cilium-1");
  const Json& pod = candidates[0].pod;
  EXPECT_FALSE(pod.contains("status"));
  EXPECT_FALSE(pod["spec"].contains("nodeName"));
  EXPECT_TRUE(pod["spec"]["hostNetwork"].get<bool>());
  EXPECT_FALSE(pod["metadata"].contains("ownerReferences"));
  EXPECT_FALSE(pod["metadata"].contains("name"));
  EXPECT_EQ(pod["metadata"]["annotations"], (Json{{"a", "b"}}));
}

TEST(WorkloadsTest, PodsOfOneTemplateAreTriedOnceAndOthersLeftOut) {
  Json done = RunningPod("done", "d"), elsewhere = RunningPod("elsewhere", "e"), mirror = RunningPod("static", "s");
  done["status"]["phase"] = "Succeeded";
  elsewhere["metadata"]["namespace"] = "default";
  mirror["metadata"]["annotations"]["kubernetes.io/config.mirror"] = "x";
  EXPECT_THAT(
      FromPods({RunningPod("a", "h"), RunningPod("b", "h"), RunningPod("c", "i"), done, elsewhere, mirror, Json(3)},
               "cilium"),
      SizeIs(2));
}

TEST(WorkloadsTest, TemplatesAreTriedToo) {
  const Json workload = {
      {"metadata", {{"name", "cilium"}, {"namespace", "cilium"}}},
      {"spec", {{"template", {{"metadata", {{"labels", {{"k", "v"}}}}}, {"spec", {{"hostNetwork", true}}}}}}}};
  const auto candidates = FromTemplates({workload, Json::object(), Json("x")}, "DaemonSet", "cilium");
  ASSERT_THAT(candidates, SizeIs(1));
  EXPECT_EQ(candidates[0].name, "DaemonSet cilium");
  EXPECT_EQ(candidates[0].pod["metadata"]["labels"]["k"], "v");
}

TEST(SuiteTest, EveryCheckSaysWhatItAsksAndWhatTurnsIt) {
  const Suite suite = PodSecuritySuite();
  EXPECT_THAT(suite.checks, SizeIs(8));
  for (const Check& check : suite.checks) {
    EXPECT_EQ(check.suite(), "pod_security");
    EXPECT_TRUE(check.question.ends_with("?")) << check.id;
    EXPECT_FALSE(check.needs.empty()) << check.id;
    EXPECT_FALSE(check.after.empty()) << check.id;
    EXPECT_FALSE(check.faults.empty()) << check.id;
    EXPECT_EQ(check.tier, Tier::kRead) << check.id;
    EXPECT_TRUE(check.look) << check.id;
  }
}

}  // namespace
}  // namespace tales::pod_security
