// The lab's Kubernetes API, judged by real kubectl.
#include <string>

#include "absl/strings/str_cat.h"
#include "fixtures/local/assets.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/base/file.h"
#include "tests/lab/running_lab.h"
#include "tests/support/status_matchers.h"

namespace tales::lab {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Kubectl : public ::testing::Test {
 protected:
  void SetUp() override {
    const absl::StatusOr<std::filesystem::path> kubectl = FindAsset(KubectlAsset(), {});
    if (!kubectl.ok()) GTEST_SKIP() << kubectl.status().message();
    kubectl_ = kubectl->string();
    auto lab = RunningLab::Start();
    ASSERT_OK(lab);
    lab_.emplace(*std::move(lab));
  }

  Finished Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {kubectl_, "--request-timeout=20s",
                                         absl::StrCat("--cache-dir=", (lab_->folder() / "cache").string())});
    return lab_->RunClient(arguments);
  }
  // Standard output of a command that must succeed.
  std::string Must(std::vector<std::string> arguments) {
    Finished done = Run(arguments);
    EXPECT_EQ(done.exit_code, 0) << ::testing::PrintToString(arguments) << "\n" << done.output << done.error_output;
    return done.output;
  }
  std::string PodFile(const std::string& label) {
    const auto path = lab_->folder() / "pod.yaml";
    EXPECT_OK(WriteFileAtomically(
        path, absl::StrCat("---\n{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: t, labels: {app: ", label,
                           "}}, spec: {containers: [{name: c, image: busybox}]}}\n")));
    return path.string();
  }

  std::string kubectl_;
  std::optional<RunningLab> lab_;
};

