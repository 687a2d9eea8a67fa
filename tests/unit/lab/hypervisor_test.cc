#include "fixtures/lab/hypervisor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixtures/lab/resources.h"
#include "nlohmann/json.hpp"
#include "tests/support/status_matchers.h"
#include "tests/unit/lab/worlds.h"

namespace tales::lab {
namespace {

using Json = nlohmann::json;
using tales::testing::StatusIs;
using ::testing::HasSubstr;

class HypervisorTest : public ::testing::Test {
 protected:
  explicit HypervisorTest(InitialState state = InitialState::kOff) : world_(state), host_(*world_) {}
  absl::Status Do(std::string_view order) { return host_.Obey(order).status(); }
  Json Machine(const std::string& node) {
    const absl::StatusOr<std::string> answer = host_.Obey("machine " + node);
    return answer.ok() ? Json::parse(*answer) : Json(std::string(answer.status().message()));
  }
  Door DoorOf(const std::string& node) {
    return world_.On(node, [](const Node& n) { return n.door; });
  }
  TestWorld world_;
  Hypervisor host_;
};

TEST_F(HypervisorTest, MachinesThatAreOffWaitWithTheIsoIn) {
  EXPECT_EQ(Machine("worker"), Json({{"exists", true},
                                     {"ours", true},
                                     {"power", "off"},
                                     {"bootSource", "cdrom"},
                                     {"medium", true},
                                     {"disks", Json::object()},
                                     {"settings", Machine("worker")["settings"]}}));
  EXPECT_EQ(Machine("worker")["settings"]["disk"]["bus"], "virtio-scsi");
  EXPECT_OK(Do("power on worker"));
  world_.Pass(absl::Seconds(20));
  EXPECT_EQ(DoorOf("worker"), Door::kMaintenance);
  EXPECT_EQ(DoorOf("control"), Door::kClosed);
  EXPECT_EQ(Machine("worker")["power"], "on");
  EXPECT_OK(Do("power shutdown worker"));
  world_.Pass(absl::Minutes(1));
  EXPECT_EQ(Machine("worker")["power"], "off");
}

TEST_F(HypervisorTest, WithoutTheIsoThereIsNothingToBoot) {
  EXPECT_OK(Do("eject worker"));
  EXPECT_OK(Do("power on worker"));
  world_.Pass(absl::Hours(1));
  EXPECT_FALSE(world_.On("worker", [](const Node& n) { return n.kernel; }));
  EXPECT_OK(Do("boot-from cdrom worker"));
  EXPECT_OK(Do("power reset worker"));
  world_.Pass(absl::Seconds(20));
  EXPECT_EQ(DoorOf("worker"), Door::kMaintenance);
}

TEST_F(HypervisorTest, DisksComeAndGo) {
  EXPECT_OK(Do("add-disk worker data 1073741824"));
  EXPECT_OK(Do("add-disk worker data 7"));
  EXPECT_EQ(Machine("worker")["disks"], Json({{"data", 1073741824}})) << "the first one is kept";
  EXPECT_OK(Do("delete-disk worker data"));
  EXPECT_EQ(Machine("worker")["disks"], Json::object());
  EXPECT_THAT(Do("add-disk worker data big"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no size")));
}

TEST_F(HypervisorTest, OrdersThatCannotBe) {
  for (const char* order : {"", "power", "power on", "power on worker now", "paint worker", "machine"})
    EXPECT_THAT(Do(order), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("they are power on|off"))) << order;
  EXPECT_THAT(Do("power up worker"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is no switch")));
  EXPECT_THAT(Do("boot-from net worker"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("disk, cdrom")));
  EXPECT_THAT(Do("power on nobody"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("no node nobody")));
  EXPECT_THAT(Do("machine nobody"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("no node nobody")));
}

TEST_F(HypervisorTest, WhatIsNotOursIsLeftAlone) {
  ASSERT_OK(world_->AddFault({"lab", "foreign-machine", "worker"}));
  for (const char* order : {"power on worker", "delete worker", "create worker", "boot-from disk worker"})
    EXPECT_THAT(Do(order), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("our mark"))) << order;
  EXPECT_EQ(Machine("worker")["ours"], false);
  EXPECT_EQ(Machine("control")["ours"], true);
}

TEST_F(HypervisorTest, AHostThatDoesNotAnswer) {
  ASSERT_OK(world_->AddFault({"lab", "host-unreachable", ""}));
  for (const char* order : {"power on worker", "machine control"})
    EXPECT_THAT(Do(order), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("does not answer"))) << order;
}

class NoMachines : public HypervisorTest {
 protected:
  NoMachines() : HypervisorTest(InitialState::kAbsent) {}
};

TEST_F(NoMachines, AreCreatedAndDeleted) {
  EXPECT_EQ(Machine("worker")["exists"], false);
  EXPECT_EQ(Machine("worker")["ours"], false);
  EXPECT_THAT(Do("power on worker"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("no virtual machine worker")));
  EXPECT_OK(Do("create worker"));
  EXPECT_EQ(Machine("worker")["power"], "off");
  EXPECT_OK(Do("boot-from disk worker"));
  EXPECT_OK(Do("power on worker"));
  world_.Pass(absl::Seconds(20));
  EXPECT_EQ(DoorOf("worker"), Door::kMaintenance) << "the disk is empty, so the ISO's turn comes";
  EXPECT_OK(Do("create worker")) << "again";
  EXPECT_EQ(Machine("worker")["bootSource"], "disk");
  EXPECT_EQ(DoorOf("worker"), Door::kMaintenance);
  EXPECT_OK(Do("delete worker"));
  EXPECT_EQ(Machine("worker")["exists"], false);
  EXPECT_EQ(DoorOf("worker"), Door::kClosed);
  EXPECT_OK(Do("delete worker")) << "again";
}

}  // namespace
}  // namespace tales::lab
