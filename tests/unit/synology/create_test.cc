// Making a machine, and every way in which that is cut off half-way: no machine is left that nobody knows of, none is
// made twice, none that is not ours is touched.
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/unit/synology/host_harness.h"

namespace tales::synology::testing {
namespace {

using ::tales::testing::IsOk;
using ::tales::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using CreateTest = HostTest;

TEST_F(CreateTest, MakesItAsDeclaredMarksItAndSaysWhatIsLeftForAPerson) {
  const std::string text = Text(host_->Create(node_, Soon()));
  ASSERT_NE(guest(), nullptr);
  EXPECT_EQ(guest()->cpus, 2);
  EXPECT_EQ(guest()->memory_mb, 4096);
  EXPECT_EQ(guest()->autorun, 1);
  EXPECT_EQ(guest()->disks.at(0).size_mb, 102400);
  EXPECT_EQ(guest()->network_id, "net-1");
  EXPECT_EQ(guest()->mac, MacAddress("homelab", "control"));
  EXPECT_THAT(guest()->description, HasSubstr("[tales homelab/control "));
  EXPECT_EQ(guest()->status, "shutdown");
  // In the words of the settings table, one action a line; what is right already is not asked for.
  EXPECT_EQ(
      text,
      "in DSM open Virtual Machine Manager > Virtual Machine, select \"homelab-control\" (it has to be off), then "
      "Action > Edit:\n"
      "General > Machine type: Q35\n"
      "General > Video card: vmvga\n"
      "Others > Firmware: Legacy BIOS\n"
      "Others > ISO file for bootup: talos-1.9.4-metal-amd64\n"
      "Others > Boot from: DVD/CDROM");
  ASSERT_OK_AND_ASSIGN(const MachineStatus status, host_->Status(node_, Soon()));
  EXPECT_TRUE(status.ours);
  EXPECT_EQ(status.power, PowerState::kOff);
}

TEST_F(CreateTest, ASecondCallChangesNothing) {
  Made();
  const int sets = dsm_.Count(kSet);
  Start();
  Made();
  EXPECT_EQ(dsm_.Count(kCreate), 1);
  EXPECT_EQ(dsm_.Count(kSet), sets);
  EXPECT_EQ(dsm_.guests(), 1u);
}

TEST_F(CreateTest, WhatDiffersIsSet) {
  Made();
  guest()->cpus = 1;
  guest()->autorun = 0;
  Start();
  Made();
  EXPECT_EQ(guest()->cpus, 2);
  EXPECT_EQ(guest()->autorun, 1);
}

TEST_F(CreateTest, CpuAndMemoryAreNotForAMachineThatIsOn) {
  Made();
  guest()->status = "running";
  guest()->autorun = 0;
  EXPECT_THAT(host_->Create(node_, Soon()), IsOk());
  EXPECT_EQ(guest()->autorun, 1);
  guest()->memory_mb = 1024;
  const int sets = dsm_.Count(kSet);
  EXPECT_THAT(host_->Create(node_, Soon()), StatusIs(absl::StatusCode::kFailedPrecondition,
                                                     HasSubstr("only while it is off, and it is \"running\"")));
  EXPECT_EQ(dsm_.Count(kSet), sets);
}

TEST_F(CreateTest, ASetThatFailsAfterCreateLeavesNoOrphan) {
  // The mark is set, the rest is not: as somebody saw it, 401 for no reason.
  dsm_.Next(kSet, {.code = 401});
  const auto failed = host_->Create(node_, Soon());
  ASSERT_NE(guest(), nullptr);
  EXPECT_THAT(failed, StatusIs(absl::StatusCode::kInvalidArgument,
                               AllOf(HasSubstr("\"homelab-control\""), HasSubstr(guest()->id), HasSubstr("ours"),
                                     HasSubstr("401"))));
  EXPECT_EQ(guest()->description, "");
  Start();
  ASSERT_OK_AND_ASSIGN(const MachineStatus status, host_->Status(node_, Soon()));
  EXPECT_TRUE(status.ours);
  Made();
  EXPECT_EQ(dsm_.Count(kCreate), 1);
  EXPECT_EQ(guest()->cpus, 2);
  EXPECT_THAT(guest()->description, HasSubstr("[tales homelab/control "));
}

TEST_F(CreateTest, NorDoesASecondSet) {
  for (int i = 0; i < 1; ++i) {
    Made();
    guest()->cpus = 1;
    dsm_.Next(kSet, {.code = 401});
    EXPECT_THAT(host_->Create(node_, Soon()),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("the next run goes on")));
  }
  EXPECT_THAT(guest()->description, HasSubstr("[tales"));
  Made();
  EXPECT_EQ(guest()->cpus, 2);
}

TEST_F(CreateTest, AnOrphanOfOursCanBeDeleted) {
  dsm_.Next(kSet, {.code = 402});
  EXPECT_FALSE(host_->Create(node_, Soon()).ok());
  Start();
  EXPECT_THAT(host_->Delete(node_, Soon()), IsOk());
  EXPECT_EQ(dsm_.guests(), 0u);
}

TEST_F(CreateTest, ASetThatIsSilentlyIgnoredIsNoticed) {
  dsm_.drops_settings = true;
  EXPECT_THAT(host_->Create(node_, Soon()), StatusIs(absl::StatusCode::kUnknown, HasSubstr("took our mark")));
  dsm_.drops_settings = false;
  Made();
  dsm_.drops_settings = true;
  guest()->cpus = 7;
  EXPECT_THAT(host_->Create(node_, Soon()), StatusIs(absl::StatusCode::kUnknown, HasSubstr("shows 7 CPUs")));
}

TEST_F(CreateTest, ALostReplyOfSetIsLookedUpAndNotSentAgain) {
  dsm_.Next(kSet, {.kind = Trouble::kDoneAndDrop});
  dsm_.Next(kSet, {.kind = Trouble::kDoneAndDrop});
  EXPECT_THAT(host_->Create(node_, Soon()), IsOk());
  EXPECT_EQ(dsm_.Count(kSet), 2);
  EXPECT_EQ(guest()->memory_mb, 4096);
}

TEST_F(CreateTest, ALostReplyOfCreateIsFoundByItsMacAddressAndNotSentAgain) {
  dsm_.polls_until_done = 0;
  dsm_.Next(kCreate, {.kind = Trouble::kDoneAndDrop});
  EXPECT_THAT(host_->Create(node_, Soon()), IsOk());
  EXPECT_EQ(dsm_.Count(kCreate), 1);
  EXPECT_EQ(dsm_.guests(), 1u);
  EXPECT_EQ(guest()->cpus, 2);
}

TEST_F(CreateTest, OneThatAppearsLaterIsAdoptedByTheNextRun) {
  dsm_.Next(kCreate, {.kind = Trouble::kDoneAndDrop});  // and VMM takes its time
  EXPECT_THAT(host_->Create(node_, Soon()),
              StatusIs(absl::StatusCode::kUnavailable,
                       AllOf(HasSubstr("asked for once"), HasSubstr(MacAddress("homelab", "control")))));
  dsm_.Add({.name = "homelab-control",
            .storage_id = "st-1",
            .mac = absl::AsciiStrToUpper(MacAddress("homelab", "control")),
            .network_id = "net-1",
            .disks = {{.id = "d", .size_mb = 102400}}});
  Start();
  Made();
  EXPECT_EQ(dsm_.Count(kCreate), 1);
  EXPECT_EQ(guest()->cpus, 2);
}

TEST_F(CreateTest, OneThatNeverWasIsAskedForByTheNextRun) {
  dsm_.Next(kCreate, {.kind = Trouble::kDrop});
  EXPECT_THAT(host_->Create(node_, Soon()), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("not there up to now")));
  EXPECT_EQ(dsm_.Count(kCreate), 1);
  Start();
  Made();
  EXPECT_EQ(dsm_.guests(), 1u);
}

