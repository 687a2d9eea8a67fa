// Power, upgrade, reset, down and a loss of power; each killed at each of its moments and given again.
#include "absl/strings/str_cat.h"
#include "fixtures/bringup/steps_life.h"
#include "tests/unit/bringup/fake_world.h"

namespace tales::bringup {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Life = FakeMachine::Life;
using Plan = std::function<std::vector<Step>(Site&)>;

NodeDefinition Worker() { return {.name = "worker", .role = Role::kWorker, .address = "10.0.1.100"}; }

void Build(FakeWorld& world) {
  const FakeWorld::Outcome up = world.Up();
  ASSERT_OK(up.result.status) << ::testing::PrintToString(up.lines);
}

std::string Found(const FakeWorld::Outcome& outcome) { return std::string(outcome.result.status.message()); }

bool Runs(FakeWorld& world, const std::string& node) {
  const FakeMachine& machine = world.machines[node];
  return machine.power == PowerState::kOn && machine.life == Life::kRunning;
}

// The order is given, killed at a moment, and given again: it ends as it would have ended. `expect` looks at the end.
void KilledAnywhere(const Plan& plan, const std::function<void(FakeWorld&)>& prepare,
                    const std::function<void(FakeWorld&)>& expect) {
  int moments = 0;
  {
    FakeWorld world;
    ASSERT_NO_FATAL_FAILURE(Build(world));
    prepare(world);
    const int before = world.moments;
    const FakeWorld::Outcome done = world.Do(plan);
    ASSERT_OK(done.result.status) << ::testing::PrintToString(done.lines);
    expect(world);
    moments = world.moments - before;
  }
  ASSERT_GT(moments, 1);
  for (int at = 1; at <= moments; ++at) {
    FakeWorld world;
    ASSERT_NO_FATAL_FAILURE(Build(world));
    prepare(world);
    world.kill_at = world.moments + at;
    const FakeWorld::Outcome first = world.Do(plan);
    EXPECT_TRUE(first.killed || first.result.status.ok());
    const FakeWorld::Outcome second = world.Do(plan);
    ASSERT_OK(second.result.status) << "killed at moment " << at << " of " << moments << "\n"
                                    << ::testing::PrintToString(second.lines);
    expect(world);
    if (::testing::Test::HasFailure()) FAIL() << "killed at moment " << at;
  }
}

void Nothing(FakeWorld&) {}

TEST(Power, EachSwitch) {
  FakeWorld world;
  ASSERT_NO_FATAL_FAILURE(Build(world));
  const auto press = [&](PowerVerb verb) {
    return world.Do([verb](Site& site) { return PowerSteps(site, Worker(), verb); });
  };
  const auto boots = [&] { return world.machines["worker"].boots; };
  int before = boots();
  ASSERT_OK(press(PowerVerb::kReboot).result.status);
  EXPECT_EQ(boots(), before + 1);
  EXPECT_TRUE(world.machines["worker"].kexec);
  ASSERT_OK(press(PowerVerb::kPowercycle).result.status);
  EXPECT_FALSE(world.machines["worker"].kexec);
  ASSERT_OK(press(PowerVerb::kReset).result.status);
  EXPECT_THAT(world.orders, Contains("reset worker"));
  ASSERT_OK(press(PowerVerb::kShutdown).result.status);
  EXPECT_EQ(world.machines["worker"].power, PowerState::kOff);
  before = boots();
  ASSERT_OK(press(PowerVerb::kOn).result.status);
  EXPECT_EQ(boots(), before + 1);
  ASSERT_OK(press(PowerVerb::kOff).result.status);
  EXPECT_EQ(world.machines["worker"].power, PowerState::kOff);
  EXPECT_TRUE(Runs(world, "control")) << "it was not meant";
  EXPECT_EQ(press(PowerVerb::kOff).of("off/worker").outcome, StepOutcome::kAlready);
}

TEST(Power, WhereTalosDoesNotAnswerTheButtonIsPressed) {
  FakeWorld world;
  ASSERT_NO_FATAL_FAILURE(Build(world));
  world.machines["worker"].foreign = true;
  const FakeWorld::Outcome done = world.Do([](Site& site) { return PowerSteps(site, Worker(), PowerVerb::kShutdown); });
  ASSERT_OK(done.result.status);
  EXPECT_THAT(world.orders, Contains("acpi worker"));
}

TEST(Power, TheResetButtonIsForOneThatAnswersNoMore) {
  FakeWorld world;
  ASSERT_NO_FATAL_FAILURE(Build(world));
  world.machines["worker"].life = Life::kHalted;
  const FakeWorld::Outcome hung = world.Do([](Site& site) { return PowerSteps(site, Worker(), PowerVerb::kReset); },
                                           [&](Site&, ExecuteOptions& options) {
                                             options.interrupted = [&] {
                                               if (!world.orders.empty() && world.orders.back() == "reset worker")
                                                 world.machines["worker"].life = Life::kRunning;
                                               return false;
                                             };
                                           });
  ASSERT_OK(hung.result.status);
  EXPECT_EQ(std::count(world.orders.begin(), world.orders.end(), "reset worker"), 1);
}

TEST(Power, LeavesAloneWhatIsNotOurs) {
  for (PowerVerb verb : {PowerVerb::kOn, PowerVerb::kOff, PowerVerb::kShutdown}) {
    FakeWorld world;
    ASSERT_NO_FATAL_FAILURE(Build(world));
    world.machines["worker"].ours = false;
    world.machines["worker"].power = verb == PowerVerb::kOn ? PowerState::kOff : PowerState::kOn;
    const size_t orders = world.orders.size();
    EXPECT_THAT(Found(world.Do([verb](Site& site) { return PowerSteps(site, Worker(), verb); })),
                HasSubstr("does not carry our mark"));
    EXPECT_EQ(world.orders.size(), orders);
  }
}

// Kubernetes goes on calling a node Ready that has just gone.
TEST(Power, ANodeIsBackWhenItIsReadyByItsNewBoot) {
  FakeWorld world;
  ASSERT_NO_FATAL_FAILURE(Build(world));
  world.machines["worker"].stale_ready = true;
  const FakeWorld::Outcome done = world.Do([](Site& site) { return PowerSteps(site, Worker(), PowerVerb::kCycle); });
  ASSERT_OK(done.result.status);
  EXPECT_EQ(world.machines["worker"].kubelet_boot, world.machines["worker"].boots);
  EXPECT_EQ(done.of("back/worker").outcome, StepOutcome::kDone);
}

TEST(Power, KilledAnywhereAndGivenAgain) {
  for (PowerVerb verb : {PowerVerb::kCycle, PowerVerb::kReset, PowerVerb::kReboot, PowerVerb::kPowercycle}) {
    KilledAnywhere([verb](Site& site) { return PowerSteps(site, Worker(), verb); }, Nothing,
                   [](FakeWorld& world) {
                     EXPECT_TRUE(Runs(world, "worker"));
                     EXPECT_LE(world.reboots, 2);
                   });
  }
  for (PowerVerb verb : {PowerVerb::kOff, PowerVerb::kShutdown}) {
    KilledAnywhere([verb](Site& site) { return PowerSteps(site, Worker(), verb); }, Nothing,
                   [](FakeWorld& world) { EXPECT_EQ(world.machines["worker"].power, PowerState::kOff); });
  }
}

std::vector<Step> Upgrade(Site& site) {
  return UpgradeSteps(site, site.definition.nodes,
                      {.version = "v1.9.5", .image = "ghcr.io/siderolabs/installer:v1.9.5"});
}

TEST(Upgrade, NodeByNodeControlPlanesFirst) {
  FakeWorld world;
  ASSERT_NO_FATAL_FAILURE(Build(world));
  const FakeWorld::Outcome done = world.Do(Upgrade);
  ASSERT_OK(done.result.status) << ::testing::PrintToString(done.lines);
  EXPECT_THAT(done.steps, ElementsAre("etcd-snapshot", "etcd-before/control", "upgrade/control", "arguments/control",
                                      "back/control", "upgrade/worker", "arguments/worker", "back/worker"));
  EXPECT_EQ(world.snapshots, 1);
  EXPECT_EQ(world.upgrades, 2);
  for (const auto& [name, machine] : world.machines) EXPECT_EQ(machine.version, "v1.9.5") << name;
}

TEST(Upgrade, KilledAnywhereAndGivenAgain) {
  KilledAnywhere(Upgrade, Nothing, [](FakeWorld& world) {
    EXPECT_EQ(world.upgrades, 2) << "each node once";
    for (const auto& [name, machine] : world.machines) EXPECT_EQ(machine.version, "v1.9.5") << name;
  });
}

TEST(Upgrade, StopsAtTheFirstThatDoesNotReturnAsWanted) {
  FakeWorld world;
  ASSERT_NO_FATAL_FAILURE(Build(world));
  world.machines["control"].upgrade_rolls_back = true;
  EXPECT_THAT(Found(world.Do(Upgrade)), AllOf(HasSubstr("upgrade/control"), HasSubstr("rolled back")));
  EXPECT_EQ(world.machines["worker"].version, "v1.9.4");
  world.machines["control"].upgrade_rolls_back = false;
  ASSERT_OK(world.Do(Upgrade).result.status) << "once more: it is asked again";
  EXPECT_EQ(world.machines["worker"].version, "v1.9.5");
}

TEST(Upgrade, WithoutASnapshotNothingIsUpgraded) {
  FakeWorld world;
  ASSERT_NO_FATAL_FAILURE(Build(world));
  world.machines["control"].until = world.Now() + absl::Hours(1);  // it hangs in its boot
  const absl::Time before = world.Now();
  EXPECT_THAT(Found(world.Do(Upgrade)), AllOf(HasSubstr("etcd-snapshot"), HasSubstr("etcd does not run")));
  EXPECT_LE(world.Now() - before, absl::Minutes(6));
  EXPECT_EQ(world.upgrades, 0);
}

TEST(Upgrade, ARefusalIsFinalAndForgotten) {
  FakeWorld world;
  ASSERT_NO_FATAL_FAILURE(Build(world));
  world.machines["control"].upgrade_is_refused = true;
  EXPECT_THAT(Found(world.Do(Upgrade)), HasSubstr("error validating installer image"));
  world.machines["control"].upgrade_is_refused = false;
  ASSERT_OK(world.Do(Upgrade).result.status);
}

void TwoControlPlanes(FakeWorld& world) {
  world.definition.nodes.insert(world.definition.nodes.begin() + 1,
                                {.name = "control-2", .role = Role::kControlPlane, .address = "10.0.1.51"});
  ASSERT_OK(world.Up().result.status);
  EXPECT_EQ(world.etcd_members.size(), 2u);
}

TEST(Reset, OfAWorkerLeavesNothingBehind) {
  const auto prepare = [](FakeWorld& world) {
    for (const char* name : {"worker", "control"})
      world.objects[absl::StrCat("persistentvolumes//local-", name)] = kube::Json::parse(
          absl::StrCat(R"({"metadata": {"name": "local-)", name,
                       R"("}, "spec": {"nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [{"key":
          "kubernetes.io/hostname", "operator": "In", "values": [")",
                       name, R"("]}]}]}}}})"));
  };
  KilledAnywhere([](Site& site) { return ResetSteps(site, Worker(), /*graceful=*/true); }, prepare,
                 [](FakeWorld& world) {
                   EXPECT_EQ(world.machines["worker"].life, Life::kMaintenance);
                   EXPECT_FALSE(world.machines["worker"].registered);
                   EXPECT_FALSE(world.objects.contains("persistentvolumes//local-worker"));
                   EXPECT_TRUE(world.objects.contains("persistentvolumes//local-control"));
                   EXPECT_TRUE(Runs(world, "control"));
                   EXPECT_EQ(world.resets, 1);
                 });
}

