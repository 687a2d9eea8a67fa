// A SynologyHost on the fake NAS, and what a new start of the program with the same state folder is.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fixtures/synology/synology_host.h"
#include "harness/base/file.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/synology/fake_dsm.h"

namespace tales::synology::testing {

inline constexpr char kCreate[] = "SYNO.Virtualization.API.Guest/create";
inline constexpr char kSet[] = "SYNO.Virtualization.API.Guest/set";
inline constexpr char kDelete[] = "SYNO.Virtualization.API.Guest/delete";
inline constexpr char kList[] = "SYNO.Virtualization.API.Guest/list";
inline constexpr char kTaskGet[] = "SYNO.Virtualization.API.Task.Info/get";
inline constexpr char kPowerOn[] = "SYNO.Virtualization.API.Guest.Action/poweron";
inline constexpr char kShutdown[] = "SYNO.Virtualization.API.Guest.Action/shutdown";
inline constexpr char kPowerOff[] = "SYNO.Virtualization.API.Guest.Action/poweroff";

inline Deadline Soon() { return Deadline::After(absl::Seconds(30)); }

class HostTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(TemporaryFolder folder, TemporaryFolder::Make("synology"));
    folder_.emplace(std::move(folder));
    cluster_.cluster = "homelab";
    cluster_.fixture = "synology";
    cluster_.talos.image = "talos-1.9.4-metal-amd64";
    cluster_.nodes = {node_};
    cluster_.vm = VmDefinition{.machine = "q35",
                               .video = "vmvga",
                               .firmware = "bios",
                               .network = "Default VM Network",
                               .autostart = "last-state",
                               .memory = "4GiB",
                               .cpus = 2,
                               .disk = {.size = "100GB", .bus = "virtio-scsi"}};
    cluster_.synology = dsm_.Definition();
    Start();
  }
  // Anew, as after a kill: nothing but the state folder is left of what was before.
  void Start() {
    host_.reset();
    auto host = SynologyHost::Make(
        cluster_, {.state_folder = folder_->path(),
                   .call_limit = call_limit_,
                   .busy_pause = absl::Milliseconds(5),
                   .polling = {.first_pause = absl::Milliseconds(2), .last_pause = absl::Milliseconds(10)},
                   .look_pause = absl::Milliseconds(5),
                   .look_for = absl::Milliseconds(100)});
    ASSERT_THAT(host, ::tales::testing::IsOk());
    host_ = *std::move(host);
  }
  std::string Text(const absl::StatusOr<ByHand>& by_hand) {
    EXPECT_THAT(by_hand, ::tales::testing::IsOk());
    return by_hand.ok() && by_hand->has_value() ? (*by_hand)->text : "";
  }
  PowerState State() {
    const auto status = host_->Status(node_, Soon());
    EXPECT_THAT(status, ::tales::testing::IsOk());
    return status.ok() ? status->power : PowerState::kUnknown;
  }
  FakeGuest* guest() { return dsm_.Find("homelab-control"); }
  // A machine that is there, ours and as declared as far as the public interface goes.
  void Made() { ASSERT_THAT(host_->Create(node_, Soon()), ::tales::testing::IsOk()); }

  const NodeDefinition node_{
      .name = "control", .role = Role::kControlPlane, .address = "10.0.1.50", .dial = "10.0.1.50"};
  absl::Duration call_limit_ = absl::Seconds(2);  // so long does a call that hangs take
  FakeDsm dsm_;
  ClusterDefinition cluster_;
  std::optional<TemporaryFolder> folder_;
  std::unique_ptr<SynologyHost> host_;
};

}  // namespace tales::synology::testing
