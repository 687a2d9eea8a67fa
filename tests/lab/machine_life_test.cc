// Real talosctl takes machines of the lab through their lives: installation, bootstrap, reboot, reset, upgrade.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "harness/base/file.h"
#include "tests/lab/talosctl.h"

namespace tales::lab {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kNetworkPlugin[] = R"(
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: plugin, namespace: kube-system, labels: {k8s-app: plugin}}
spec:
  selector: {matchLabels: {k8s-app: plugin}}
  template:
    metadata: {labels: {k8s-app: plugin}}
    spec:
      hostNetwork: true
      tolerations: [{operator: Exists}]
      containers: [{name: plugin, image: example.org/plugin:v1}]
      volumes: [{name: cni, hostPath: {path: /etc/cni/net.d}}]
)";

class NewMachines : public TalosctlFixture {
 protected:
  NewMachines() : TalosctlFixture({"--state", "maintenance"}) {}
  std::string ConfigFile(const std::string& name) { return (lab_->folder() / "config" / name).string(); }
  void AwaitMaintenance(const std::string& address) {
    Await({"get", "machinestatus", "--insecure", "-n", address}, "maintenance");
  }
};

TEST_F(NewMachines, AClusterFromNothing) {
  AwaitMaintenance(control_);
  EXPECT_THAT(Output({"get", "links", "--insecure", "-n", control_}), HasSubstr("enp0s2"));
  EXPECT_THAT(Output({"get", "disks", "--insecure", "-n", control_}), HasSubstr("100 GB"));
  const Finished version = Talosctl({"version", "--insecure", "-n", control_});
  EXPECT_NE(version.exit_code, 0);
  EXPECT_THAT(version.error_output, HasSubstr("API is not implemented in maintenance mode"));
  EXPECT_THAT(Talosctl({"get", "mc", "--insecure", "-n", control_}).error_output, HasSubstr("not authorized"));
  EXPECT_NE(Talosctl({"version", "-n", control_}).exit_code, 0) << "it has not our authority";

  const std::vector<std::string> apply = {"apply-config", "--insecure", "-n",
                                          control_,       "-f",         ConfigFile("controlplane.yaml")};
  std::vector<std::string> dry = apply, staged = apply;
  dry.push_back("--dry-run");
  staged.insert(staged.end(), {"--mode", "staged"});
  const Finished checked = Talosctl(dry);
  EXPECT_THAT(checked.error_output, HasSubstr("does not have a config yet"));
  EXPECT_THAT(Talosctl(staged).error_output, HasSubstr("is not supported in maintenance mode"));
  Output(apply);
  Await({"service", "etcd", "-n", control_}, "Preparing");
  EXPECT_EQ(Output({"read", "/proc/sys/kernel/bootloader_type", "-n", control_}), "208\n");
  EXPECT_THAT(Output({"get", "mc", "-o", "yaml", "-n", control_}), HasSubstr("type: controlplane"));

  Output({"bootstrap", "-n", control_});
  EXPECT_THAT(Talosctl({"bootstrap", "-n", control_}).error_output, HasSubstr("etcd data directory is not empty"));
  Await({"etcd", "members", "-n", control_}, absl::StrCat("https://", control_, ":2380"));
  Output({"apply-config", "--insecure", "-n", worker_, "-f", ConfigFile("worker.yaml")});
  Await({"get", "members", "-n", control_}, worker_);
  if (!FindProgram("kubectl").ok()) GTEST_SKIP() << "kubectl is not on PATH";
  EXPECT_OK(lab_->AwaitClient({"kubectl", "get", "node", "worker"}, "NotReady"));
  ASSERT_OK(WriteFileAtomically(lab_->folder() / "plugin.yaml", kNetworkPlugin));
  EXPECT_EQ(lab_->RunClient({"kubectl", "apply", "-f", (lab_->folder() / "plugin.yaml").string()}).exit_code, 0);
  EXPECT_OK(
      lab_->AwaitClient({"kubectl", "wait", "--for=condition=Ready", "node/control", "node/worker", "--timeout=1s"},
                        "node/worker condition met"));
  for (const char* server : {"--server=true", "--server=false"}) {
    const Finished health = Talosctl({"health", server, "--wait-timeout", "20s", "-n", control_});
    EXPECT_EQ(health.exit_code, 0) << health.error_output;
  }
}

TEST_F(NewMachines, TheirCertificateCanBePinned) {
  AwaitMaintenance(worker_);
  const std::vector<std::string> apply = {
      "apply-config", "--insecure", "--dry-run", "-n", worker_, "-f", ConfigFile("worker.yaml"), "--cert-fingerprint"};
  std::vector<std::string> wrong = apply;
  wrong.push_back("aGVsbG8=");
  EXPECT_THAT(Talosctl(wrong).error_output, HasSubstr("fingerprint"));
}

