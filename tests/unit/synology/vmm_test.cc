// Virtual Machine Manager's calls: what is sent, and what an answer becomes, hostile ones included.
#include "fixtures/synology/vmm.h"

#include "absl/strings/str_cat.h"
#include "fixtures/synology/dsm_errors.h"
#include "harness/base/file.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/synology/fake_dsm.h"

namespace tales::synology::testing {
namespace {

using ::tales::testing::IsOk;
using ::tales::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kTaskGet[] = "SYNO.Virtualization.API.Task.Info/get";

Deadline Soon() { return Deadline::After(absl::Seconds(30)); }

class VmmTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(TemporaryFolder folder, TemporaryFolder::Make("synology"));
    folder_.emplace(std::move(folder));
    ASSERT_OK_AND_ASSIGN(client_, DsmClient::Make({.synology = dsm_.Definition(),
                                                   .state_folder = folder_->path(),
                                                   .call_limit = absl::Seconds(2),
                                                   .busy_pause = absl::Milliseconds(5)}));
    vmm_.emplace(*client_, Vmm::Options{.first_pause = absl::Milliseconds(2), .last_pause = absl::Milliseconds(10)});
  }
  const GuestRequest request_{
      .name = "m", .storage_id = "st-1", .network_id = "net-1", .mac = "02:11:32:00:00:07", .disk_mb = 102400};

  FakeDsm dsm_;
  std::optional<TemporaryFolder> folder_;
  std::unique_ptr<DsmClient> client_;
  std::optional<Vmm> vmm_;
};

TEST(PowerStates, EveryStateOfVmmHasOneOfOurs) {
  for (const auto& [status, state] :
       std::vector<std::pair<std::string, PowerState>>{{"running", PowerState::kOn},
                                                       {"shutdown", PowerState::kOff},
                                                       {"saved", PowerState::kOff},
                                                       {"inaccessible", PowerState::kTrouble},
                                                       {"crashed", PowerState::kTrouble},
                                                       {"booting", PowerState::kChanging},
                                                       {"shutting_down", PowerState::kChanging},
                                                       {"moving", PowerState::kChanging},
                                                       {"stor_migrating", PowerState::kChanging},
                                                       {"creating", PowerState::kChanging},
                                                       {"importing", PowerState::kChanging},
                                                       {"preparing", PowerState::kChanging},
                                                       {"ha_standby", PowerState::kUnknown},
                                                       {"unknown", PowerState::kUnknown},
                                                       {"undefined", PowerState::kUnknown},
                                                       {"none", PowerState::kUnknown},
                                                       {"", PowerState::kUnknown},
                                                       {"levitating", PowerState::kUnknown}}) {
    EXPECT_EQ(ToPowerState(status), state) << status;
  }
}

TEST_F(VmmTest, CreatesWithTheParametersOfTheGuideAndWaitsForTheTask) {
  ASSERT_OK_AND_ASSIGN(const std::string id, vmm_->CreateGuest(request_, Soon()));
  const Form form = dsm_.calls().back().form;
  EXPECT_EQ(form.at("guest_name"), "m");
  EXPECT_EQ(form.at("auto_clean_task"), "false");
  EXPECT_EQ(Json::parse(form.at("vdisks")), Json::parse(R"([{"create_type":0,"vdisk_size":102400}])"));
  EXPECT_EQ(Json::parse(form.at("vnics")), Json::parse(R"([{"mac":"02:11:32:00:00:07","network_id":"net-1"}])"));
  EXPECT_EQ(form.count("vcpu_num") + form.count("vram_size") + form.count("description"), 0u);
  ASSERT_OK_AND_ASSIGN(const Task task, vmm_->Await(id, Soon()));
  EXPECT_TRUE(task.finished);
  ASSERT_OK_AND_ASSIGN(const std::optional<Guest> guest, vmm_->FindGuest("m", Soon()));
  ASSERT_TRUE(guest.has_value());
  EXPECT_EQ(guest->id, task.guest_id);
  EXPECT_EQ(guest->cpus, 1);
  EXPECT_EQ(guest->memory_mb, 1024);
  ASSERT_EQ(guest->disks.size(), 1u);
  EXPECT_EQ(guest->disks[0].size_mb, 102400);
  EXPECT_EQ(guest->disks[0].unmap, false);
  ASSERT_EQ(guest->cards.size(), 1u);
  EXPECT_EQ(guest->cards[0].mac, request_.mac);
  EXPECT_EQ(guest->cards[0].network_name, "Default VM Network");
  // It was cleared.
  EXPECT_THAT(vmm_->GetTask(id, Soon()), StatusIs(absl::StatusCode::kNotFound, HasSubstr("1000")));
}

TEST_F(VmmTest, ATaskThatVanishesIsNotFound) {
  dsm_.tasks_vanish = true;
  ASSERT_OK_AND_ASSIGN(const std::string id, vmm_->CreateGuest(request_, Soon()));
  EXPECT_THAT(vmm_->Await(id, Soon()), StatusIs(absl::StatusCode::kNotFound, HasSubstr("waiting for task")));
}

TEST_F(VmmTest, WaitingOutlivesTroubleOnTheWay) {
  ASSERT_OK_AND_ASSIGN(const std::string id, vmm_->CreateGuest(request_, Soon()));
  for (const Trouble& trouble : std::vector<Trouble>{{.kind = Trouble::kHang},
                                                     {.kind = Trouble::kGarbage},
                                                     {.kind = Trouble::kHttp, .code = 502},
                                                     {.code = 119}}) {
    dsm_.Next(kTaskGet, trouble);
  }
  EXPECT_THAT(vmm_->Await(id, Soon()), IsOk());
}