TEST(Reset, AForcedOneOfAControlPlaneIsForgottenByEtcd) {
  const NodeDefinition second{.name = "control-2", .role = Role::kControlPlane, .address = "10.0.1.51"};
  KilledAnywhere([second](Site& site) { return ResetSteps(site, second, /*graceful=*/false); }, TwoControlPlanes,
                 [](FakeWorld& world) {
                   EXPECT_EQ(world.etcd_members, std::set<std::string>{"control"});
                   EXPECT_FALSE(world.machines["control-2"].registered);
                   EXPECT_EQ(world.bootstraps, 1);
                 });
}

TEST(Reset, AfterwardsUpBringsItBackWithTheSameSecrets) {
  FakeWorld world;
  ASSERT_NO_FATAL_FAILURE(Build(world));
  const std::string secrets = world.folder.Read("secrets.yaml");
  ASSERT_OK(world.Do([](Site& site) { return ResetSteps(site, Worker(), true); }).result.status);
  ASSERT_OK(world.Up().result.status);
  EXPECT_TRUE(Runs(world, "worker"));
  EXPECT_EQ(world.folder.Read("secrets.yaml"), secrets);
  EXPECT_EQ(world.bootstraps, 1);
}

TEST(Reset, WhereTalosIsSilentThereIsTheBootMenu) {
  FakeWorld world;
  ASSERT_NO_FATAL_FAILURE(Build(world));
  world.machines["worker"].life = Life::kHalted;
  const FakeWorld::Outcome done =
      world.Do([](Site& site) { return ResetSteps(site, Worker(), false); },
               [](Site&, ExecuteOptions& options) { options.hand_patience = absl::Minutes(1); });
  EXPECT_THAT(done.lines, Contains(HasSubstr("catch the boot menu")));
  EXPECT_THAT(Found(done), HasSubstr("reset/worker"));
  EXPECT_EQ(world.resets, 0);
}

