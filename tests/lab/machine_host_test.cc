// The lab's machines as bring-up handles them: by their host.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "fixtures/lab/default_cluster.h"
#include "fixtures/lab/lab_machine_host.h"
#include "harness/definition/cluster_file.h"
#include "tests/lab/running_lab.h"
#include "tests/support/status_matchers.h"

namespace tales::lab {
namespace {

using tales::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

class LabMachineHostTest : public ::testing::Test {
 protected:
  explicit LabMachineHostTest(std::string state = "off") : state_(std::move(state)) {}
  void SetUp() override {
    absl::StatusOr<RunningLab> lab = RunningLab::Start({"--state", state_});
    ASSERT_OK(lab);
    lab_ = std::make_unique<RunningLab>(*std::move(lab));
    absl::StatusOr<ClusterDefinition> definition = LoadClusterFile(lab_->folder() / "cluster.yaml");
    ASSERT_OK(definition);
    definition_ = *std::move(definition);
    host_ = std::make_unique<LabMachineHost>(lab_->folder(), definition_.vm);
  }
  static Deadline Soon() { return Deadline::After(absl::Seconds(20)); }
  const NodeDefinition& Node(std::string_view name) { return *definition_.FindNode(name); }
  PowerState Power(std::string_view name) {
    const absl::StatusOr<MachineStatus> status = host_->Status(Node(name), Soon());
    EXPECT_OK(status);
    return status.ok() ? status->power : PowerState::kUnknown;
  }
  absl::Status AwaitPower(std::string_view name, PowerState state) {
    const auto is = [&]() -> absl::Status {
      const PowerState found = Power(name);
      return found == state ? absl::OkStatus() : absl::UnavailableError(std::string(ToString(found)));
    };
    return RetryUntil(Soon(), absl::StrCat(name, " to be ", std::string(ToString(state))), absl::Milliseconds(20), is,
                      absl::IsUnavailable);
  }
  // Whether something answers at the machine's Talos port.
  bool Answers(std::string_view name) {
    return lab_->RunClient({"bash", "-c", absl::StrCat("exec 3<>/dev/tcp/", Node(name).address, "/50000")}).ok();
  }
  absl::Status AwaitTalos(std::string_view name) {
    const auto answers = [&]() -> absl::Status {
      return Answers(name) ? absl::OkStatus() : absl::UnavailableError("nobody listens");
    };
    return RetryUntil(Soon(), absl::StrCat("Talos on ", name), absl::Milliseconds(20), answers, absl::IsUnavailable);
  }