TEST_F(VmmTest, ASlowTaskEndsWithTheDeadlineAndSaysHowFarItIs) {
  dsm_.polls_until_done = 1'000'000;
  ASSERT_OK_AND_ASSIGN(const std::string id, vmm_->CreateGuest(request_, Soon()));
  EXPECT_THAT(vmm_->Await(id, Deadline::After(absl::Seconds(1))),
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("40% done")));
}

TEST_F(VmmTest, RefusalsOfCreateAreNamed) {
  GuestRequest request = request_;
  request.disk_mb = 100;
  EXPECT_THAT(vmm_->CreateGuest(request, Soon()), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("401")));
  dsm_.Add({.name = "m"});
  EXPECT_THAT(vmm_->CreateGuest(request_, Soon()),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("name is taken")));
  dsm_.Next("SYNO.Virtualization.API.Guest/create", {.code = 404});
  EXPECT_THAT(vmm_->CreateGuest(request_, Soon()), StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("LUN")));
}

TEST_F(VmmTest, SetSendsWhatChangesAndNoEmptyName) {
  FakeGuest& guest = dsm_.Add({.name = "m"});
  ASSERT_THAT(vmm_->SetGuest(guest.id, {.cpus = 4, .memory_mb = 4096}, Soon()), IsOk());
  const Form form = dsm_.calls().back().form;
  EXPECT_EQ(form.count("guest_name"), 0u);
  EXPECT_EQ(form.count("description"), 0u);
  EXPECT_EQ(guest.cpus, 4);
  EXPECT_EQ(guest.memory_mb, 4096);
  guest.status = "running";
  EXPECT_THAT(vmm_->SetGuest(guest.id, {.cpus = 2}, Soon()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("shut it down first")));
}

TEST_F(VmmTest, ListsWhatTheNasHas) {
  ASSERT_OK_AND_ASSIGN(const auto networks, vmm_->Networks(Soon()));
  EXPECT_EQ(networks.at(0).name, "Default VM Network");
  ASSERT_OK_AND_ASSIGN(const auto storages, vmm_->Storages(Soon()));
  EXPECT_EQ(storages.at(0).id, "st-1");
  EXPECT_TRUE(storages.at(0).usable());
  ASSERT_OK_AND_ASSIGN(const auto hosts, vmm_->Hosts(Soon()));
  EXPECT_EQ(hosts.at(0).free_memory_mb, 2048);
  ASSERT_OK_AND_ASSIGN(const auto images, vmm_->Images(Soon()));
  EXPECT_EQ(images.at(0).type, "iso");
  EXPECT_EQ(images.at(0).storages.at(0).id, "st-1");
}

TEST_F(VmmTest, AnswersOfOddTypesAreNotTold) {
  dsm_.networks = {nullptr, 7, {{"network_id", 5}}, {{"network_id", "n"}, {"network_name", nullptr}}};
  ASSERT_OK_AND_ASSIGN(const auto networks, vmm_->Networks(Soon()));
  ASSERT_EQ(networks.size(), 4u);
  EXPECT_EQ(networks[3].id, "n");
  dsm_.hosts = {{{"host_name", "h"},
                 {"free_cpu_core", "3"},
                 {"free_ram_size", 1e300},
                 {"total_ram_size", 4096.0},
                 {"total_cpu_core", -5}}};
  ASSERT_OK_AND_ASSIGN(const auto hosts, vmm_->Hosts(Soon()));
  EXPECT_EQ(hosts[0].free_cpus, 3);
  EXPECT_EQ(hosts[0].free_memory_mb, 0);
  EXPECT_EQ(hosts[0].memory_mb, 4096);
  EXPECT_EQ(hosts[0].cpus, 0);
}

TEST_F(VmmTest, TwoMachinesOfOneNameAreRefused) {
  dsm_.Add({.name = "m"});
  dsm_.Add({.name = "m"});
  EXPECT_THAT(vmm_->FindGuest("m", Soon()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("two virtual machines")));
}

TEST_F(VmmTest, RegistersAnIso) {
  dsm_.images.clear();
  ASSERT_OK_AND_ASSIGN(const std::string id, vmm_->CreateIsoImage("talos", "/iso/talos.iso", "st-1", Soon()));
  const Form form = dsm_.calls().back().form;
  EXPECT_EQ(form.at("type"), "iso");
  EXPECT_EQ(form.at("ds_file_path"), "/iso/talos.iso");
  EXPECT_EQ(form.at("storage_ids"), "[\"st-1\"]");
  ASSERT_THAT(vmm_->Await(id, Soon()), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto images, vmm_->Images(Soon()));
  EXPECT_EQ(images.at(0).name, "talos");
  dsm_.Next("SYNO.Virtualization.API.Guest.Image/create", {.code = 1001});
  EXPECT_THAT(vmm_->CreateIsoImage("t", "/iso/t.iso", "st-1", Soon()),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("Pro")));
}

TEST_F(VmmTest, TheInternalInterfaceIsReadWhereItsVersionIsKnown) {
  const FakeGuest& guest = dsm_.Add({.name = "m",
                                     .disks = {{.id = "d", .size_mb = 10240}},
                                     .machine_type = "q35",
                                     .boot_from = "iso",
                                     .use_ovmf = true});
  ASSERT_OK_AND_ASSIGN(const bool there, vmm_->HasInternalSetting(Soon()));
  EXPECT_TRUE(there);
  ASSERT_OK_AND_ASSIGN(const GuestSetting setting, vmm_->InternalSetting(guest.id, Soon()));
  EXPECT_EQ(setting.machine_type, "q35");
  EXPECT_EQ(setting.boot_from, "iso");
  EXPECT_EQ(setting.use_ovmf, true);
  EXPECT_EQ(setting.disk_ids, std::vector<std::string>{"d"});
}

}  // namespace
}  // namespace tales::synology::testing
