// A cluster from machines that are off, by real talosctl and kubectl, with secrets that the lab has never seen.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "harness/base/file.h"
#include "tests/lab/talosctl.h"

namespace tales::lab {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kMonitor[] = R"(
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: servicemonitors.monitoring.coreos.com, annotations: {operator.prometheus.io/version: 0.80.1}}
spec:
  group: monitoring.coreos.com
  scope: Namespaced
  names: {kind: ServiceMonitor, listKind: ServiceMonitorList, plural: servicemonitors, singular: servicemonitor}
  versions:
  - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
)";
constexpr char kNamespace[] = R"(
apiVersion: v1
kind: Namespace
metadata: {name: cilium, labels: {pod-security.kubernetes.io/enforce: privileged}}
)";

class MachinesThatAreOff : public TalosctlFixture {
 protected:
  MachinesThatAreOff() : TalosctlFixture({"--state", "off"}) {}
  void SetUp() override {
    if (!FindProgram("kubectl").ok()) GTEST_SKIP() << "kubectl is not on PATH";
    TalosctlFixture::SetUp();
    if (IsSkipped() || lab_ == nullptr) return;
    folder_ = lab_->folder() / "mine";
    Output({"gen", "config", "tales", absl::StrCat("https://", control_, ":6443"), "--output-dir", folder_.string(),
            "--config-patch",
            "{\"cluster\":{\"network\":{\"cni\":{\"name\":\"none\"}},\"proxy\":{\"disabled\":true}}}"});
  }
  // talosctl with our own talosconfig.
  std::vector<std::string> Ours(std::vector<std::string> arguments) {
    const std::vector<std::string> prefix = {"--talosconfig", (folder_ / "talosconfig").string(), "-e", control_};
    arguments.insert(arguments.begin(), prefix.begin(), prefix.end());
    return arguments;
  }
  std::vector<std::string> Kubectl(std::vector<std::string> arguments) {
    const std::vector<std::string> prefix = {"kubectl", "--kubeconfig", (folder_ / "kubeconfig").string()};
    arguments.insert(arguments.begin(), prefix.begin(), prefix.end());
    return arguments;
  }
  void Apply(const std::string& name, const std::string& text) {
    ASSERT_OK(WriteFileAtomically(folder_ / name, text));
    const Finished applied =
        lab_->RunClient(Kubectl({"apply", "--server-side", "--force-conflicts", "-f", (folder_ / name).string()}));
    EXPECT_EQ(applied.exit_code, 0) << applied.error_output;
  }
  // From the switch to a configured machine that boots from its disk.
  void Install(const std::string& name, const std::string& address, const std::string& config) {
    EXPECT_EQ(lab_->Order("power", "on " + name).exit_code, 0);
    Await({"get", "machinestatus", "--insecure", "-n", address}, "maintenance");
    Output({"apply-config", "--insecure", "-n", address, "-f", (folder_ / config).string()});
    EXPECT_EQ(lab_->Order("boot-from", "disk " + name).exit_code, 0);
  }

  std::filesystem::path folder_;  // the operator's own
};

