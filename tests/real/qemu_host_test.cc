// The host with real QEMU, and guests of one boot sector: who boots, what the machine is, and that it is found again.
#include <signal.h>

#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "fixtures/qemu/accelerator.h"
#include "fixtures/qemu/machine_process.h"
#include "fixtures/vm_settings_file.h"
#include "harness/base/subprocess.h"
#include "nlohmann/json.hpp"
#include "tests/real/qemu_guest.h"
#include "tests/support/status_matchers.h"

namespace tales::qemu {
namespace {

using ::tales::qemu::testing::BootSector;
using ::tales::qemu::testing::QemuHostTest;
using ::tales::qemu::testing::Soon;
using ::tales::testing::IsOkAndHolds;
using ::tales::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(QemuHostTest, AnEmptyDiskFallsThroughToTheCdAndAnInstalledOneWins) {
  EXPECT_THAT(Power(), IsOkAndHolds(PowerState::kAbsent));
  ASSERT_OK(Host().Create(Node(), Soon()));
  EXPECT_THAT(Power(), IsOkAndHolds(PowerState::kOff));
  ASSERT_OK(Host().PowerOn(Node(), Soon()));
  EXPECT_THAT(Power(), IsOkAndHolds(PowerState::kOn));
  EXPECT_TRUE(Says("booted from CD"));
  ASSERT_OK(Host().PowerOff(Node(), Soon()));
  EXPECT_THAT(Power(), IsOkAndHolds(PowerState::kOff));

  ASSERT_OK(WriteToDisk(BootSector("booted from disk")));
  ASSERT_OK(Host().PowerOn(Node(), Soon()));
  EXPECT_TRUE(Says("booted from disk"));
  // The boot source counts from the next reset, and for the power cycles after it.
  ASSERT_OK(Host().BootFrom(Node(), BootSource::kCdrom, Soon()));
  ASSERT_OK(Host().Reset(Node(), Soon()));
  EXPECT_TRUE(Says("booted from CD"));
  ASSERT_OK(Host().PowerOff(Node(), Soon()));
  ASSERT_OK(Host().PowerOn(Node(), Soon()));
  EXPECT_TRUE(Says("booted from CD"));
  ASSERT_OK(Host().BootFrom(Node(), BootSource::kDisk, Soon()));
  ASSERT_OK(Host().BootFrom(Node(), BootSource::kDisk, Soon()));
  ASSERT_OK(Host().Reset(Node(), Soon()));
  EXPECT_TRUE(Says("booted from disk"));
  ASSERT_OK_AND_ASSIGN(const MachineStatus status, Host().Status(Node(), Soon()));
  EXPECT_TRUE(status.ours);
  EXPECT_EQ(status.detail, "query-status: running");
  EXPECT_EQ(status.boot_source, BootSource::kDisk);

  ASSERT_OK(Host().Delete(Node(), Soon()));
  EXPECT_THAT(Power(), IsOkAndHolds(PowerState::kAbsent));
  EXPECT_THAT(Processes(), IsEmpty());
  EXPECT_OK(Host().Delete(Node(), Soon()));
}

TEST_F(QemuHostTest, SettingsAreReadBackFromWhatRuns) {
  struct Row {
    const char *machine, *video, *firmware, *memory, *size, *bus;
    int cpus;
    bool reclaim;
  };
  const bool has_ovmf = std::filesystem::exists("/usr/share/OVMF/OVMF_CODE_4M.fd");
  for (const Row& row : {Row{"q35", "vmvga", "bios", "512MiB", "100GB", "virtio-scsi", 2, false},
                         Row{"pc", "cirrus", "bios", "300MB", "10GiB", "ide", 1, true},
                         Row{"q35", "vga", has_ovmf ? "uefi" : "bios", "0.25GiB", "20GB", "sata", 3, false},
                         Row{"q35", "vmvga", "bios", "256MiB", "1TB", "virtio", 4, true},
                         Row{"pc", "vga", "bios", "256MiB", "1GiB", "virtio-scsi", 1, false}}) {
    SCOPED_TRACE(absl::StrCat(row.machine, " ", row.bus));
    cluster_.vm = VmDefinition{.machine = row.machine,
                               .video = row.video,
                               .firmware = row.firmware,
                               .network = "Default VM Network",
                               .autostart = "always",
                               .memory = row.memory,
                               .cpus = row.cpus,
                               .disk = {.size = row.size, .bus = row.bus, .reclaim = row.reclaim}};
    ASSERT_OK(Host().Create(Node(), Soon()));
    for (const bool on : {false, true}) {
      if (on) {
        ASSERT_OK(Host().PowerOn(Node(), Soon()));
      }
      ASSERT_OK_AND_ASSIGN(const std::vector<MachineSetting> settings, Host().Settings(Node(), Soon()));
      EXPECT_THAT(settings, SizeIs(10));
      for (const MachineSetting& setting : settings)
        EXPECT_EQ(setting.declared, setting.found) << setting.key << " " << on;
    }
    if (std::string_view(row.firmware) == "bios") {
      EXPECT_TRUE(Says("booted from CD"));
    }
    ASSERT_OK(Host().Delete(Node(), Soon()));
  }
}

TEST_F(QemuHostTest, WhatIsNotAsDeclaredIsSaid) {
  ASSERT_OK(Host().Create(Node(), Soon()));
  ASSERT_OK(Host().PowerOn(Node(), Soon()));
  cluster_.vm->memory = "1GiB";
  cluster_.vm->cpus = 4;
  cluster_.vm->video = "vga";
  cluster_.vm->disk.size = "200GB";
  ASSERT_OK_AND_ASSIGN(const std::vector<MachineSetting> settings, Host().Settings(Node(), Soon()));
  std::map<std::string, std::string> differs;
  for (const MachineSetting& setting : settings) {
    if (setting.declared != setting.found) differs[setting.key] = setting.found;
  }
  EXPECT_EQ(differs, (std::map<std::string, std::string>{
                         {"memory", "512MiB"}, {"cpus", "2"}, {"video", "vmvga"}, {"disk.size", "100GB"}}));
  // It is on: nothing of that can be changed now. Off, it can.
  EXPECT_THAT(Host().Create(Node(), Soon()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("only while it is off")));
  ASSERT_OK(Host().PowerOff(Node(), Soon()));
  ASSERT_OK(Host().Create(Node(), Soon()));
  ASSERT_OK(Host().PowerOn(Node(), Soon()));
  ASSERT_OK_AND_ASSIGN(const std::vector<MachineSetting> after, Host().Settings(Node(), Soon()));
  for (const MachineSetting& setting : after) EXPECT_EQ(setting.declared, setting.found) << setting.key;
  ASSERT_OK(Host().Create(Node(), Soon()));  // nothing differs: no objection to its being on
  ASSERT_OK(Host().PowerOff(Node(), Soon()));
  cluster_.vm->disk.size = "100GB";
  EXPECT_THAT(Host().Create(Node(), Soon()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("does not shrink")));
}

TEST_F(QemuHostTest, TheSettingsFileIsAsTheCheckReadsIt) {
  ASSERT_OK(Host().Create(Node(), Soon()));
  ASSERT_OK(Host().PowerOn(Node(), Soon()));
  QemuHost host = Host();
  ASSERT_OK(WriteVmSettings(host, cluster_.nodes, folder_->path() / "vm.json", Soon()));
  const auto all = nlohmann::json::parse(*ReadFile(folder_->path() / "vm.json"));
  EXPECT_FALSE(all.contains("worker"));  // it is not there
  const nlohmann::json vm = all["control"];
  EXPECT_EQ(vm, nlohmann::json::parse(R"({"machine": "q35", "video": "vmvga", "firmware": "bios", "memory": "512MiB",
    "cpus": 2, "disk": {"size": "100GB", "bus": "virtio-scsi", "reclaim": false}, "network": "Default VM Network",
    "autostart": "last-state", "bootOrder": ["disk", "cdrom"]})"));
}

TEST_F(QemuHostTest, DisksComeAndGoWhileItIsOnAndStayOverPowerCycles) {
  for (const char* bus : {"virtio-scsi", "virtio"}) {
    SCOPED_TRACE(bus);
    cluster_.vm->disk.bus = bus;
    ASSERT_OK(Host().Create(Node(), Soon()));
    ASSERT_OK(Host().PowerOn(Node(), Soon()));
    ASSERT_TRUE(Says("booted from CD"));
    ASSERT_OK(Host().AddDisk(Node(), "data", int64_t{5} << 30, Soon()));
    ASSERT_OK(Host().AddDisk(Node(), "data", int64_t{9} << 30, Soon()));  // is there: kept as it is
    ASSERT_OK(Host().AddDisk(Node(), "more", int64_t{1} << 30, Soon()));
    {
      ASSERT_OK_AND_ASSIGN(QmpClient client, QmpClient::Connect(Files().control_socket(), Soon()));
      ASSERT_OK_AND_ASSIGN(const Json blocks, client.Execute("query-block", Soon()));
      std::map<std::string, int64_t> sizes;
      for (const Json& block : blocks) {
        if (block.contains("inserted"))
          sizes[block["inserted"]["node-name"]] = block["inserted"]["image"]["virtual-size"];
      }
      EXPECT_EQ(sizes["image-data"], int64_t{5} << 30) << blocks.dump(1);
      EXPECT_EQ(sizes["image-more"], int64_t{1} << 30) << blocks.dump(1);
    }
    ASSERT_OK(Host().PowerOff(Node(), Soon()));
    ASSERT_OK(Host().Create(Node(), Soon()));  // keeps them
    ASSERT_OK(Host().PowerOn(Node(), Soon()));
    ASSERT_TRUE(Says("booted from CD"));
    ASSERT_OK_AND_ASSIGN(const StoredMachine stored, Host().store().Find("control"));
    EXPECT_THAT(stored.machine.disks, SizeIs(3));
    ASSERT_OK_AND_ASSIGN(const std::vector<MachineDisk> disks, Host().Disks(Node(), Soon()));
    EXPECT_THAT(disks, SizeIs(2)) << "without its own";
    if (std::string_view(bus) == "virtio-scsi") {  // a boot sector does not let go of a PCI card
      ASSERT_OK(Host().DeleteDisk(Node(), "data", Soon()));
      EXPECT_FALSE(std::filesystem::exists(Files().disk("data")));
      EXPECT_TRUE(std::filesystem::exists(Files().disk("more")));
    }
    ASSERT_OK(Host().PowerOff(Node(), Soon()));
    ASSERT_OK(Host().DeleteDisk(Node(), "data", Soon()));
    ASSERT_OK(Host().DeleteDisk(Node(), "data", Soon()));
    EXPECT_FALSE(std::filesystem::exists(Files().disk("data")));
    EXPECT_THAT(Host().DeleteDisk(Node(), "system", Soon()),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("own")));
    ASSERT_OK(Host().PowerOn(Node(), Soon()));
    EXPECT_TRUE(Says("booted from CD"));
    ASSERT_OK(Host().Delete(Node(), Soon()));
  }
  cluster_.vm->disk.bus = "sata";
  ASSERT_OK(Host().Create(Node(), Soon()));
  ASSERT_OK(Host().PowerOn(Node(), Soon()));
  EXPECT_THAT(
      Host().AddDisk(Node(), "data", 1 << 30, Soon()),
      StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("bus sata takes no disk while the machine is on")));
  ASSERT_OK(Host().PowerOff(Node(), Soon()));
  ASSERT_OK(Host().AddDisk(Node(), "data", 1 << 30, Soon()));
  ASSERT_OK(Host().PowerOn(Node(), Soon()));
  EXPECT_TRUE(Says("booted from CD"));
}