TEST_F(NewMachines, OneWithAnotherAuthorityRefusesOurTalosconfig) {
  const std::string folder = (lab_->folder() / "other").string();
  Output({"gen", "config", "other", absl::StrCat("https://", control_, ":6443"), "--output-dir", folder});
  AwaitMaintenance(control_);
  Output({"apply-config", "--insecure", "-n", control_, "-f", folder + "/controlplane.yaml"});
  Await({"--talosconfig", folder + "/talosconfig", "-e", control_, "-n", control_, "version"}, "v1.9.4");
  const Finished refused = Talosctl({"-e", control_, "-n", control_, "version"});
  EXPECT_NE(refused.exit_code, 0);
  EXPECT_THAT(refused.error_output, HasSubstr("certificate signed by unknown authority"));
}

TEST_F(NewMachines, TheIsoHaltsOnAnInstalledDisk) {
  AwaitMaintenance(control_);
  Output({"apply-config", "--insecure", "-n", control_, "-f", ConfigFile("controlplane.yaml")});
  Await({"version", "-n", control_}, "v1.9.4");
  EXPECT_EQ(lab_->Order("power", "reset control").exit_code, 0);
  EXPECT_NE(Talosctl({"version", "-n", control_}).exit_code, 0);
  EXPECT_EQ(lab_->Order("boot-from", "disk control").exit_code, 0);
  EXPECT_EQ(lab_->Order("power", "reset control").exit_code, 0);
  Await({"read", "/proc/sys/kernel/bootloader_type", "-n", control_}, "114");
}

class RunningMachines : public TalosctlFixture {
 protected:
  std::string BootId(const std::string& node) {
    return Output({"read", "/proc/sys/kernel/random/boot_id", "-n", node});
  }
};

TEST_F(RunningMachines, Reboot) {
  const std::string before = BootId(worker_);
  Output({"reboot", "--wait", "--timeout", "30s", "-n", worker_});
  EXPECT_NE(BootId(worker_), before);
  EXPECT_EQ(Output({"read", "/proc/sys/kernel/bootloader_type", "-n", worker_}), "208\n");
  Output({"reboot", "--mode", "powercycle", "--wait", "--timeout", "30s", "-n", worker_});
  EXPECT_EQ(Output({"read", "/proc/sys/kernel/bootloader_type", "-n", worker_}), "114\n");
  EXPECT_THAT(Output({"read", "/sys/class/graphics/fb0/virtual_size", "-n", worker_}), "1024,768\n");
}

TEST_F(RunningMachines, RebootOfTheControlPlaneItself) {
  Output({"reboot", "--wait", "--timeout", "30s", "-n", control_});
  Await({"etcd", "status", "-n", control_}, control_);
}

TEST_F(RunningMachines, ShutdownAndPowerOn) {
  Output({"shutdown", "--wait", "--timeout", "30s", "-n", worker_});
  EXPECT_OK(lab_->AwaitPower("worker", "off"));
  EXPECT_NE(Talosctl({"version", "-n", worker_}).exit_code, 0);
  EXPECT_EQ(lab_->Order("power", "on worker").exit_code, 0);
  Await({"get", "machinestatus", "-n", worker_}, "true");
}

TEST_F(RunningMachines, ResetGracefulFailsOnTheOnlyControlPlane) {
  const Finished finished = Talosctl({"reset", "--wait", "--timeout", "30s", "-n", control_});
  EXPECT_NE(finished.exit_code, 0);
  EXPECT_THAT(finished.error_output, HasSubstr("re-configuration failed due to not enough started members"));
  Await({"get", "machinestatus", "-n", control_}, "true");
}

TEST_F(RunningMachines, ResetForcedOfAWorkerLeavesItsObjects) {
  EXPECT_EQ(lab_->Order("boot-from", "cdrom worker").exit_code, 0);
  Output({"reset", "--graceful=false", "--reboot", "--wait", "--timeout", "30s", "-n", worker_});
  Await({"get", "machinestatus", "--insecure", "-n", worker_}, "maintenance");
  if (FindProgram("kubectl").ok()) {
    EXPECT_OK(lab_->AwaitClient({"kubectl", "get", "node", "worker"}, "NotReady"));
  }
}