TEST_F(Kubectl, Reads) {
  EXPECT_THAT(Must({"version"}), HasSubstr("Server Version: v1.32.2"));
  EXPECT_THAT(Must({"get", "nodes"}), AllOf(HasSubstr("control-plane"), HasSubstr("Ready")));
  EXPECT_THAT(Must({"get", "pods", "-A"}), AllOf(HasSubstr("coredns-"), HasSubstr("1/1"), HasSubstr("Running")));
  EXPECT_THAT(Must({"get", "namespace", "default", "-o", "json"}),
              HasSubstr("\"kubernetes.io/metadata.name\": \"default\""));
  const Finished missing = Run({"get", "pod", "nosuch"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_THAT(missing.error_output, HasSubstr("Error from server (NotFound): pods \"nosuch\" not found"));
}

TEST_F(Kubectl, LabelsAndAnnotates) {
  Must({"create", "namespace", "t"});
  Must({"label", "namespace", "t", "a=b"});
  Must({"annotate", "namespace", "t", "x=y"});
  EXPECT_EQ(Must({"get", "ns", "-l", "a in (b)", "-o", "name"}), "namespace/t\n");
  const Finished wrong = Run({"label", "namespace", "t", "pod-security.kubernetes.io/enforce=wrong"});
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_THAT(wrong.error_output, HasSubstr("must be one of privileged, baseline, restricted"));
  Must({"label", "namespace", "t", "a-"});
  Must({"delete", "namespace", "t", "--timeout=10s"});
}

TEST_F(Kubectl, AppliesWaitsLogsAndExecutes) {
  Must({"create", "namespace", "t"});
  Must({"create", "configmap", "c", "-n", "t", "--from-literal=k=v"});
  Must({"apply", "-f", PodFile("one")});
  Must({"wait", "-n", "t", "--for=condition=Ready", "pod/p", "--timeout=15s"});
  Must({"logs", "-n", "t", "p"});
  Must({"apply", "-f", PodFile("two")});
  const Finished conflict = Run({"apply", "--server-side", "-f", PodFile("three")});
  EXPECT_EQ(conflict.exit_code, 1);
  EXPECT_THAT(conflict.error_output, HasSubstr("Apply failed with 1 conflict"));
  Must({"apply", "--server-side", "--force-conflicts", "-f", PodFile("three")});
  EXPECT_EQ(Must({"get", "pod", "-n", "t", "p", "-o", "jsonpath={.metadata.labels.app}"}), "three");
  Must({"delete", "pod", "-n", "t", "p", "--timeout=10s"});
}

TEST_F(Kubectl, ExitCodesOfCommandsPassThrough) {
  Must({"create", "namespace", "t"});
  Must({"apply", "-f", PodFile("one")});
  Must({"wait", "-n", "t", "--for=condition=Ready", "pod/p", "--timeout=15s"});
  Must({"exec", "-n", "t", "p", "--", "true"});
  EXPECT_EQ(Run({"exec", "-n", "t", "p", "--", "false"}).exit_code, 1);
}

TEST_F(Kubectl, ReadsCiliumAndAsksItsAgents) {
  EXPECT_THAT(Must({"get", "ciliumnodes"}), AllOf(HasSubstr("control"), HasSubstr("worker")));
  EXPECT_THAT(Must({"get", "cep", "-n", "kube-system"}), HasSubstr("coredns-"));
  Must({"rollout", "status", "-n", "cilium", "daemonset/cilium", "--timeout=10s"});
  EXPECT_EQ(Must({"get", "secret", "-n", "cilium", "-l", "owner=helm,name=cilium", "-o",
                  "jsonpath={.items[*].metadata.name} {.items[*].type}"}),
            "sh.helm.release.v1.cilium.v1 helm.sh/release.v1");
  EXPECT_THAT(Must({"logs", "-n", "cilium", "ds/cilium", "-c", "cilium-agent"}),
              AllOf(HasSubstr("Could not modify IPv4 gro_max_size"), HasSubstr("Failed to send gratuitous arp")));
  EXPECT_THAT(Must({"exec", "-n", "cilium", "ds/cilium", "--", "cilium-dbg", "status", "-o", "json"}),
              HasSubstr("\"intra-host-routing-mode\": \"BPF\""));
  EXPECT_THAT(Must({"exec", "-n", "cilium", "ds/cilium", "--", "cilium-health", "status", "-o", "json"}),
              HasSubstr("\"health-endpoint\""));
  const Finished unknown = Run({"exec", "-n", "cilium", "ds/cilium", "--", "tcpdump"});
  EXPECT_NE(unknown.exit_code, 0);
  EXPECT_THAT(unknown.error_output, HasSubstr("executable file not found"));
}

TEST_F(Kubectl, SeesARolloutAndAnAgentsEarlierLog) {
  EXPECT_EQ(lab_->Order("fault", "lab:cilium-image-differs").exit_code, 0);
  Must({"rollout", "status", "-n", "cilium", "daemonset/cilium", "--timeout=10s"});
  EXPECT_THAT(Must({"get", "pods", "-n", "cilium", "-l", "k8s-app=cilium", "-o", "jsonpath={..image}"}),
              HasSubstr("v1.17.0"));
  EXPECT_EQ(lab_->Order("heal", "lab:cilium-image-differs").exit_code, 0);
  EXPECT_EQ(lab_->Order("fault", "lab:cilium-agent-restarted").exit_code, 0);
  const std::string pod = Must({"get", "pods", "-n", "cilium", "-l", "k8s-app=cilium", "--field-selector",
                                "spec.nodeName=worker", "-o", "jsonpath={.items[0].metadata.name}"});
  EXPECT_THAT(Must({"logs", "-n", "cilium", pod, "--previous"}), HasSubstr("Creating host endpoint"));
  EXPECT_THAT(Must({"logs", "-n", "cilium", pod}), ::testing::Not(HasSubstr("Creating host endpoint")));
}

TEST_F(Kubectl, AKubeletThatIsStoppedAnswersNeitherLogsNorExec) {
  EXPECT_EQ(lab_->Order("fault", "lab:service-stopped=worker/kubelet").exit_code, 0);
  const std::string pod = Must({"get", "pods", "-n", "cilium", "-l", "k8s-app=cilium", "--field-selector",
                                "spec.nodeName=worker", "-o", "jsonpath={.items[0].metadata.name}"});
  EXPECT_THAT(Run({"logs", "-n", "cilium", pod}).error_output, HasSubstr("connection refused"));
  EXPECT_THAT(Run({"exec", "-n", "cilium", pod, "--", "true"}).error_output, HasSubstr("error dialing backend"));
}

TEST_F(Kubectl, RefusesAPrivilegedPodInTheServersWords) {
  const Finished refused = Run({"run", "priv", "--image=x", "--privileged"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.error_output, HasSubstr("pods \"priv\" is forbidden: violates PodSecurity \"baseline:latest\": "
                                              "privileged (container \"priv\" must not set "
                                              "securityContext.privileged=true)"));
}

TEST_F(Kubectl, TaintsCordonsAndWatches) {
  Must({"taint", "node", "worker", "k=v:NoSchedule"});
  Must({"cordon", "worker"});
  EXPECT_THAT(Must({"get", "node", "worker"}), HasSubstr("SchedulingDisabled"));
  Must({"uncordon", "worker"});
  // The watch ends with the request's time, after the objects that are there.
  EXPECT_THAT(lab_->RunClient({kubectl_, "get", "namespaces", "--watch", "--request-timeout=2s"}).output,
              HasSubstr("kube-system"));
}

}  // namespace
}  // namespace tales::lab