TEST(Down, KilledAnywhereAndGivenAgainKeepsTheSecrets) {
  KilledAnywhere(DownSteps, Nothing, [](FakeWorld& world) {
    for (const auto& [name, machine] : world.machines) EXPECT_EQ(machine.power, PowerState::kAbsent) << name;
    EXPECT_EQ(world.folder.Read("secrets.yaml"), world.minted);
  });
}

TEST(Down, ThenUpIsTheSameClusterAnew) {
  FakeWorld world;
  ASSERT_NO_FATAL_FAILURE(Build(world));
  ASSERT_OK(world.Do(DownSteps).result.status);
  world.objects.clear();
  world.etcd_members.clear();
  const FakeWorld::Outcome up = world.Up();
  ASSERT_OK(up.result.status) << ::testing::PrintToString(up.lines);
  EXPECT_EQ(world.bootstraps, 2) << "its etcd went with its disk";
  EXPECT_EQ(world.folder.Read("secrets.yaml"), world.minted);
}

TEST(Down, LeavesAloneWhatIsNotOurs) {
  FakeWorld world;
  ASSERT_NO_FATAL_FAILURE(Build(world));
  world.machines["worker"].ours = false;
  EXPECT_THAT(Found(world.Do(DownSteps)), HasSubstr("does not carry our mark"));
  EXPECT_TRUE(Runs(world, "worker"));
  EXPECT_TRUE(Runs(world, "control"));
  EXPECT_THAT(world.orders, Not(Contains("delete worker")));
}