  const std::string state_;
  ClusterDefinition definition_;
  std::unique_ptr<RunningLab> lab_;
  std::unique_ptr<LabMachineHost> host_;
};

TEST_F(LabMachineHostTest, SwitchesAMachine) {
  ASSERT_OK_AND_ASSIGN(const MachineStatus off, host_->Status(Node("worker"), Soon()));
  EXPECT_EQ(off.power, PowerState::kOff);
  EXPECT_TRUE(off.ours);
  EXPECT_EQ(off.boot_source, BootSource::kCdrom);
  ASSERT_OK(host_->PowerOn(Node("worker"), Soon()));
  EXPECT_EQ(Power("worker"), PowerState::kOn);
  EXPECT_EQ(Power("control"), PowerState::kOff);
  EXPECT_OK(AwaitTalos("worker"));
  EXPECT_FALSE(Answers("control"));
  ASSERT_OK(host_->Reset(Node("worker"), Soon()));
  EXPECT_OK(AwaitTalos("worker"));
  ASSERT_OK(host_->Shutdown(Node("worker"), Soon()));
  EXPECT_OK(AwaitPower("worker", PowerState::kOff));
  // The file follows what machines do by themselves.
  const std::string nobody_is_on = absl::StrCat("! grep '\"power\": \"on\"' ", (lab_->folder() / "vm.json").string());
  EXPECT_OK(lab_->AwaitClient({"sh", "-c", nobody_is_on}, ""));
  ASSERT_OK(host_->PowerOn(Node("worker"), Soon()));
  ASSERT_OK(host_->PowerOff(Node("worker"), Soon()));
  EXPECT_EQ(Power("worker"), PowerState::kOff);
}

TEST_F(LabMachineHostTest, SettingsAndDisks) {
  ASSERT_OK_AND_ASSIGN(const std::vector<MachineSetting> settings, host_->Settings(Node("worker"), Soon()));
  EXPECT_EQ(settings.size(), 10u);
  for (const MachineSetting& setting : settings) EXPECT_EQ(setting.declared, setting.found) << setting.key;
  EXPECT_EQ(lab_->Order("fault", "lab:vm-setting=worker/video").exit_code, 0);
  ASSERT_OK_AND_ASSIGN(const std::vector<MachineSetting> changed, host_->Settings(Node("worker"), Soon()));
  EXPECT_EQ(changed[1].key, "video");
  EXPECT_EQ(changed[1].found, "vga");
  EXPECT_OK(host_->AddDisk(Node("worker"), "data", int64_t{10} << 30, Soon()));
  EXPECT_THAT(lab_->Order("machine", "worker").output, HasSubstr(R"("disks":{"data":10737418240})"));
  ASSERT_OK_AND_ASSIGN(const std::vector<MachineDisk> disks, host_->Disks(Node("worker"), Soon()));
  ASSERT_EQ(disks.size(), 1u);
  EXPECT_EQ(disks.front().name, "data");
  EXPECT_OK(host_->DeleteDisk(Node("worker"), "data", Soon()));
  EXPECT_THAT(lab_->Order("machine", "worker").output, HasSubstr(R"("disks":{})"));
  EXPECT_OK(host_->BootFrom(Node("worker"), BootSource::kDisk, Soon()));
  EXPECT_OK(host_->Eject(Node("worker"), Soon()));
  EXPECT_THAT(lab_->Order("machine", "worker").output,
              AllOf(HasSubstr(R"("bootSource":"disk")"), HasSubstr(R"("medium":false)")));
  EXPECT_THAT(host_->Screenshot(Node("worker"), lab_->folder() / "screen.png", Soon()),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("no screen")));
}

TEST_F(LabMachineHostTest, ALossOfPowerTakesAllAndLastStateBringsBack) {
  ASSERT_OK(host_->PowerOn(Node("worker"), Soon()));
  EXPECT_OK(AwaitTalos("worker"));
  ASSERT_OK_AND_ASSIGN(const ByHand hand, host_->LosePower(definition_.nodes, Soon()));
  EXPECT_FALSE(hand.has_value());
  EXPECT_EQ(Power("worker"), PowerState::kOn);
  EXPECT_EQ(Power("control"), PowerState::kOff);
  EXPECT_OK(AwaitTalos("worker"));
  EXPECT_EQ(lab_->Order("fault", "lab:foreign-machine=control").exit_code, 0);
  EXPECT_THAT(host_->LosePower(definition_.nodes, Soon()).status(),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("not ours")));
  EXPECT_EQ(Power("worker"), PowerState::kOn);
}

TEST_F(LabMachineHostTest, LeavesAloneWhatIsNotOurs) {
  EXPECT_EQ(lab_->Order("fault", "lab:foreign-machine=worker").exit_code, 0);
  ASSERT_OK_AND_ASSIGN(const MachineStatus status, host_->Status(Node("worker"), Soon()));
  EXPECT_FALSE(status.ours);
  EXPECT_THAT(host_->Create(Node("worker"), Soon()).status(),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("our mark")));
  EXPECT_THAT(host_->Delete(Node("worker"), Soon()).status(),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("our mark")));
  EXPECT_EQ(lab_->Order("heal", "lab:foreign-machine=worker").exit_code, 0);
  EXPECT_EQ(lab_->Order("fault", "lab:host-unreachable").exit_code, 0);
  EXPECT_THAT(host_->Status(Node("worker"), Soon()).status(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("does not answer")));
}

TEST(LabMachineHostAlone, SaysWhatIsMissing) {
  LabMachineHost host("/nonexistent", std::nullopt);
  EXPECT_THAT(host.Status(NodeDefinition{}, Deadline::After(absl::Seconds(5))).status(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("no lab serves from /nonexistent")));
}

class AbsentMachines : public LabMachineHostTest {
 protected:
  AbsentMachines() : LabMachineHostTest("absent") {}
};

TEST_F(AbsentMachines, AreCreatedOnceAndDeletedForGood) {
  EXPECT_EQ(Power("worker"), PowerState::kAbsent);
  for (int i = 0; i < 2; ++i) EXPECT_OK(host_->Create(Node("worker"), Soon()));
  EXPECT_EQ(Power("worker"), PowerState::kOff);
  EXPECT_EQ(Power("control"), PowerState::kAbsent);
  EXPECT_OK(host_->PowerOn(Node("worker"), Soon()));
  EXPECT_OK(AwaitTalos("worker"));
  for (int i = 0; i < 2; ++i) EXPECT_OK(host_->Delete(Node("worker"), Soon()));
  EXPECT_EQ(Power("worker"), PowerState::kAbsent);
  EXPECT_FALSE(Answers("worker"));
}

}  // namespace
}  // namespace tales::lab
