// Disks that are added and deleted.
#include "fixtures/bringup/steps_life.h"
#include "tests/unit/bringup/fake_world.h"

namespace tales::bringup {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kSize = 10'000'000'000;

NodeDefinition Worker() { return {.name = "worker", .role = Role::kWorker, .address = "10.0.1.100"}; }
std::vector<Step> Add(Site& site) { return AddDiskSteps(site, Worker(), "data", kSize); }
std::vector<Step> Delete(Site& site) { return DeleteDiskSteps(site, Worker(), "data"); }
std::string Found(const FakeWorld::Outcome& outcome) { return std::string(outcome.result.status.message()); }

class Disks : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_OK(world_.Up().result.status); }
  FakeMachine& worker() { return world_.machines["worker"]; }
  FakeWorld world_;
};

TEST_F(Disks, AreSeenByTalos) {
  const FakeWorld::Outcome added = world_.Do(Add);
  ASSERT_OK(added.result.status);
  EXPECT_EQ(added.of("add-disk/worker").found, "Talos sees it: /dev/sdb, 10 GB");
  EXPECT_EQ(world_.Do(Add).of("add-disk/worker").outcome, StepOutcome::kAlready);
  ASSERT_OK(world_.Do(Delete).result.status);
  EXPECT_TRUE(worker().disks.empty());
  EXPECT_EQ(world_.Do(Delete).of("delete-disk/worker").outcome, StepOutcome::kAlready);
}

TEST_F(Disks, OneThatTalosDoesNotSeeIsNotThere) {
  worker().talos_is_blind = true;
  EXPECT_THAT(Found(world_.Do(Add)), AllOf(HasSubstr("Talos sees /dev/sda"), HasSubstr("not the new one")));
}

TEST_F(Disks, OfAMachineThatIsOffAreItsHostsWord) {
  ASSERT_OK(world_.Do([](Site& site) { return PowerSteps(site, Worker(), PowerVerb::kOff); }).result.status);
  const FakeWorld::Outcome added = world_.Do(Add);
  ASSERT_OK(added.result.status);
  EXPECT_THAT(added.of("add-disk/worker").found, HasSubstr("its host has it"));
  EXPECT_EQ(worker().disks.at("data"), kSize);
}

// A NAS: a person adds it, the host is told its name, and it has no serial number.
TEST_F(Disks, ByHandAreLookedAtAndClaimed) {
  worker().by_hand = true;
  const FakeWorld::Outcome early =
      world_.Do(Add, [](Site&, ExecuteOptions& options) { options.hand_patience = absl::Minutes(1); });
  EXPECT_THAT(early.lines, Contains(HasSubstr("by hand: add a disk of 10000000000 bytes")));
  EXPECT_THAT(Found(early), HasSubstr("its host shows no disk data"));
  const FakeWorld::Outcome unattended =
      world_.Do(Add, [](Site&, ExecuteOptions& options) { options.attended = false; });
  EXPECT_THAT(Found(unattended), HasSubstr("needs a person"));
  worker().unnamed_disk = kSize;
  const FakeWorld::Outcome added = world_.Do(Add);
  ASSERT_OK(added.result.status);
  EXPECT_EQ(worker().disks.at("data"), kSize);
  EXPECT_THAT(added.of("add-disk/worker").found, HasSubstr("Talos sees it: /dev/sdb"));
  const FakeWorld::Outcome deleted =
      world_.Do(Delete, [](Site&, ExecuteOptions& options) { options.hand_patience = absl::Minutes(1); });
  EXPECT_THAT(deleted.lines, Contains(HasSubstr("by hand: delete the disk")));
  EXPECT_FALSE(deleted.result.status.ok()) << "nobody did";
}

TEST_F(Disks, WhereNobodyElseCanTellTalosDoes) {
  worker().host_is_blind = true;
  worker().by_hand = true;
  const FakeWorld::Outcome added = world_.Do(Add, [&](Site&, ExecuteOptions& options) {
    options.hand_patience = absl::Minutes(1);
    options.interrupted = [&] {
      if (!world_.orders.empty() && world_.orders.back() == "add disk worker")
        worker().unnamed_disk = 12'000'000'000;  // as it was bought
      return false;
    };
  });
  ASSERT_OK(added.result.status);
  EXPECT_EQ(added.of("add-disk/worker").found, "Talos sees it: /dev/sdb, 12 GB");
}

TEST_F(Disks, OneThatIsMountedStays) {
  ASSERT_OK(world_.Do(Add).result.status);
  worker().mounted = "data";
  EXPECT_THAT(Found(world_.Do(Delete)), HasSubstr("/dev/sdb is mounted at /var/mnt/data"));
  EXPECT_THAT(world_.orders, Not(Contains("delete disk worker")));
}

TEST_F(Disks, LeaveAloneWhatIsNotOurs) {
  worker().ours = false;
  EXPECT_THAT(Found(world_.Do(Add)), HasSubstr("does not carry our mark"));
  EXPECT_THAT(Found(world_.Do(Delete)), HasSubstr("does not carry our mark"));
  EXPECT_THAT(world_.orders, Not(Contains(AnyOf("add disk worker", "delete disk worker"))));
}

TEST_F(Disks, KilledAnywhereAndGivenAgain) {
  for (int at = 1; at < 40; ++at) {
    FakeWorld world;
    ASSERT_OK(world.Up().result.status);
    world.kill_at = world.moments + at;
    const bool killed = world.Do(Add).killed;
    ASSERT_OK(world.Do(Add).result.status) << at;
    EXPECT_EQ(world.machines["worker"].disks.size(), 1u);
    world.kill_at = world.moments + at;
    const bool again = world.Do(Delete).killed;
    ASSERT_OK(world.Do(Delete).result.status) << at;
    EXPECT_TRUE(world.machines["worker"].disks.empty());
    if (!killed && !again) return;
  }
  FAIL() << "it never came to its end";
}

}  // namespace
}  // namespace tales::bringup