TEST_F(RunningMachines, UpgradeAndRollback) {
  const auto upgrade = [&](const char* version) {
    return Output({"upgrade", "--image", absl::StrCat("ghcr.io/siderolabs/installer:", version), "--wait", "--timeout",
                   "60s", "-n", worker_});
  };
  upgrade("v1.9.5");
  EXPECT_THAT(Output({"version", "--short", "-n", worker_}), HasSubstr("v1.9.5"));
  Output({"rollback", "-n", worker_});
  Await({"version", "-n", worker_}, "Tag:         v1.9.4\n\tSHA:         c863a561");
  // talosctl takes it for a success: the machine is ready and has another boot id.
  EXPECT_EQ(lab_->Order("fault", "lab:upgrade-rolls-back=worker").exit_code, 0);
  upgrade("v1.9.5");
  EXPECT_THAT(Output({"version", "-n", worker_}), Not(HasSubstr("v1.9.5")));
}

TEST_F(RunningMachines, ApplyConfigToARunningMachine) {
  const std::string path = (lab_->folder() / "config/worker.yaml").string();
  ASSERT_OK_AND_ASSIGN(const std::string config, ReadFile(path));
  const std::string changed = (lab_->folder() / "changed.yaml").string();
  const auto apply = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"apply-config", "-n", worker_, "-f", changed});
    return Talosctl(arguments);
  };
  ASSERT_OK(WriteFileAtomically(changed, config));
  EXPECT_THAT(apply({"--dry-run"}).error_output, HasSubstr("No changes."));
  ASSERT_OK(WriteFileAtomically(changed,
                                absl::StrReplaceAll(config, {{"diskQuotaSupport: true", "diskQuotaSupport: false"}})));
  const Finished immediate = apply({"--mode", "no-reboot"});
  EXPECT_NE(immediate.exit_code, 0);
  EXPECT_THAT(immediate.error_output, HasSubstr("this config change can't be applied in immediate mode"));
  const std::string before = BootId(worker_);
  EXPECT_THAT(apply({}).error_output, HasSubstr("Applied configuration with a reboot"));
  Await({"get", "machinestatus", "-n", worker_}, "running");
  EXPECT_NE(BootId(worker_), before);
  EXPECT_THAT(Output({"get", "mc", "-o", "yaml", "-n", worker_}), HasSubstr("diskQuotaSupport: false"));

  ASSERT_OK(
      WriteFileAtomically(changed, absl::StrReplaceAll(config, {{"diskQuotaSupport: true", "diskQuotaSupport: false"},
                                                                {"clusterName: tales", "clusterName: tried"}})));
  EXPECT_THAT(apply({"--mode", "try", "--timeout", "1s"}).error_output,
              HasSubstr("will be automatically reverted back in 1s"));
  EXPECT_THAT(Output({"get", "mc", "-o", "yaml", "-n", worker_}), HasSubstr("clusterName: tried"));
  Await({"get", "mc", "-o", "yaml", "-n", worker_}, "clusterName: tales");
  ASSERT_OK(WriteFileAtomically(changed, absl::StrReplaceAll(config, {{"type: worker", "type: king"}})));
  EXPECT_THAT(apply({}).error_output, HasSubstr("unknown machine type \"king\""));
}

TEST_F(RunningMachines, EventsTellOfTheBoot) {
  const Finished events = lab_->RunClient({"timeout", "2", "talosctl", "events", "--tail", "-1", "-n", worker_});
  for (const char* expected : {"machine.SequenceEvent", "machine.PhaseEvent", "startAllServices",
                               "machine.ServiceStateEvent", "machine.MachineStatusEvent"})
    EXPECT_THAT(events.output, HasSubstr(expected));
}

class ThreeControlPlanes : public TalosctlFixture {
 protected:
  ThreeControlPlanes() : TalosctlFixture({"--control-planes", "3"}) {}
};

TEST_F(ThreeControlPlanes, OneLeavesAndComesBack) {
  const Finished health = Talosctl({"health", "--server=false", "--wait-timeout", "20s", "-n", control_});
  EXPECT_EQ(health.exit_code, 0) << health.error_output;
  const std::string third = lab_->Address("control-3");
  EXPECT_EQ(lab_->Order("boot-from", "cdrom control-3").exit_code, 0);
  Output({"reset", "--reboot", "--wait", "--timeout", "30s", "-n", third});
  EXPECT_THAT(Output({"etcd", "members", "-n", control_}), Not(HasSubstr("control-3")));
  Await({"get", "machinestatus", "--insecure", "-n", third}, "maintenance");
  Output({"apply-config", "--insecure", "-n", third, "-f", (lab_->folder() / "config/controlplane.yaml").string()});
  Await({"etcd", "members", "-n", control_}, "control-3");
  Await({"get", "machinestatus", "-n", third}, "true");
}

}  // namespace
}  // namespace tales::lab
