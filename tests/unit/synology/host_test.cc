// What may be done to a machine that is there.
#include "absl/strings/str_cat.h"
#include "tests/unit/synology/host_harness.h"

namespace tales::synology::testing {
namespace {

using ::tales::testing::IsOk;
using ::tales::testing::IsOkAndHolds;
using ::tales::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

TEST_F(HostTest, AMachineThatIsNotThereIsAState) {
  EXPECT_EQ(State(), PowerState::kAbsent);
  for (const auto& result :
       {host_->PowerOn(node_, Soon()), host_->Shutdown(node_, Soon()), host_->PowerOff(node_, Soon()),
        host_->Reset(node_, Soon()), host_->BootFrom(node_, BootSource::kDisk, Soon()),
        host_->AddDisk(node_, "d", 1 << 30, Soon()), host_->DeleteDisk(node_, "d", Soon())}) {
    EXPECT_THAT(result, StatusIs(absl::StatusCode::kNotFound, HasSubstr("homelab-control")));
  }
  EXPECT_THAT(host_->Settings(node_, Soon()), StatusIs(absl::StatusCode::kNotFound, HasSubstr("homelab-control")));
  EXPECT_EQ(Text(host_->Delete(node_, Soon())), "");
}

TEST_F(HostTest, NothingIsDoneToAMachineThatIsNotOurs) {
  dsm_.Add({.name = "homelab-control", .status = "running"});
  for (const auto& result :
       {host_->PowerOn(node_, Soon()), host_->Shutdown(node_, Soon()), host_->PowerOff(node_, Soon()),
        host_->Reset(node_, Soon()), host_->BootFrom(node_, BootSource::kDisk, Soon()),
        host_->AddDisk(node_, "d", 1 << 30, Soon()), host_->DeleteDisk(node_, "d", Soon()),
        host_->Delete(node_, Soon())}) {
    EXPECT_THAT(result, StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("not touched")));
  }
  for (const SeenCall& call : dsm_.calls()) {
    EXPECT_TRUE(call.name == kList || call.name.rfind("SYNO.API.", 0) == 0) << call.name;
  }
}

TEST_F(HostTest, OnOffAndTheWayBetween) {
  Made();
  ASSERT_THAT(host_->PowerOn(node_, Soon()), IsOk());
  EXPECT_EQ(guest()->status, "booting");
  EXPECT_THAT(host_->PowerOn(node_, Soon()), IsOk());  // on its way
  EXPECT_EQ(State(), PowerState::kOn);
  EXPECT_THAT(host_->PowerOn(node_, Soon()), IsOk());  // there
  EXPECT_EQ(dsm_.Count(kPowerOn), 1);
  dsm_.looks_until_changed = 2;
  ASSERT_THAT(host_->Shutdown(node_, Soon()), IsOk());
  EXPECT_EQ(State(), PowerState::kChanging);
  EXPECT_EQ(State(), PowerState::kOff);
  EXPECT_THAT(host_->Shutdown(node_, Soon()), IsOk());
  EXPECT_EQ(dsm_.Count(kShutdown), 1);
  ASSERT_THAT(host_->PowerOn(node_, Soon()), IsOk());
  ASSERT_THAT(host_->PowerOff(node_, Soon()), IsOk());
  EXPECT_EQ(State(), PowerState::kOff);
  EXPECT_THAT(host_->PowerOff(node_, Soon()), IsOk());
  EXPECT_EQ(dsm_.Count(kPowerOff), 1);
}

TEST_F(HostTest, PullingThePlugOfOneThatDoesNotShutDown) {
  Made();
  dsm_.obeys_shutdown = false;
  guest()->status = "running";
  ASSERT_THAT(host_->Shutdown(node_, Soon()), IsOk());
  EXPECT_EQ(State(), PowerState::kChanging);
  ASSERT_THAT(host_->PowerOff(node_, Soon()), IsOk());
  EXPECT_EQ(State(), PowerState::kOff);
  guest()->status = "crashed";
  EXPECT_EQ(State(), PowerState::kTrouble);
  ASSERT_THAT(host_->PowerOff(node_, Soon()), IsOk());
}

TEST_F(HostTest, StatesInWhichNothingCanBeDone) {
  Made();
  for (const char* status : {"creating", "moving", "stor_migrating", "preparing", "importing", "shutting_down"}) {
    guest()->status = status;
    EXPECT_THAT(host_->PowerOn(node_, Soon()), StatusIs(absl::StatusCode::kUnavailable, HasSubstr(status)));
  }
  for (const char* status : {"inaccessible", "unknown", "undefined", "ha_standby", "crashed"}) {
    guest()->status = status;
    EXPECT_THAT(host_->PowerOn(node_, Soon()), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(status)));
    EXPECT_THAT(host_->Shutdown(node_, Soon()), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(status)));
  }
  EXPECT_EQ(dsm_.Count(kPowerOn) + dsm_.Count(kShutdown), 0);
}