TEST_F(CreateTest, KilledWhileVmmWorksTheNextRunWaitsForThatTask) {
  dsm_.polls_until_done = 1'000'000;
  EXPECT_THAT(host_->Create(node_, Deadline::After(absl::Seconds(2))),
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("the next run goes on")));
  Start();
  EXPECT_EQ(dsm_.guests(), 0u);
  EXPECT_THAT(host_->Create(node_, Deadline::After(absl::Seconds(2))),
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("% done")));
  EXPECT_EQ(dsm_.Count(kCreate), 1);
}

TEST_F(CreateTest, ATaskThatVanishesIsNoHarm) {
  dsm_.tasks_vanish = true;
  Made();
  EXPECT_EQ(dsm_.guests(), 1u);
  EXPECT_EQ(guest()->cpus, 2);
}

TEST_F(CreateTest, ATaskThatEndsInNothingIsNamed) {
  dsm_.creates_nothing = true;
  EXPECT_THAT(host_->Create(node_, Soon()), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("and it is not there")));
  dsm_.creates_nothing = false;
  Start();
  Made();
  EXPECT_EQ(dsm_.guests(), 1u);
}

// As many machines as calls: each is cut off at another one.
TEST_F(CreateTest, CutOffAtAnyCallTheNextRunEndsInOneMachineThatIsOurs) {
  for (const bool done : {false, true}) {
    int calls = 1;
    for (int cut = 0; cut < calls; ++cut) {
      SCOPED_TRACE(absl::StrCat("cut at call ", cut, done ? ", which was carried out" : ""));
      dsm_.CutFrom(cut, done);
      EXPECT_FALSE(host_->Create(node_, Deadline::After(absl::Milliseconds(300))).ok());
      dsm_.Uncut();
      dsm_.FinishTasks();
      Start();
      ASSERT_THAT(host_->Create(node_, Soon()), IsOk());
      ASSERT_EQ(dsm_.guests(), 1u);
      EXPECT_EQ(guest()->cpus, 2);
      EXPECT_EQ(guest()->memory_mb, 4096);
      EXPECT_THAT(guest()->description, HasSubstr("[tales homelab/control "));
      ASSERT_THAT(host_->Delete(node_, Soon()), IsOk());
      if (cut > 0) continue;
      dsm_.CutFrom(1'000'000, false);
      ASSERT_THAT(host_->Create(node_, Soon()), IsOk());
      calls = dsm_.Uncut();
      EXPECT_GT(calls, 8);
      ASSERT_THAT(host_->Delete(node_, Soon()), IsOk());
    }
  }
}