TEST_F(QemuHostTest, APictureOfTheScreen) {
  ASSERT_OK(Host().Create(Node(), Soon()));
  EXPECT_THAT(Host().Screenshot(Node(), folder_->path() / "screen.png", Soon()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("it is off")));
  ASSERT_OK(Host().PowerOn(Node(), Soon()));
  ASSERT_TRUE(Says("booted from CD"));
  ASSERT_OK(Host().Screenshot(Node(), folder_->path() / "screen.png", Soon()));
  ASSERT_OK_AND_ASSIGN(const std::string picture, ReadFile(folder_->path() / "screen.png"));
  EXPECT_THAT(picture, ::testing::StartsWith("\x89PNG\r\n"));
  EXPECT_GT(picture.size(), 500u);
}

TEST_F(QemuHostTest, WhatIsNotOursIsNeverTouched) {
  const std::filesystem::path place = Files().folder;
  std::filesystem::create_directories(place);
  std::ofstream(place / "precious") << "a file of somebody's";
  const auto refuse_all = [&](std::string_view why) {
    EXPECT_THAT(Host().Create(Node(), Soon()), StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr(why)));
    EXPECT_THAT(Host().PowerOn(Node(), Soon()), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr(why)));
    EXPECT_THAT(Host().PowerOff(Node(), Soon()), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr(why)));
    EXPECT_THAT(Host().AddDisk(Node(), "data", 1 << 20, Soon()),
                StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr(why)));
    EXPECT_THAT(Host().Delete(Node(), Soon()), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr(why)));
    EXPECT_THAT(Host().StartAll(Soon()).nodes, IsEmpty());
    ASSERT_OK_AND_ASSIGN(const MachineStatus status, Host().Status(Node(), Soon()));
    EXPECT_FALSE(status.ours);
    EXPECT_EQ(status.power, PowerState::kUnknown);
  };
  refuse_all("no machine.json");
  EXPECT_TRUE(std::filesystem::exists(place / "precious"));
  std::ofstream(place / "machine.json") << "{\"node\": \"control\"}";
  refuse_all("not a machine");
  std::filesystem::remove_all(place);

  ASSERT_OK(Host().Create(Node(), Soon()));
  ASSERT_OK(Host().PowerOn(Node(), Soon()));
  const std::vector<pid_t> running = Processes();
  // Another cluster of the same name, over the same folder.
  cluster_.authority = "sha256:" + std::string(64, 'b');
  ASSERT_OK(Host().Create(Node(), Soon()));  // had none when it was made: it has one now
  cluster_.authority = "sha256:" + std::string(64, 'c');
  refuse_all("it belongs to the cluster of authority sha256:bbb");
  cluster_.authority.clear();
  std::filesystem::rename(Files().folder.parent_path() / "mark.json", folder_->path() / "mark.json");
  refuse_all("its mark is");
  EXPECT_EQ(Processes(), running);
  std::filesystem::rename(folder_->path() / "mark.json", Files().folder.parent_path() / "mark.json");
}