TEST_F(HostTest, ALostReplyOfPowerIsLookedUpAndNotSentAgain) {
  Made();
  dsm_.Next(kPowerOn, {.kind = Trouble::kDoneAndHang});
  EXPECT_THAT(host_->PowerOn(node_, Soon()), IsOk());
  EXPECT_EQ(dsm_.Count(kPowerOn), 1);
  EXPECT_EQ(State(), PowerState::kOn);
  dsm_.Next(kPowerOff, {.kind = Trouble::kDrop});
  EXPECT_THAT(host_->PowerOff(node_, Soon()),
              StatusIs(absl::StatusCode::kUnavailable, AllOf(HasSubstr("still \"running\""), HasSubstr("sent once"))));
  EXPECT_EQ(dsm_.Count(kPowerOff), 1);
  dsm_.Next(kShutdown, {.code = 109});
  EXPECT_THAT(host_->Shutdown(node_, Soon()), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("busy")));
  EXPECT_EQ(dsm_.Count(kShutdown), 1);
}

TEST_F(HostTest, WhatCameTrueMeanwhileIsNoError) {
  Made();
  dsm_.Next(kPowerOn, {.code = 904});
  EXPECT_THAT(host_->PowerOn(node_, Soon()), IsOk());
  guest()->status = "running";
  dsm_.Next(kShutdown, {.code = 907});
  EXPECT_THAT(host_->Shutdown(node_, Soon()), IsOk());
}

TEST_F(HostTest, TooLittleMemorySaysHowMuchThereIs) {
  Made();
  dsm_.Next(kPowerOn, {.code = 903});
  EXPECT_THAT(host_->PowerOn(node_, Soon()),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       AllOf(HasSubstr("too little free memory"), HasSubstr("3 threads and 2048 MB on nas"))));
}

TEST_F(HostTest, ASessionThatIsLostInFrontOfAnActionIsNoTrouble) {
  Made();
  dsm_.ForgetSessions();
  EXPECT_THAT(host_->PowerOn(node_, Soon()), IsOk());
  dsm_.Next(kPowerOff, {.code = 119});
  EXPECT_THAT(host_->PowerOff(node_, Soon()), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("not carried out")));
  EXPECT_THAT(host_->PowerOff(node_, Soon()), IsOk());
}

TEST_F(HostTest, ResetAndBootSourceAreForAPerson) {
  Made();
  EXPECT_THAT(Text(host_->Reset(node_, Soon())), AllOf(HasSubstr("\"homelab-control\""), HasSubstr("\nreset it")));
  EXPECT_THAT(Text(host_->BootFrom(node_, BootSource::kDisk, Soon())),
              HasSubstr("\nOthers > Boot from: Virtual Hard Drive"));
  EXPECT_THAT(Text(host_->BootFrom(node_, BootSource::kCdrom, Soon())), HasSubstr("\nOthers > Boot from: DVD/CDROM"));
  ASSERT_OK_AND_ASSIGN(const MachineStatus blind, host_->Status(node_, Soon()));
  EXPECT_EQ(blind.boot_source, std::nullopt);
  // Waited for and read back, where it can be.
  cluster_.synology->internal_reads = true;
  Start();
  guest()->boot_from = "iso";
  EXPECT_THAT(Text(host_->BootFrom(node_, BootSource::kDisk, Soon())), HasSubstr("Virtual Hard Drive"));
  guest()->boot_from = "disk";
  EXPECT_EQ(Text(host_->BootFrom(node_, BootSource::kDisk, Soon())), "");
  ASSERT_OK_AND_ASSIGN(const MachineStatus seeing, host_->Status(node_, Soon()));
  EXPECT_EQ(seeing.boot_source, BootSource::kDisk);
}