TEST_F(CreateTest, ASlowTaskWithALostSessionInTheMiddle) {
  dsm_.polls_until_done = 6;
  dsm_.Next(kTaskGet, {.code = 119});
  dsm_.Next(kTaskGet, {.kind = Trouble::kTruncated});
  dsm_.Next(kTaskGet, {.code = 106});
  Made();
  EXPECT_EQ(dsm_.guests(), 1u);
}

TEST_F(CreateTest, ARefusedCreateLeavesNothingBehind) {
  dsm_.Next(kCreate, {.code = 404});
  EXPECT_THAT(host_->Create(node_, Soon()),
              StatusIs(absl::StatusCode::kResourceExhausted, AllOf(HasSubstr("homelab-control"), HasSubstr("LUN"))));
  Start();
  EXPECT_EQ(State(), PowerState::kAbsent);
  Made();
}

TEST_F(CreateTest, ANameThatIsTakenIsNotTouched) {
  dsm_.Add({.name = "homelab-control", .description = "my mail server", .mac = "02:11:32:aa:aa:aa"});
  const int sets = dsm_.Count(kSet);
  EXPECT_THAT(host_->Create(node_, Soon()), StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("not ours")));
  EXPECT_EQ(dsm_.Count(kSet), sets);
  EXPECT_EQ(dsm_.Count(kCreate), 0);
  EXPECT_EQ(guest()->description, "my mail server");
}

TEST_F(CreateTest, NorOneThatAppearsUnderOurNameWhileWeAsk) {
  dsm_.Next(kCreate, {.kind = Trouble::kDrop});
  EXPECT_FALSE(host_->Create(node_, Soon()).ok());
  dsm_.Add({.name = "homelab-control", .mac = "02:11:32:aa:aa:aa"});
  Start();
  EXPECT_THAT(host_->Create(node_, Soon()),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("neither our mark nor the MAC address")));
  EXPECT_THAT(host_->Delete(node_, Soon()), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("not ours")));
  EXPECT_EQ(dsm_.guests(), 1u);
}

TEST_F(CreateTest, AMarkOfAnotherInstallationIsNotOurs) {
  Made();
  std::filesystem::remove(folder_->path() / "synology-machines.json");
  Start();
  EXPECT_THAT(host_->Create(node_, Soon()),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("does not carry our mark")));
  ASSERT_OK_AND_ASSIGN(const MachineStatus status, host_->Status(node_, Soon()));
  EXPECT_FALSE(status.ours);
}

TEST_F(CreateTest, TakingTheMarkOutProtectsAMachine) {
  Made();
  guest()->description = "mine now";
  Start();
  EXPECT_THAT(host_->Create(node_, Soon()), StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("our mark is gone")));
  EXPECT_THAT(host_->PowerOn(node_, Soon()), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("not touched")));
  EXPECT_THAT(host_->Delete(node_, Soon()), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("not ours")));
}

TEST_F(CreateTest, ACopyOfOursIsNotOurs) {
  Made();
  FakeGuest copy = *guest();
  guest()->name = "old";
  copy.id = "guest-copy";
  dsm_.Add(copy);
  EXPECT_THAT(host_->Delete(node_, Soon()), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("a copy?")));
}