TEST(PowerLoss, TheStateBeforeIsTheStateAfter) {
  const auto one_is_off = [](FakeWorld& world) {
    world.definition.nodes.push_back({.name = "spare", .role = Role::kWorker, .address = "10.0.1.101"});
    world.machines["spare"].power = PowerState::kOff;
  };
  KilledAnywhere(PowerLossSteps, one_is_off, [](FakeWorld& world) {
    EXPECT_TRUE(Runs(world, "control"));
    EXPECT_TRUE(Runs(world, "worker"));
    EXPECT_EQ(world.machines["spare"].power, PowerState::kOff);
    EXPECT_GE(std::count(world.orders.begin(), world.orders.end(), "lose power"), 1);
  });
}

TEST(PowerLoss, AMachineThatStaysOffIsNamed) {
  FakeWorld world;
  ASSERT_NO_FATAL_FAILURE(Build(world));
  world.machines["worker"].autostart = "never";
  EXPECT_THAT(Found(world.Do(PowerLossSteps)), AllOf(HasSubstr("after/worker"), HasSubstr("it was on and is off")));
  // Somebody switches it on: what was before is still known.
  ASSERT_OK(world.Do([](Site& site) { return PowerSteps(site, Worker(), PowerVerb::kOn); }).result.status);
  ASSERT_OK(world.Do(PowerLossSteps).result.status);
  EXPECT_EQ(std::count(world.orders.begin(), world.orders.end(), "lose power"), 1);
}

TEST(PowerLoss, AMachineThatComesUpUnaskedIsNamed) {
  FakeWorld world;
  ASSERT_NO_FATAL_FAILURE(Build(world));
  ASSERT_OK(world.Do([](Site& site) { return PowerSteps(site, Worker(), PowerVerb::kOff); }).result.status);
  world.machines["worker"].autostart = "always";
  EXPECT_THAT(Found(world.Do(PowerLossSteps)), AllOf(HasSubstr("after/worker"), HasSubstr("it was off and is on")));
}

}  // namespace
}  // namespace tales::bringup