TEST_F(HostTest, DisksAreForAPersonAndReadBack) {
  Made();
  EXPECT_THAT(Text(host_->AddDisk(node_, "data", int64_t{20} << 30, Soon())),
              AllOf(HasSubstr("Storage > Add"), HasSubstr("20 GB"), HasSubstr("\"data\"")));
  guest()->disks.push_back({.id = "d-wrong", .size_mb = 5 << 10});
  EXPECT_THAT(Text(host_->AddDisk(node_, "data", int64_t{20} << 30, Soon())), HasSubstr("20 GB"));
  guest()->disks.push_back({.id = "d-data", .size_mb = 20 << 10});
  EXPECT_EQ(Text(host_->AddDisk(node_, "data", int64_t{20} << 30, Soon())), "");
  const auto disks = host_->Disks(node_, Soon());
  ASSERT_OK(disks);
  ASSERT_EQ(disks->size(), 2u) << "the first one is its own";
  EXPECT_EQ((*disks)[0].name, "") << "nobody has named it";
  EXPECT_EQ((*disks)[1].name, "data");
  EXPECT_EQ((*disks)[1].bytes, int64_t{20} << 30);
  // A second one of that size is another one.
  EXPECT_THAT(Text(host_->AddDisk(node_, "more", int64_t{20} << 30, Soon())), HasSubstr("\"more\""));
  Start();
  EXPECT_EQ(Text(host_->AddDisk(node_, "data", int64_t{20} << 30, Soon())), "");
  EXPECT_EQ(Text(host_->DeleteDisk(node_, "unheard of", Soon())), "");
  EXPECT_THAT(Text(host_->DeleteDisk(node_, "data", Soon())),
              HasSubstr("Storage > Virtual Disk 3 (20 GB, \"data\"): delete it"));
  guest()->disks.pop_back();
  EXPECT_EQ(Text(host_->DeleteDisk(node_, "data", Soon())), "");
  EXPECT_THAT(host_->AddDisk(node_, "", 1 << 30, Soon()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("name")));
}

TEST_F(HostTest, ALossOfPowerIsForAPerson) {
  EXPECT_THAT(host_->LosePower({node_}, Soon()), StatusIs(absl::StatusCode::kNotFound, HasSubstr("homelab-control")));
  Made();
  EXPECT_THAT(Text(host_->LosePower({node_}, Soon())),
              AllOf(HasSubstr("Pull the power cord"), HasSubstr("Control Panel")));
}

TEST_F(HostTest, NoPictures) {
  EXPECT_THAT(host_->Screenshot(node_, folder_->path() / "x.png", Soon()),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("Connect")));
}

TEST_F(HostTest, DeletePullsThePlugAndWaitsUntilItIsGone) {
  Made();
  guest()->status = "running";
  dsm_.delete_needs_looks = true;
  ASSERT_THAT(host_->Delete(node_, Soon()), IsOk());
  EXPECT_EQ(dsm_.guests(), 0u);
  EXPECT_EQ(dsm_.Count(kPowerOff), 1);
  Start();
  EXPECT_THAT(host_->Delete(node_, Soon()), IsOk());
  EXPECT_EQ(dsm_.Count(kDelete), 1);
  Made();  // a new one may follow
}

TEST_F(HostTest, ALostReplyOfDeleteIsLookedUp) {
  Made();
  dsm_.Next(kDelete, {.kind = Trouble::kDoneAndDrop});
  EXPECT_THAT(host_->Delete(node_, Soon()), IsOk());
  EXPECT_EQ(dsm_.Count(kDelete), 1);
  Made();
  dsm_.Next(kDelete, {.kind = Trouble::kDrop});
  EXPECT_THAT(host_->Delete(node_, Soon()), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("still there")));
  dsm_.Next(kDelete, {.code = 402});
  EXPECT_THAT(host_->Delete(node_, Soon()), StatusIs(absl::StatusCode::kUnknown, HasSubstr("the operation failed")));
  EXPECT_THAT(host_->Delete(node_, Soon()), IsOk());
}

TEST_F(HostTest, AMachineThatIsStillBeingMadeIsWaitedForAndDeleted) {
  dsm_.polls_until_done = 1000;
  EXPECT_FALSE(host_->Create(node_, Deadline::After(absl::Seconds(1))).ok());
  dsm_.FinishTasks();
  Start();
  EXPECT_THAT(host_->Delete(node_, Soon()), IsOk());
  EXPECT_EQ(dsm_.guests(), 0u);
  EXPECT_EQ(State(), PowerState::kAbsent);
}