TEST_F(MachinesThatAreOff, BecomeAClusterOfTheAppliedConfiguration) {
  EXPECT_NE(Talosctl({"version", "--insecure", "-n", control_}).exit_code, 0);
  Install("control", control_, "controlplane.yaml");
  Await(Ours({"service", "etcd", "-n", control_}), "Preparing");
  const Finished stranger = Talosctl({"-e", control_, "-n", control_, "version"});
  EXPECT_THAT(stranger.error_output, HasSubstr("certificate signed by unknown authority"))
      << "the lab's own talosconfig";
  Output(Ours({"bootstrap", "-n", control_}));
  Install("worker", worker_, "worker.yaml");
  Await(Ours({"etcd", "members", "-n", control_}), control_);
  Output(Ours({"kubeconfig", "-n", control_, folder_.string()}));

  EXPECT_OK(lab_->AwaitClient(Kubectl({"get", "node", "worker"}), "NotReady"));
  EXPECT_OK(lab_->AwaitClient(Kubectl({"get", "node", "control"}), "NotReady"));
  Apply("crd.yaml", kMonitor);
  EXPECT_OK(lab_->AwaitClient(
      Kubectl({"wait", "--for=condition=Established", "--timeout=5s", "crd/servicemonitors.monitoring.coreos.com"}),
      "condition met"));
  Apply("namespace.yaml", kNamespace);
  ASSERT_OK_AND_ASSIGN(const std::string cilium, ReadFile(lab_->folder() / "cilium.yaml"));
  Apply("cilium.yaml", cilium);
  EXPECT_OK(lab_->AwaitClient(Kubectl({"wait", "--for=condition=Ready", "node/control", "node/worker", "--timeout=1s"}),
                              "node/worker condition met"));
  EXPECT_OK(lab_->AwaitClient(Kubectl({"get", "ciliumnodes"}), "worker"));
  EXPECT_OK(lab_->AwaitClient(Kubectl({"-n", "cilium", "rollout", "status", "daemonset/cilium", "--timeout=10s"}),
                              "successfully rolled out"));
  EXPECT_OK(
      lab_->AwaitClient(Kubectl({"-n", "cilium", "exec", "ds/cilium", "--", "cilium-dbg", "status", "--brief"}), "OK"));
  EXPECT_OK(lab_->AwaitClient(Kubectl({"-n", "cilium", "get", "secrets", "-l", "owner=helm"}), "helm.sh/release.v1"));
  // The cold boot: what kexec left out takes effect.
  Output(Ours({"shutdown", "--wait", "--timeout", "30s", "-n", worker_}));
  EXPECT_OK(lab_->AwaitPower("worker", "off"));
  EXPECT_EQ(lab_->Order("power", "on worker").exit_code, 0);
  Await(Ours({"read", "/proc/sys/kernel/bootloader_type", "-n", worker_}), "114");
  EXPECT_OK(
      lab_->AwaitClient(Kubectl({"wait", "--for=condition=Ready", "node/worker", "--timeout=1s"}), "condition met"));
  const Finished health = Talosctl(Ours({"health", "--wait-timeout", "20s", "-n", control_}));
  EXPECT_EQ(health.exit_code, 0) << health.error_output;
}

TEST_F(MachinesThatAreOff, FaultsOfTheSoftwareOnThem) {
  EXPECT_EQ(lab_->Order("fault", "lab:network-plugin-fails=worker").exit_code, 0);
  EXPECT_EQ(lab_->Order("fault", "lab:crds-not-established").exit_code, 0);
  Install("control", control_, "controlplane.yaml");
  Await(Ours({"service", "etcd", "-n", control_}), "Preparing");
  Output(Ours({"bootstrap", "-n", control_}));
  Install("worker", worker_, "worker.yaml");
  Await(Ours({"etcd", "members", "-n", control_}), control_);
  Output(Ours({"kubeconfig", "-n", control_, folder_.string()}));
  EXPECT_OK(lab_->AwaitClient(Kubectl({"get", "node", "worker"}), "NotReady"));
  Apply("crd.yaml", kMonitor);
  Apply("namespace.yaml", kNamespace);
  ASSERT_OK_AND_ASSIGN(const std::string cilium, ReadFile(lab_->folder() / "cilium.yaml"));
  Apply("cilium.yaml", cilium);
  const std::vector<std::string> await_worker =
      Kubectl({"wait", "--for=condition=Ready", "node/worker", "--timeout=1s"});
  EXPECT_OK(
      lab_->AwaitClient(Kubectl({"wait", "--for=condition=Ready", "node/control", "--timeout=1s"}), "condition met"));
  EXPECT_NE(lab_->RunClient(await_worker).exit_code, 0);
  EXPECT_EQ(lab_->Order("heal", "lab:network-plugin-fails=worker").exit_code, 0);
  EXPECT_OK(lab_->AwaitClient(await_worker, "condition met"));
  const std::vector<std::string> await_crd =
      Kubectl({"wait", "--for=condition=Established", "--timeout=1s", "crd/servicemonitors.monitoring.coreos.com"});
  EXPECT_NE(lab_->RunClient(await_crd).exit_code, 0);
  EXPECT_EQ(lab_->Order("heal", "lab:crds-not-established").exit_code, 0);
  EXPECT_OK(lab_->AwaitClient(await_crd, "condition met"));
}

}  // namespace
}  // namespace tales::lab
