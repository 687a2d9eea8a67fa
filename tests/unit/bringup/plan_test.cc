// The whole way, from nothing; and killed at each of its moments.
#include "absl/strings/str_cat.h"
#include "tests/unit/bringup/fake_world.h"

namespace tales::bringup {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Secrets(const FakeWorld& world) { return world.folder.Read("secrets.yaml"); }

void ExpectBuilt(const FakeWorld& world) {
  EXPECT_EQ(world.bootstraps, 1);
  for (const auto& [name, machine] : world.machines) {
    EXPECT_EQ(machine.power, PowerState::kOn) << name;
    EXPECT_EQ(machine.life, FakeMachine::Life::kRunning) << name;
    EXPECT_EQ(machine.boot, BootSource::kDisk) << name;
    EXPECT_FALSE(machine.kexec) << name;
    EXPECT_EQ(machine.config, world.folder.Read(name == "control" ? "controlplane.yaml" : "worker.yaml")) << name;
  }
  EXPECT_TRUE(world.objects.contains("namespaces//cilium"));
}

TEST(Plan, FromNothing) {
  FakeWorld world;
  const FakeWorld::Outcome up = world.Up();
  ASSERT_OK(up.result.status) << ::testing::PrintToString(up.lines);
  EXPECT_THAT(up.steps,
              ElementsAre("secrets", "generate", "validate", "create/control", "start/control", "maintenance/control",
                          "apply/control", "install/control", "boot-source/control", "bootstrap/control", "kubeconfig",
                          "registered/control", "namespace/cilium", "cilium/chart", "cilium/release", "ready/control",
                          "shutdown/control", "power-on/control", "cold-boot/control", "back/control", "create/worker",
                          "start/worker", "maintenance/worker", "apply/worker", "install/worker", "boot-source/worker",
                          "join/worker", "shutdown/worker", "power-on/worker", "cold-boot/worker", "back/worker",
                          "cluster-file", "verify"));
  ExpectBuilt(world);
  EXPECT_EQ(world.helm_runs, 1);
  EXPECT_EQ(world.shutdowns, 2);
  EXPECT_THAT(up.of("registered/control").found, HasSubstr("as expected"));
  EXPECT_THAT(up.of("cold-boot/control").found, AllOf(HasSubstr("GRUB"), HasSubstr("vga=792")));
  EXPECT_THAT(up.of("verify").found, HasSubstr("judged 3 of 3"));

  // Once more: nothing is done.
  const size_t orders = world.orders.size();
  const FakeWorld::Outcome again = world.Up();
  EXPECT_OK(again.result.status);
  for (size_t i = 0; i < again.steps.size(); ++i)
    EXPECT_TRUE(again.steps[i] == "verify" || again.result.results[i].outcome == StepOutcome::kAlready)
        << again.steps[i];
  EXPECT_EQ(world.orders.size(), orders);
  EXPECT_EQ(world.shutdowns, 2);
}

TEST(Plan, KilledAtAnyMomentItGoesOn) {
  int moments = 0;
  {
    FakeWorld world;
    ASSERT_OK(world.Up().result.status);
    moments = world.moments;
  }
  for (int at = 1; at <= moments; ++at) {
    FakeWorld world;
    const std::string secrets = Secrets(world);
    world.kill_at = at;
    const FakeWorld::Outcome first = world.Up();
    EXPECT_TRUE(first.killed || first.result.status.ok());
    const FakeWorld::Outcome second = world.Up();
    ASSERT_OK(second.result.status) << "killed at moment " << at << " of " << moments << "\n"
                                    << ::testing::PrintToString(second.lines);
    ExpectBuilt(world);
    EXPECT_EQ(Secrets(world), secrets);
    EXPECT_LE(world.shutdowns, 3) << at;
    if (::testing::Test::HasFailure()) FAIL() << "killed at moment " << at;
  }
}

TEST(Plan, KilledAgainAndAgainItGoesOn) {
  FakeWorld world;
  for (int run = 0; run < 1000; ++run) {
    world.kill_at = world.moments + 20 + run * 37 % 150;  // far enough to get to something new, at times
    const FakeWorld::Outcome up = world.Up();
    if (up.killed) continue;
    ASSERT_OK(up.result.status) << ::testing::PrintToString(up.lines);
    ExpectBuilt(world);
    return;
  }
  FAIL() << "it got nowhere";
}

TEST(Plan, ALostJournalCostsNothing) {
  FakeWorld world;
  ASSERT_OK(world.Up().result.status);
  std::filesystem::remove(world.state.path() / "bringup.jsonl");
  const FakeWorld::Outcome up = world.Up();
  EXPECT_OK(up.result.status);
  EXPECT_EQ(world.shutdowns, 2) << "GRUB has started them: that proves a cold boot";
  ExpectBuilt(world);
}

TEST(Plan, StopsWhenAskedTo) {
  FakeWorld world;
  const FakeWorld::Outcome up =
      world.Up([&](Site&, ExecuteOptions& options) { options.interrupted = [&] { return world.bootstraps > 0; }; });
  EXPECT_TRUE(absl::IsCancelled(up.result.status));
  ASSERT_OK(world.Up().result.status);
  ExpectBuilt(world);
}

TEST(Plan, HasATimeForTheWhole) {
  FakeWorld world;
  const FakeWorld::Outcome up =
      world.Up([&](Site&, ExecuteOptions& options) { options.until = world.Now() + absl::Seconds(40); });
  EXPECT_THAT(up.result.status.message(), HasSubstr("the time for the whole is over"));
}

TEST(Plan, SeveralControlPlanesAreBootstrappedOnce) {
  FakeWorld world;
  world.definition.nodes.insert(world.definition.nodes.begin() + 1,
                                {.name = "control-2", .role = Role::kControlPlane, .address = "10.0.1.51"});
  const FakeWorld::Outcome up = world.Up();
  ASSERT_OK(up.result.status) << ::testing::PrintToString(up.lines);
  EXPECT_EQ(world.bootstraps, 1);
  EXPECT_THAT(up.steps, AllOf(Contains("cold-boot/control-2"), Not(Contains("bootstrap/control-2"))));
}

}  // namespace
}  // namespace tales::bringup
