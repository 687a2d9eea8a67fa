// The faults of machines on their way up: each shows where it has to, and what a person would do next goes on from
// there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixtures/lab/fault_catalogue.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/lab/machine_life.h"

namespace tales::lab {
namespace {

using tales::testing::StatusIs;
using ::testing::HasSubstr;

TEST(LifeFaults, EachIsKnownToTheWorldAndNamedOnce) {
  for (const Fault& fault : LabLifeFaults()) {
    EXPECT_TRUE(IsTalosFault(fault.id)) << fault.id;
    EXPECT_TRUE(fault.must.empty()) << fault.id;
    TestWorld world(InitialState::kOff);
    EXPECT_OK(world->AddFault({"lab", fault.id, fault.default_target})) << fault.id;
    for (const Fault& other : LabFaults()) EXPECT_NE(other.id, fault.id);
  }
}

TEST_F(MachineLife, AnInstallationThatFailsCanBeTriedAgain) {
  ASSERT_OK(world_->AddFault({"lab", "install-fails", "control"}));
  world_.Pass(absl::Seconds(20));
  ASSERT_OK(Apply("control", Config(Role::kControlPlane)).status());
  world_.Pass(absl::Seconds(20));
  EXPECT_THAT(Sequences("control").back(), HasSubstr("exit code 1"));
  world_.Pass(absl::Seconds(40));
  EXPECT_EQ(DoorOf("control"), Door::kMaintenance);
  EXPECT_FALSE(world_.On("control", [](const Node& n) { return n.installed; }));
  ASSERT_OK(world_->RemoveFault({"lab", "install-fails", "control"}));
  ASSERT_OK(Apply("control", Config(Role::kControlPlane)).status());
  world_.Pass(absl::Minutes(1));
  EXPECT_EQ(DoorOf("control"), Door::kApid);
}

TEST_F(MachineLife, BootstrapIsRefusedThatManyTimes) {
  EXPECT_THAT(world_->AddFault({"lab", "bootstrap-refused", "control/often"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no number of times")));
  ASSERT_OK(world_->AddFault({"lab", "bootstrap-refused", "control/2"}));
  world_.Pass(absl::Seconds(20));
  ASSERT_OK(Apply("control", Config(Role::kControlPlane)).status());
  world_.Pass(absl::Minutes(1));
  for (int i = 0; i < 2; ++i)
    EXPECT_THAT(Bootstrap("control"),
                StatusIs(absl::StatusCode::kFailedPrecondition, "bootstrap is not available yet"));
  EXPECT_OK(Bootstrap("control"));
  world_.Pass(absl::Minutes(1));
  EXPECT_EQ(StageOf("control"), Stage::kRunning);
}

TEST_F(RunningLife, AMachineThatHangsInItsRestartNeedsItsSwitch) {
  ASSERT_OK(world_->AddFault({"lab", "never-returns", "worker"}));
  ASSERT_OK(Reboot("worker", false).status());
  world_.Pass(absl::Hours(1));
  EXPECT_TRUE(world_.On("worker", [](const Node& n) { return n.powered && !n.kernel; }));
  ASSERT_OK(Press("worker", &Machines::ResetButton));
  world_.Pass(absl::Minutes(1));
  EXPECT_EQ(StageOf("worker"), Stage::kRunning);
}

TEST_F(RunningLife, AnIsoThatWasLeftInHaltsTheBoot) {
  ASSERT_OK(world_->AddFault({"lab", "boot-halted", "worker"}));
  ASSERT_OK(Press("worker", &Machines::ResetButton));
  world_.Pass(absl::Hours(1));
  EXPECT_EQ(DoorOf("worker"), Door::kClosed);
  EXPECT_TRUE(world_.On("worker", [](const Node& n) { return n.kernel; }));
  ASSERT_OK(world_->RemoveFault({"lab", "boot-halted", "worker"}));
  ASSERT_OK(Press("worker", &Machines::ResetButton));
  world_.Pass(absl::Minutes(1));
  EXPECT_EQ(StageOf("worker"), Stage::kRunning);
}

TEST_F(RunningLife, SwitchesThatDoNothing) {
  ASSERT_OK(world_->AddFault({"lab", "acpi-ignored", "worker"}));
  ASSERT_OK(Press("worker", &Machines::AcpiShutdown));
  world_.Pass(absl::Hours(1));
  EXPECT_EQ(StageOf("worker"), Stage::kRunning);
  ASSERT_OK(Press("worker", &Machines::PowerOff));
  ASSERT_OK(world_->AddFault({"lab", "stays-off", "worker"}));
  ASSERT_OK(Press("worker", &Machines::PowerOn));
  world_.Pass(absl::Hours(1));
  EXPECT_FALSE(world_.On("worker", [](const Node& n) { return n.powered; }));
  ASSERT_OK(world_->RemoveFault({"lab", "stays-off", "worker"}));
  ASSERT_OK(Press("worker", &Machines::PowerOn));
  world_.Pass(absl::Minutes(1));
  EXPECT_EQ(StageOf("worker"), Stage::kRunning);
}

TEST_F(RunningLife, ANetworkPluginThatFailsLeavesTheNodeNotReady) {
  const auto ready = [&] { return world_.On("worker", [](const Node& n) { return n.node_ready; }); };
  EXPECT_TRUE(ready());
  ASSERT_OK(world_->AddFault({"lab", "network-plugin-fails", "worker"}));
  EXPECT_FALSE(ready());
  ASSERT_OK(world_->RemoveFault({"lab", "network-plugin-fails", "worker"}));
  EXPECT_TRUE(ready());
}

}  // namespace
}  // namespace tales::lab