TEST_F(CreateTest, ARecordThatCannotBeReadStopsEverything) {
  Made();
  const std::filesystem::path file = folder_->path() / "synology-machines.json";
  for (const char* text : {"{", "[]", "{\"cluster\": \"other\", \"id\": \"x\"}", "{\"cluster\": \"homelab\"}",
                           "{\"cluster\": \"homelab\", \"id\": \"x\", \"machines\": {\"control\": 1}}"}) {
    ASSERT_THAT(WriteFileAtomically(file, text), IsOk());
    EXPECT_THAT(SynologyHost::Make(cluster_, {.state_folder = folder_->path()}),
                StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(file.string())))
        << text;
  }
}

TEST_F(CreateTest, StorageAndNetworkAreThoseThatAreNamed) {
  dsm_.storages.push_back({{"storage_id", "st-2"}, {"storage_name", "second"}, {"status", "online"}});
  EXPECT_THAT(host_->Create(node_, Soon()), StatusIs(absl::StatusCode::kFailedPrecondition,
                                                     AllOf(HasSubstr("`synology.storage`"), HasSubstr("second"))));
  cluster_.synology->storage = "second";
  cluster_.vm->network = "nowhere";
  Start();
  EXPECT_THAT(host_->Create(node_, Soon()), StatusIs(absl::StatusCode::kFailedPrecondition,
                                                     AllOf(HasSubstr("\"nowhere\""), HasSubstr("Default VM Network"))));
  cluster_.vm->network = "Default VM Network";
  Start();
  Made();
  EXPECT_EQ(guest()->storage_id, "st-2");
  EXPECT_EQ(dsm_.Count(kCreate), 1);
  dsm_.storages[1]["status"] = "crashed";
  ASSERT_THAT(host_->Delete(node_, Soon()), IsOk());
  EXPECT_THAT(host_->Create(node_, Soon()), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("\"crashed\"")));
}

TEST_F(CreateTest, AnImageThatIsMissingIsRegisteredOrAskedFor) {
  dsm_.images.clear();
  EXPECT_THAT(Text(host_->Create(node_, Soon())),
              HasSubstr("Virtual Machine Manager > Image > ISO file and add talos-1.9.4-metal-amd64.iso under the name "
                        "\"talos-1.9.4-metal-amd64\"\n"));
  cluster_.synology->iso_path = "/iso/talos.iso";
  Start();
  dsm_.Next("SYNO.Virtualization.API.Guest.Image/create", {.code = 1001});
  EXPECT_THAT(Text(host_->Create(node_, Soon())), HasSubstr("add /iso/talos.iso under the name"));
  dsm_.Next("SYNO.Virtualization.API.Guest.Image/create", {.code = 906});
  EXPECT_THAT(host_->Create(node_, Soon()),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("registering /iso/talos.iso")));
  EXPECT_THAT(Text(host_->Create(node_, Soon())), Not(HasSubstr("> Image")));
  EXPECT_EQ(dsm_.images.size(), 1u);
  EXPECT_EQ(dsm_.images[0]["image_name"], "talos-1.9.4-metal-amd64");
}

TEST_F(CreateTest, WithInternalReadsNothingIsAskedForThatIsRightAlready) {
  cluster_.synology->internal_reads = true;
  Start();
  EXPECT_EQ(
      Text(host_->Create(node_, Soon())),
      "in DSM open Virtual Machine Manager > Virtual Machine, select \"homelab-control\" (it has to be off), then "
      "Action > Edit:\n"
      "General > Machine type: Q35   (now pc)\n"
      "Others > ISO file for bootup: talos-1.9.4-metal-amd64\n"
      "Others > Boot from: DVD/CDROM");
  guest()->machine_type = "q35";
  guest()->iso_images[0] = "img-1";
  guest()->boot_from = "iso";
  EXPECT_EQ(Text(host_->Create(node_, Soon())), "");
  // Once started, what it boots from is for BootFrom to say.
  ASSERT_THAT(host_->PowerOn(node_, Soon()), IsOk());
  guest()->boot_from = "disk";
  guest()->iso_images[0] = "unmounted";
  Start();
  EXPECT_EQ(Text(host_->Create(node_, Soon())), "");
}

TEST_F(CreateTest, WhatIsNotDeclaredCannotBeMade) {
  cluster_.vm->memory.clear();
  Start();
  EXPECT_THAT(host_->Create(node_, Soon()), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("vm.memory")));
  cluster_.vm.reset();
  Start();
  EXPECT_THAT(host_->Create(node_, Soon()), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no `vm`")));
  EXPECT_TRUE(dsm_.calls().empty());
  cluster_.synology.reset();
  EXPECT_THAT(SynologyHost::Make(cluster_, {.state_folder = folder_->path()}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("`synology`")));
}

}  // namespace
}  // namespace tales::synology::testing
