// The settings table in VMM's numbers and words.
#include "fixtures/synology/settings.h"

#include "fixtures/synology/machine_record.h"
#include "tests/support/status_matchers.h"

namespace tales::synology {
namespace {

using ::tales::testing::IsOkAndHolds;
using ::tales::testing::StatusIs;
using ::testing::HasSubstr;

TEST(SynologySettings, SizesAreAsVmmCounts) {
  EXPECT_THAT(SizeMb("100GB"), IsOkAndHolds(102400));
  EXPECT_THAT(SizeMb("100GiB"), IsOkAndHolds(102400));
  EXPECT_THAT(SizeMb("1TB"), IsOkAndHolds(1048576));
  EXPECT_THAT(SizeMb("1.5GiB"), IsOkAndHolds(1536));
  EXPECT_THAT(SizeMb("512MB"), IsOkAndHolds(512));
  for (const char* text : {"", "GB", "5", "0GB", "0.3MB", "1e9GB", "1.2.3GB", "5 GB", "5KB", "99999999999TB"}) {
    EXPECT_THAT(SizeMb(text), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no whole number of MB"))) << text;
  }
}

TEST(SynologySettings, APlanNamesWhatIsMissingOrNotToBeHad) {
  VmDefinition vm{.autostart = "always", .memory = "4GiB", .cpus = 2, .disk = {.size = "100GB"}};
  ASSERT_OK_AND_ASSIGN(const MachinePlan plan, PlanMachine(vm));
  EXPECT_EQ(plan.autorun, 2);
  EXPECT_EQ(plan.memory_mb, 4096);
  vm.disk.bus = "virtio";
  EXPECT_THAT(PlanMachine(vm), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("virtio-scsi, sata, ide")));
  vm.disk = {.size = "5GB"};
  EXPECT_THAT(PlanMachine(vm), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("below the 10 GB")));
  EXPECT_THAT(PlanMachine({}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("vm.cpus, vm.memory, vm.disk.size")));
}

TEST(SynologySettings, RowsInTheWordsOfVmmsPages) {
  EXPECT_EQ(RowInWords("machine", "q35"), "General > Machine type: Q35");
  EXPECT_EQ(RowInWords("video", "vmvga"), "General > Video card: vmvga");
  EXPECT_EQ(RowInWords("memory", "4GiB"), "General > Memory: 4 GB");
  EXPECT_EQ(RowInWords("cpus", "2"), "General > CPU(s): 2");
  EXPECT_EQ(RowInWords("disk.size", "100GB"), "Storage > Virtual Disk 1: 100 GB");
  EXPECT_EQ(RowInWords("disk.bus", "virtio-scsi"), "Storage > Virtual Disk 1 > Controller: VirtIO SCSI Controller");
  EXPECT_EQ(RowInWords("disk.reclaim", "false"), "Storage > Virtual Disk 1 > Space reclamation: off");
  EXPECT_EQ(RowInWords("network", "Default VM Network"), "Network > Network 1: Default VM Network");
  EXPECT_EQ(RowInWords("autostart", "last-state"), "Others > Autostart: Last State");
  EXPECT_EQ(RowInWords("autostart", "never"), "Others > Autostart: No");
  EXPECT_EQ(RowInWords("firmware", "bios"), "Others > Firmware: Legacy BIOS");
  EXPECT_EQ(RowInWords("firmware", "uefi"), "Others > Firmware: UEFI");
  EXPECT_EQ(BootSourceInWords(BootSource::kDisk), "Others > Boot from: Virtual Hard Drive");
}

TEST(SynologySettings, WhatTheNasDoesNotTellIsEmptyAndWhatItTellsOddlyToo) {
  const VmDefinition vm{
      .machine = "q35", .autostart = "never", .memory = "4GB", .disk = {.size = "100GB", .bus = "sata"}};
  Guest guest{.autorun = 9};
  for (const MachineSetting& row : ReadBack(vm, guest, std::nullopt)) EXPECT_EQ(row.found, "") << row.key;
  guest.memory_mb = 3000;
  guest.disks = {{.size_mb = 2048, .controller = 99}};
  for (const MachineSetting& row : ReadBack(vm, guest, GuestSetting{})) {
    if (row.key == "memory") {
      EXPECT_EQ(row.found, "3000MiB");
    }
    if (row.key == "disk.size") {
      EXPECT_EQ(row.found, "2GiB");
    }
    if (row.key == "disk.bus") {
      EXPECT_EQ(row.found, "");
    }
  }
  EXPECT_TRUE(ReadBack({}, guest, std::nullopt).empty());
  EXPECT_EQ(ReadBootSource(GuestSetting{.boot_from = "usb"}), std::nullopt);
}

TEST(SynologySettings, MacAddressesFollowFromTheNames) {
  EXPECT_EQ(MacAddress("homelab", "control"), MacAddress("homelab", "control"));
  EXPECT_NE(MacAddress("homelab", "control"), MacAddress("homelab", "worker"));
  EXPECT_NE(MacAddress("homelab", "control"), MacAddress("other", "control"));
  EXPECT_THAT(MacAddress("a", "b"),
              ::testing::MatchesRegex("02:11:32:[0-9a-f][0-9a-f]:[0-9a-f][0-9a-f]:[0-9a-f][0-9a-f]"));
}

}  // namespace
}  // namespace tales::synology
