// The life of simulated machines: each test lets their time pass.
#include "tests/unit/lab/machine_life.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_replace.h"
#include "fixtures/lab/resources.h"
#include "tests/support/status_matchers.h"

namespace tales::lab {
namespace {

using tales::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

TEST_F(MachineLife, FromTheIsoToARunningCluster) {
  EXPECT_EQ(DoorOf("control"), Door::kClosed) << "the firmware takes its time";
  world_.Pass(absl::Seconds(20));
  EXPECT_EQ(DoorOf("control"), Door::kMaintenance);
  EXPECT_EQ(StageOf("control"), Stage::kMaintenance);
  EXPECT_THAT(File("control", "/proc/cmdline"), HasSubstr("talos.halt_if_installed=1"));

  EXPECT_OK(Apply("control", Config(Role::kControlPlane)).status());
  EXPECT_EQ(DoorOf("control"), Door::kClosed);
  world_.Pass(absl::Seconds(10));
  EXPECT_EQ(StageOf("control"), Stage::kInstalling);
  world_.Pass(absl::Minutes(1));
  EXPECT_EQ(DoorOf("control"), Door::kApid);
  EXPECT_EQ(StageOf("control"), Stage::kBooting) << "etcd waits for its bootstrap";
  EXPECT_EQ(File("control", "/proc/sys/kernel/bootloader_type"), "208\n") << "kexec";
  EXPECT_THAT(File("control", "/proc/cmdline"), AllOf(HasSubstr("vga=792"), Not(HasSubstr("BOOT_IMAGE"))));
  EXPECT_EQ(File("control", "/sys/class/graphics/fb0/virtual_size"), "") << "kexec passes no boot loader";
  EXPECT_EQ(File("control", "/system/state/config.yaml"), Config(Role::kControlPlane));
  EXPECT_THAT(Sequences("control"), ElementsAre("initialize", "install", "boot"));

  EXPECT_OK(Bootstrap("control"));
  EXPECT_THAT(Bootstrap("control"), StatusIs(absl::StatusCode::kAlreadyExists, "etcd data directory is not empty"));
  world_.Pass(absl::Seconds(20));
  EXPECT_EQ(StageOf("control"), Stage::kRunning);
  EXPECT_TRUE(world_.On("control", [](const Node& n) { return n.serves_kubernetes; }));

  EXPECT_OK(Apply("worker", Config(Role::kWorker)).status());
  world_.Pass(absl::Minutes(1));
  EXPECT_EQ(StageOf("worker"), Stage::kRunning);
  EXPECT_THAT(Members(), ElementsAre("control", "worker"));
}

TEST_F(MachineLife, AWorkerWaitsForAControlPlaneThatSigns) {
  world_.Pass(absl::Seconds(20));
  EXPECT_OK(Apply("worker", Config(Role::kWorker)).status());
  world_.Pass(absl::Minutes(5));
  EXPECT_EQ(DoorOf("worker"), Door::kClosed) << "no trustd, no certificate, no apid";
  EXPECT_OK(Apply("control", Config(Role::kControlPlane)).status());
  world_.Pass(absl::Minutes(1));
  EXPECT_EQ(DoorOf("worker"), Door::kApid);
}

TEST_F(MachineLife, BootstrapHasItsTime) {
  world_.Pass(absl::Seconds(20));
  EXPECT_OK(Apply("control", Config(Role::kControlPlane)).status());
  EXPECT_OK(Apply("worker", Config(Role::kWorker)).status());
  EXPECT_THAT(Bootstrap("control"), StatusIs(absl::StatusCode::kFailedPrecondition, "bootstrap is not available yet"));
  world_.Pass(absl::Minutes(2));
  EXPECT_THAT(Bootstrap("worker"), StatusIs(absl::StatusCode::kFailedPrecondition,
                                            "bootstrap can only be performed on a control plane node"));
  EXPECT_OK(world_->AddFault({"lab", "bootstrap-refused", "control"}));
  EXPECT_FALSE(Bootstrap("control").ok());
  EXPECT_OK(world_->RemoveFault({"lab", "bootstrap-refused", "control"}));
  EXPECT_OK(Bootstrap("control"));
}

TEST_F(MachineLife, MaintenanceRefusesWhatTalosRefuses) {
  world_.Pass(absl::Seconds(20));
  EXPECT_THAT(Apply("control", "").status(), StatusIs(absl::StatusCode::kUnknown, HasSubstr("config not found")));
  EXPECT_THAT(Apply("control", "a: [").status(), StatusIs(absl::StatusCode::kUnknown, HasSubstr("decode error")));
  EXPECT_THAT(Apply("control", Config(Role::kWorker), ApplyMode::kStaged).status(),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("--mode='staged'")));
  const std::string keyless = absl::StrReplaceAll(Config(Role::kWorker), {{"type: worker", "type: controlplane"}});
  EXPECT_THAT(Apply("control", keyless).status(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(StartsWith("configuration validation failed: 1 error occurred:\n\t* "),
                             HasSubstr("issuing CA key is required for controlplane nodes"))));
  ASSERT_OK_AND_ASSIGN(const ApplyOutcome dry, Apply("control", Config(Role::kWorker), ApplyMode::kAuto, true));
  EXPECT_THAT(dry.details, HasSubstr("does not have a config yet"));
  EXPECT_OK(world_->AddFault({"lab", "node-refuses-config", "control"}));
  EXPECT_THAT(Apply("control", Config(Role::kControlPlane)).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no disks matched")));
  EXPECT_EQ(DoorOf("control"), Door::kMaintenance);
}

TEST_F(MachineLife, AnInstallationThatFailsRestartsIntoMaintenance) {
  world_.Pass(absl::Seconds(20));
  const std::string elsewhere = absl::StrReplaceAll(Config(Role::kWorker), {{"/dev/sda", "/dev/nvme0n1"}});
  EXPECT_OK(Apply("worker", elsewhere).status());
  world_.Pass(absl::Seconds(20));
  EXPECT_THAT(Sequences("worker").back(), HasSubstr("lstat /dev/nvme0n1: no such file or directory"));
  EXPECT_EQ(StageOf("worker"), Stage::kRebooting);
  world_.Pass(absl::Seconds(40));
  EXPECT_EQ(DoorOf("worker"), Door::kMaintenance);
}

TEST_F(MachineLife, AnInstallationThatHangs) {
  EXPECT_OK(world_->AddFault({"lab", "install-hangs", "worker"}));
  world_.Pass(absl::Seconds(20));
  EXPECT_OK(Apply("worker", Config(Role::kWorker)).status());
  world_.Pass(absl::Hours(1));
  EXPECT_EQ(StageOf("worker"), Stage::kInstalling);
  EXPECT_EQ(DoorOf("worker"), Door::kClosed);
}

TEST_F(MachineLife, TheIsoHaltsWhereSomethingIsInstalled) {
  world_.Pass(absl::Seconds(20));
  EXPECT_OK(Apply("control", Config(Role::kControlPlane)).status());
  world_.Pass(absl::Minutes(1));
  EXPECT_OK(Press("control", &Machines::ResetButton));
  world_.Pass(absl::Minutes(10));
  EXPECT_EQ(DoorOf("control"), Door::kClosed);
  EXPECT_EQ(StageOf("control"), Stage::kBooting);
  EXPECT_OK(Do("control", [](Machines&, Machine& machine, absl::Time) {
    machine.boot_order = {"disk", "cdrom"};
    return absl::OkStatus();
  }));
  EXPECT_OK(Press("control", &Machines::ResetButton));
  world_.Pass(absl::Minutes(1));
  EXPECT_EQ(DoorOf("control"), Door::kApid);
  EXPECT_EQ(File("control", "/proc/sys/kernel/bootloader_type"), "114\n");
  EXPECT_EQ(File("control", "/sys/class/graphics/fb0/virtual_size"), "1024,768\n") << "a cold boot";
}

TEST_F(MachineLife, ADiskWithoutConfigurationBootsIntoMaintenance) {
  world_.Pass(absl::Seconds(20));
  EXPECT_OK(Apply("control", Config(Role::kControlPlane)).status());
  world_.Pass(absl::Minutes(1));
  ASSERT_OK(Reset("control", {.graceful = false, .reboot = true, .partitions = {"STATE", "EPHEMERAL"}}).status());
  world_.Pass(absl::Minutes(1));
  EXPECT_EQ(DoorOf("control"), Door::kMaintenance);
  EXPECT_OK(Apply("control", Config(Role::kControlPlane)).status());
  world_.Pass(absl::Minutes(1));
  EXPECT_EQ(DoorOf("control"), Door::kApid);
  EXPECT_THAT(Sequences("control"), ElementsAre("initialize", "install", "boot"));
}

// What follows begins with a cluster that runs.
TEST_F(RunningLife, RebootByKexecAndByPowerCycle) {
  const std::string first = File("worker", "/proc/sys/kernel/random/boot_id");
  EXPECT_EQ(File("worker", "/sys/class/graphics/fb0/virtual_size"), "1024,768\n");
  ASSERT_OK(Reboot("worker", false).status());
  EXPECT_EQ(StageOf("worker"), Stage::kRebooting);
  world_.Pass(absl::Minutes(1));
  EXPECT_EQ(StageOf("worker"), Stage::kRunning);
  const std::string second = File("worker", "/proc/sys/kernel/random/boot_id");
  EXPECT_NE(second, first);
  EXPECT_EQ(File("worker", "/proc/sys/kernel/bootloader_type"), "208\n");
  EXPECT_EQ(File("worker", "/sys/class/graphics/fb0/virtual_size"), "");
  ASSERT_OK(Reboot("worker", true).status());
  world_.Pass(absl::Minutes(1));
  EXPECT_NE(File("worker", "/proc/sys/kernel/random/boot_id"), second);
  EXPECT_EQ(File("worker", "/proc/sys/kernel/bootloader_type"), "114\n");
  EXPECT_EQ(File("worker", "/sys/class/graphics/fb0/virtual_size"), "1024,768\n");
}

TEST_F(RunningLife, EventsOfARequestCarryItsActor) {
  ASSERT_OK_AND_ASSIGN(const std::string actor, Reboot("worker", false));
  world_.Pass(absl::Seconds(1));
  std::vector<std::string> tasks;
  world_->ReadMachine("worker", [&](const Machine& machine) {
    for (uint64_t i = machine.events.begin(); i < machine.events.end(); ++i) {
      machine::TaskEvent event;
      const EventRecord& record = machine.events.at(i);
      if (record.type == "TaskEvent" && record.actor == actor && event.ParseFromString(record.payload) &&
          event.action() == machine::TaskEvent::START)
        tasks.push_back(event.task());
    }
    return 0;
  });
  EXPECT_THAT(tasks, ElementsAre("stopAllPods", "stopDBus"));
}

TEST_F(RunningLife, ASecondRequestIsLockedOut) {
  ASSERT_OK(Upgrade("worker", {.image = "ghcr.io/siderolabs/installer:v1.9.5"}).status());
  ASSERT_OK(Reboot("worker", false).status()) << "the request is taken; its sequence does not begin";
  EXPECT_THAT(Sequences("worker").back(), "sequence not started: locked");
  world_.Pass(absl::Minutes(2));
  EXPECT_EQ(Version("worker"), "v1.9.5");
}

TEST_F(RunningLife, ShutdownEndsInPowerOff) {
  ASSERT_OK(world_
                ->Change<std::string>("worker", [](Machines& all, Machine& machine,
                                                   absl::Time now) { return all.Shutdown(machine, false, now); })
                .status());
  EXPECT_EQ(StageOf("worker"), Stage::kShuttingDown);
  world_.Pass(absl::Minutes(1));
  EXPECT_FALSE(world_.On("worker", [](const Node& n) { return n.powered; }));
  EXPECT_THAT(Members(), ElementsAre("control", "worker")) << "discovery remembers it for a while";
  world_.Pass(absl::Minutes(31));
  EXPECT_THAT(Members(), ElementsAre("control"));
  EXPECT_OK(Press("worker", &Machines::PowerOn));
  world_.Pass(absl::Minutes(1));
  EXPECT_EQ(StageOf("worker"), Stage::kRunning);
  EXPECT_EQ(File("worker", "/proc/sys/kernel/bootloader_type"), "114\n");
  EXPECT_THAT(Members(), ElementsAre("control", "worker"));
}

TEST_F(RunningLife, TheOnlyControlPlaneCannotLeave) {
  ASSERT_OK(Reset("control", {}).status());
  world_.Pass(absl::Seconds(7));
  EXPECT_THAT(Sequences("control").back(), HasSubstr("re-configuration failed due to not enough started members"));
  EXPECT_EQ(StageOf("control"), Stage::kRebooting);
  world_.Pass(absl::Minutes(1));
  EXPECT_EQ(StageOf("control"), Stage::kRunning) << "the failure was fatal: it has restarted, nothing is lost";
  EXPECT_TRUE(world_.On("control", [](const Node& n) { return n.serves_kubernetes; }));
}

TEST_F(RunningLife, AForcedResetWipesAndIsRemembered) {
  ASSERT_OK(Reset("worker", {.graceful = false, .reboot = true}).status());
  EXPECT_EQ(StageOf("worker"), Stage::kResetting);
  world_.Pass(absl::Minutes(1));
  EXPECT_EQ(DoorOf("worker"), Door::kMaintenance) << "nothing on the disk: the ISO is next";
  EXPECT_THAT(Members(), ElementsAre("control", "worker"));
  world_.Pass(absl::Minutes(31));
  EXPECT_THAT(Members(), ElementsAre("control"));
  EXPECT_THAT(Reset("control", {.partitions = {"NOSUCH"}}).status(),
              StatusIs(absl::StatusCode::kUnknown, HasSubstr("failed to get volume status with label \"NOSUCH\"")));
}

TEST_F(RunningLife, UpgradeChangesVersionAndKernelArguments) {
  const std::string config = absl::StrReplaceAll(Config(Role::kWorker), {{"vga=792", "vga=795"}});
  ASSERT_OK_AND_ASSIGN(const ApplyOutcome applied, Apply("worker", config));
  EXPECT_EQ(applied.mode, ApplyMode::kNoReboot) << "install sections are taken without a reboot, and without effect";
  EXPECT_THAT(File("worker", "/proc/cmdline"), HasSubstr("vga=792"));
  ASSERT_OK(Upgrade("worker", {.image = "ghcr.io/siderolabs/installer:v1.9.5", .powercycle = true}).status());
  EXPECT_EQ(StageOf("worker"), Stage::kUpgrading);
  world_.Pass(absl::Minutes(2));
  EXPECT_EQ(Version("worker"), "v1.9.5");
  EXPECT_THAT(File("worker", "/proc/cmdline"), AllOf(HasSubstr("vga=795"), HasSubstr("BOOT_IMAGE=/B/")));
  EXPECT_EQ(File("worker", "/sys/class/graphics/fb0/virtual_size"), "1280,1024\n");
  ASSERT_OK(Do("worker", [](Machines& all, Machine& m, absl::Time now) { return all.Rollback(m, now); }));
  world_.Pass(absl::Minutes(1));
  EXPECT_EQ(Version("worker"), "v1.9.4");
}

TEST_F(RunningLife, AnUpgradeThatDoesNotComeUpIsTakenBack) {
  ASSERT_OK(world_->AddFault({"lab", "upgrade-rolls-back", "worker"}));
  const std::string before = File("worker", "/proc/sys/kernel/random/boot_id");
  ASSERT_OK(Upgrade("worker", {.image = "ghcr.io/siderolabs/installer:v1.9.5"}).status());
  world_.Pass(absl::Minutes(2));
  EXPECT_EQ(StageOf("worker"), Stage::kRunning);
  EXPECT_EQ(Version("worker"), "v1.9.4");
  EXPECT_NE(File("worker", "/proc/sys/kernel/random/boot_id"), before);
}

TEST_F(RunningLife, AnUpgradeThatCameUpIsNotTakenBackLater) {
  ASSERT_OK(Upgrade("control", {.image = "ghcr.io/siderolabs/installer:v1.9.5"}).status());
  world_.Pass(absl::Minutes(3));
  EXPECT_EQ(StageOf("control"), Stage::kRunning);
  ASSERT_OK(Reset("control", {.graceful = true}).status());  // fails, and the machine restarts
  world_.Pass(absl::Minutes(3));
  EXPECT_EQ(StageOf("control"), Stage::kRunning);
  EXPECT_EQ(Version("control"), "v1.9.5");
}

TEST_F(RunningLife, AStagedUpgradeInstallsAtTheNextBoot) {
  ASSERT_OK(Upgrade("worker", {.image = "ghcr.io/siderolabs/installer:v1.9.5", .stage = true}).status());
  world_.Pass(absl::Minutes(2));
  EXPECT_EQ(Version("worker"), "v1.9.5");
}

TEST_F(RunningLife, UpgradesThatAreRefused) {
  EXPECT_THAT(Upgrade("worker", {.image = "installer"}).status(),
              StatusIs(absl::StatusCode::kUnknown, HasSubstr("error validating installer image \"installer\"")));
  EXPECT_THAT(Do("worker", [](Machines& all, Machine& m, absl::Time now) { return all.Rollback(m, now); }),
              StatusIs(absl::StatusCode::kUnknown, HasSubstr("label does not exist")));
}

TEST_F(RunningLife, ApplyChoosesItsMode) {
  const std::string immediate =
      absl::StrReplaceAll(Config(Role::kWorker), {{"clusterName: tales", "clusterName: other"}});
  ASSERT_OK_AND_ASSIGN(const ApplyOutcome none, Apply("worker", Config(Role::kWorker), ApplyMode::kAuto, true));
  EXPECT_EQ(
      none.details,
      "Dry run summary:\nApplied configuration without a reboot (skipped in dry-run).\nConfig diff:\n\nNo changes.");
  ASSERT_OK_AND_ASSIGN(const ApplyOutcome dry, Apply("worker", immediate, ApplyMode::kAuto, true));
  EXPECT_THAT(dry.details, AllOf(HasSubstr("-    clusterName: tales\n+    clusterName: other\n"), HasSubstr("@@ -")));
  const std::string reboot = absl::StrReplaceAll(Config(Role::kWorker), {{"rbac: true", "rbac: false"}});
  EXPECT_THAT(
      Apply("worker", reboot, ApplyMode::kNoReboot).status(),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("this config change can't be applied in immediate mode")));
  EXPECT_EQ(File("worker", "/system/state/config.yaml"), Config(Role::kWorker));
  ASSERT_OK(Apply("worker", reboot, ApplyMode::kStaged).status());
  EXPECT_EQ(File("worker", "/system/state/config.yaml"), reboot);
  EXPECT_EQ(world_.On("worker", [](const Node& n) { return n.config->text; }), Config(Role::kWorker)) << "live";
  ASSERT_OK_AND_ASSIGN(const ApplyOutcome chosen, Apply("worker", reboot));
  EXPECT_EQ(chosen.mode, ApplyMode::kReboot);
  world_.Pass(absl::Minutes(1));
  EXPECT_EQ(world_.On("worker", [](const Node& n) { return n.config->text; }), reboot);
}

TEST_F(RunningLife, ATrialIsTakenBackByItself) {
  const auto live = [&] { return world_.On("worker", [](const Node& n) { return n.config->text; }); };
  const std::string tried = absl::StrReplaceAll(Config(Role::kWorker), {{"clusterName: tales", "clusterName: other"}});
  ASSERT_OK_AND_ASSIGN(const ApplyOutcome outcome, Apply("worker", tried, ApplyMode::kTry));
  EXPECT_THAT(outcome.details, HasSubstr("will be automatically reverted back in 1m0s"));
  EXPECT_EQ(live(), tried);
  EXPECT_EQ(File("worker", "/system/state/config.yaml"), Config(Role::kWorker));
  world_.Pass(absl::Minutes(2));
  EXPECT_EQ(live(), Config(Role::kWorker));
  // Any other apply, a dry run too, lets the trial stand until the next boot.
  ASSERT_OK(Apply("worker", tried, ApplyMode::kTry).status());
  ASSERT_OK(Apply("worker", tried, ApplyMode::kAuto, true).status());
  world_.Pass(absl::Minutes(2));
  EXPECT_EQ(live(), tried);
}

TEST_F(RunningLife, ABootThatForgetsItsConfiguration) {
  EXPECT_OK(world_->AddFault({"lab", "boot-forgets-config", "worker"}));
  world_.Pass(absl::Minutes(1));
  EXPECT_EQ(DoorOf("worker"), Door::kMaintenance);
  EXPECT_OK(world_->RemoveFault({"lab", "boot-forgets-config", "worker"}));
  world_.Pass(absl::Minutes(1));
  EXPECT_EQ(StageOf("worker"), Stage::kRunning);
}

TEST_F(RunningLife, FaultsOutliveAReboot) {
  EXPECT_OK(world_->AddFault({"lab", "service-stopped", "worker/kubelet"}));
  ASSERT_OK(Reboot("worker", true).status());
  world_.Pass(absl::Minutes(1));
  EXPECT_EQ(world_.On("worker", [](const Node& n) { return n.services.at("kubelet").state; }), "Finished");
}

class ThreeControlPlanes : public RunningLife {
 protected:
  ThreeControlPlanes() : RunningLife(Definition()) {}
  static ClusterDefinition Definition() {
    ClusterDefinition cluster = *DefaultCluster();
    SetControlPlaneCount(cluster, 3);
    return cluster;
  }
  size_t Voters(const std::string& node) {
    return world_.On(node, [](const Node& n) {
      return std::count_if(n.etcd.members.begin(), n.etcd.members.end(),
                           [](const EtcdMemberState& member) { return !member.learner; });
    });
  }
  bool Serves(const std::string& node) {
    return world_.On(node, [](const Node& n) { return n.serves_kubernetes; });
  }
};

TEST_F(ThreeControlPlanes, OneMayFailAndTwoMayNot) {
  for (const char* node : {"control", "control-2", "control-3"}) EXPECT_TRUE(Serves(node));
  EXPECT_OK(Press("control-3", &Machines::PowerOff));
  EXPECT_TRUE(Serves("control"));
  EXPECT_OK(Press("control-2", &Machines::PowerOff));
  EXPECT_FALSE(Serves("control"));
  EXPECT_EQ(world_.On("control", [](const Node& n) { return n.etcd.leader; }), 0u);
  EXPECT_OK(Press("control-2", &Machines::PowerOn));
  world_.Pass(absl::Minutes(1));
  EXPECT_TRUE(Serves("control"));
  EXPECT_TRUE(Serves("control-2"));
}

TEST_F(ThreeControlPlanes, LeavesAndJoins) {
  ASSERT_OK(Reset("control-3", {.graceful = true, .reboot = true}).status());
  world_.Pass(absl::Minutes(1));
  EXPECT_EQ(DoorOf("control-3"), Door::kMaintenance);
  EXPECT_EQ(Voters("control"), 2u);
  EXPECT_THAT(Members(), Not(::testing::Contains("control-3"))) << "it said goodbye";
  EXPECT_THAT(Upgrade("control", {.image = "installer:v1.9.5"}).status(),
              StatusIs(absl::StatusCode::kUnknown, HasSubstr("etcd member count(2) is insufficient")));
  ASSERT_OK(Apply("control-3", Config(Role::kControlPlane)).status());
  world_.Pass(absl::Minutes(2));
  EXPECT_EQ(Voters("control"), 3u);
  EXPECT_EQ(StageOf("control-3"), Stage::kRunning);
  EXPECT_TRUE(Serves("control-3"));
}

}  // namespace
}  // namespace tales::lab