TEST_F(QemuHostTest, ALossOfPowerAtTheHost) {
  ASSERT_OK(Host().Create(Node(0), Soon()));
  ASSERT_OK(Host().Create(Node(1), Soon()));
  ASSERT_OK(Host().PowerOn(Node(0), Soon()));
  ASSERT_TRUE(Says("booted from CD"));
  ASSERT_THAT(Processes(0), SizeIs(1));
  const pid_t before = Processes(0).front();
  ASSERT_OK(Host().LosePower(cluster_.nodes, Soon()));
  ASSERT_THAT(Processes(0), SizeIs(1));
  EXPECT_NE(Processes(0).front(), before);
  EXPECT_TRUE(Says("booted from CD"));
  EXPECT_THAT(Processes(1), IsEmpty()) << "it was off";
}

TEST_F(QemuHostTest, MachinesThatWereOnAreStartedAgain) {
  ASSERT_OK(Host().Create(Node(0), Soon()));
  ASSERT_OK(Host().Create(Node(1), Soon()));
  EXPECT_THAT(Host().StartAll(Soon()).nodes, IsEmpty());
  // Killed, as by a power cut; and ended by a signal, as when the host is shut down.
  for (const int signal : {SIGKILL, SIGTERM}) {
    ASSERT_OK(Host().PowerOn(Node(0), Soon()));
    EXPECT_THAT(Host().StartAll(Soon()).nodes, IsEmpty());
    ASSERT_THAT(Processes(0), SizeIs(1));
    kill(Processes(0).front(), signal);
    ASSERT_TRUE(GoesOff());
    ASSERT_OK_AND_ASSIGN(const MachineStatus status, Host().Status(Node(), Soon()));
    EXPECT_EQ(status.power, PowerState::kOff);
    EXPECT_EQ(status.detail, "QEMU was killed, or the host went down");
    const QemuHost::Started started = Host().StartAll(Soon());
    EXPECT_OK(started.status);
    EXPECT_THAT(started.nodes, ElementsAre("control"));
    EXPECT_TRUE(Says("booted from CD"));
  }
  // Off by our hand: stays off.
  ASSERT_OK(Host().PowerOff(Node(0), Soon()));
  EXPECT_THAT(Host().StartAll(Soon()).nodes, IsEmpty());
  cluster_.vm->autostart = "always";
  ASSERT_OK(Host().Create(Node(1), Soon()));
  EXPECT_THAT(Host().StartAll(Soon()).nodes, ElementsAre("worker"));
  cluster_.vm->autostart = "never";
  ASSERT_OK(Host().Create(Node(1), Soon()));  // a setting that can be changed while it is on
  kill(Processes(1).front(), SIGKILL);
  ASSERT_TRUE(GoesOff(absl::Seconds(5), 1));
  EXPECT_THAT(Host().StartAll(Soon()).nodes, IsEmpty());
}