TEST_F(HostTest, SettingsAreReadBackInTheWordsOfTheClusterFile) {
  Made();
  ASSERT_OK_AND_ASSIGN(const std::vector<MachineSetting> rows, host_->Settings(node_, Soon()));
  std::map<std::string, std::pair<std::string, std::string>> found;
  for (const MachineSetting& row : rows) found[row.key] = {row.declared, row.found};
  using Row = std::pair<std::string, std::string>;
  EXPECT_EQ(found["memory"], Row("4GiB", "4GiB"));
  EXPECT_EQ(found["cpus"], Row("2", "2"));
  EXPECT_EQ(found["disk.size"], Row("100GB", "100GB"));
  EXPECT_EQ(found["disk.bus"], Row("virtio-scsi", "virtio-scsi"));
  EXPECT_EQ(found["disk.reclaim"], Row("false", "false"));
  EXPECT_EQ(found["network"], Row("Default VM Network", "Default VM Network"));
  EXPECT_EQ(found["autostart"], Row("last-state", "last-state"));
  EXPECT_EQ(found["machine"], Row("q35", ""));
  EXPECT_EQ(found["video"], Row("vmvga", ""));
  EXPECT_EQ(found["firmware"], Row("bios", ""));
  cluster_.synology->internal_reads = true;
  Start();
  guest()->use_ovmf = true;
  guest()->video_card = "cirrus";
  guest()->disks[0].controller = 3;
  guest()->disks[0].unmap = true;
  ASSERT_OK_AND_ASSIGN(const std::vector<MachineSetting> more, host_->Settings(node_, Soon()));
  for (const MachineSetting& row : more) found[row.key] = {row.declared, row.found};
  EXPECT_EQ(found["machine"], Row("q35", "pc"));
  EXPECT_EQ(found["video"], Row("vmvga", "cirrus"));
  EXPECT_EQ(found["firmware"], Row("bios", "uefi"));
  EXPECT_EQ(found["disk.bus"], Row("virtio-scsi", "sata"));
  EXPECT_EQ(found["disk.reclaim"], Row("false", "true"));
}

TEST_F(HostTest, WhereTheInternalInterfaceTellsNothingTheRowsAreNotTold) {
  cluster_.synology->internal_reads = true;
  Start();
  Made();
  const std::string call = "SYNO.Virtualization.Guest/get_setting";
  for (const Trouble& trouble :
       std::vector<Trouble>{{.code = 103}, {.code = 105}, {.code = 402}, {.kind = Trouble::kGarbage}}) {
    dsm_.Next(call, trouble);
    if (trouble.code == 105) dsm_.Next(call, trouble);
    ASSERT_OK_AND_ASSIGN(const std::vector<MachineSetting> rows, host_->Settings(node_, Soon()));
    EXPECT_EQ(rows.at(0).found, "");
  }
  dsm_.missing_apis = {"SYNO.Virtualization.Guest"};
  Start();
  const int before = dsm_.Count(call);
  EXPECT_THAT(host_->Settings(node_, Soon()), IsOk());
  EXPECT_EQ(dsm_.Count(call), before);
  // Never anything but reading.
  for (const SeenCall& seen : dsm_.calls()) {
    if (seen.name.rfind("SYNO.Virtualization.Guest", 0) == 0) {
      EXPECT_EQ(seen.name, call);
    }
  }
}

TEST_F(HostTest, NoSecretIsInWhatItKeepsOrSays) {
  Made();
  dsm_.Next(kPowerOn, {.kind = Trouble::kTruncated});
  const auto failed = host_->PowerOn(node_, Soon());
  std::string all(failed.status().message());
  for (const auto& entry : std::filesystem::directory_iterator(folder_->path())) {
    ASSERT_OK_AND_ASSIGN(const std::string text, ReadFile(entry.path()));
    all += text;
    EXPECT_EQ(std::filesystem::status(entry.path()).permissions() & std::filesystem::perms::others_read,
              std::filesystem::perms::none);
  }
  EXPECT_THAT(all, AllOf(::testing::Not(HasSubstr(FakeDsm::kPassword)), ::testing::Not(HasSubstr(dsm_.last_sid()))));
}

}  // namespace
}  // namespace tales::synology::testing