TEST_F(QemuHostTest, AHangingQemuIsTroubleAndCanBeSwitchedOff) {
  ASSERT_OK(Host().Create(Node(), Soon()));
  ASSERT_OK(Host().PowerOn(Node(), Soon()));
  ASSERT_THAT(Processes(), SizeIs(1));
  kill(Processes().front(), SIGSTOP);
  ASSERT_OK_AND_ASSIGN(const MachineStatus status, Host().Status(Node(), Deadline::After(absl::Milliseconds(300))));
  EXPECT_EQ(status.power, PowerState::kTrouble);
  EXPECT_THAT(status.detail, HasSubstr("hangs"));
  EXPECT_THAT(Host().Shutdown(Node(), Deadline::After(absl::Milliseconds(300))),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("pressing the power button of machine control")));
  ASSERT_OK(Host().PowerOff(Node(), Soon()));
  EXPECT_THAT(Power(), IsOkAndHolds(PowerState::kOff));
  EXPECT_THAT(Processes(), IsEmpty());
  EXPECT_THAT(Host().StartAll(Soon()).nodes, IsEmpty());
}

TEST_F(QemuHostTest, AProcessIdThatIsSomebodyElsesNowIsLeftAlone) {
  ASSERT_OK(Host().Create(Node(), Soon()));
  ASSERT_OK(Host().PowerOn(Node(), Soon()));
  ASSERT_OK_AND_ASSIGN(const StoredMachine stored, Host().store().Find("control"));
  // The lock is held, and the pid file names a process that is not the machine.
  ASSERT_OK_AND_ASSIGN(Child other, Child::Start({.command = {.argv = {"sleep", "100"}}}));
  const std::string real = *ReadFile(Files().run()), pid_file = *ReadFile(Files().pid_file());
  const std::string pid = absl::StrCat("\"pid\": ", Processes().front());
  for (const std::string& odd :
       {absl::StrReplaceAll(real, {{pid, absl::StrCat("\"pid\": ", other.pid())}}),  // another process
        absl::StrReplaceAll(real, {{"\"startTime\": \"", "\"startTime\": \"1"}}), std::string("{")}) {
    ASSERT_NE(odd, real);
    std::ofstream(Files().run()) << odd;
    std::ofstream(Files().pid_file()) << other.pid();
    EXPECT_THAT(KillProcess(Files(), stored.machine.uuid, Soon()),
                StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("is not the machine")));
  }
  EXPECT_TRUE(other.running());
  EXPECT_THAT(Processes(), SizeIs(1));
  std::ofstream(Files().run()) << real;
  std::ofstream(Files().pid_file()) << pid_file;
  ASSERT_OK(Host().PowerOff(Node(), Soon()));
  // And after a boot of the host: nobody holds the lock, whatever the files say.
  std::ofstream(Files().pid_file()) << other.pid();
  EXPECT_THAT(Power(), IsOkAndHolds(PowerState::kOff));
  EXPECT_OK(Host().PowerOff(Node(), Soon()));
  EXPECT_TRUE(other.running());
}

TEST_F(QemuHostTest, WhyQemuDoesNotStartIsSaid) {
  cluster_.qemu->network = {.kind = "bridge", .name = "no-such-br", .group = "", .forward = {}};
  ASSERT_OK(Host().Create(Node(), Soon()));
  const absl::Time start = absl::Now();
  EXPECT_THAT(Host().PowerOn(Node(), Soon()), StatusIs(absl::StatusCode::kFailedPrecondition,
                                                       HasSubstr("starting machine control: QEMU ended at once: ")));
  EXPECT_LT(absl::Now() - start, absl::Seconds(10));
  EXPECT_THAT(Power(), IsOkAndHolds(PowerState::kOff));
  EXPECT_THAT(Host().StartAll(Soon()).nodes, IsEmpty());
}

TEST_F(QemuHostTest, TheAcceleratorThatIsChosenRunsGuests) {
  EXPECT_OK(RunsGuests("qemu-system-x86_64", kTcg, Soon()));
  const std::filesystem::path cache = folder_->path() / "accelerator.json";
  ASSERT_OK_AND_ASSIGN(const Choice choice, ChooseAccelerator("", "qemu-system-x86_64", cache, Soon()));
  std::cout << choice.accelerator.name << (choice.why.empty() ? "" : ", not KVM: ") << choice.why << std::endl;
  EXPECT_OK(RunsGuests("qemu-system-x86_64", choice.accelerator, Soon()));
  const absl::Time start = absl::Now();
  ASSERT_OK_AND_ASSIGN(const Choice again, ChooseAccelerator("", "qemu-system-x86_64", cache, Soon()));
  EXPECT_EQ(again.accelerator, choice.accelerator);
  EXPECT_EQ(again.why, choice.why);
  EXPECT_LT(absl::Now() - start, absl::Milliseconds(100));
  EXPECT_THAT(RunsGuests("qemu-system-x86_64", {"none", "max"}, Soon()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("none")));
}

TEST_F(QemuHostTest, WhatIsMissingIsNamedBeforeAnythingIsMade) {
  std::filesystem::remove(cluster_.qemu->iso);
  EXPECT_THAT(Host().Create(Node(), Soon()), StatusIs(absl::StatusCode::kNotFound, HasSubstr("boot.iso is not there")));
  EXPECT_THAT(Power(), IsOkAndHolds(PowerState::kAbsent));
  cluster_.qemu->iso.clear();
  EXPECT_THAT(Host().Create(Node(), Soon()), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("qemu.iso")));
  EXPECT_THAT(Host().PowerOn(Node(), Soon()), StatusIs(absl::StatusCode::kNotFound, HasSubstr("no such machine")));
}

}  // namespace
}  // namespace tales::qemu
