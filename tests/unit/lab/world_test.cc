#include "fixtures/lab/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixtures/lab/resource_definitions.h"
#include "fixtures/lab/resources.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/lab/worlds.h"
#include "yaml-cpp/yaml.h"

namespace tales::lab {
namespace {

using ::testing::HasSubstr;

absl::Status Switch(LabWorld& world, std::string_view node, std::string_view service, std::string_view verb) {
  return world.ChangeMachine(node, [&](Machines& machines, Machine& machine, absl::Time now) {
    return machines.SwitchService(machine, service, verb, now);
  });
}

TEST(World, ServicesOfTheRoles) {
  TestWorld world;
  EXPECT_EQ(world.On("control", [](const Node& node) { return node.services.size(); }), 11u);
  EXPECT_EQ(world.On("worker", [](const Node& node) { return node.services.size(); }), 9u);
  EXPECT_FALSE(world.On("worker", [](const Node& node) { return node.Runs("etcd"); }));
}

TEST(World, AHealthyMachineMeetsEveryConditionAndEverySpecIsYaml) {
  TestWorld test;
  test->Read([](const World& now) {
    for (const auto& [name, node] : now.nodes) {
      EXPECT_EQ(node.stage, Stage::kRunning);
      EXPECT_TRUE(UnmetConditions(node).empty());
      for (const auto& [namespace_name, type] : DerivedTypes()) {
        EXPECT_NE(FindResourceDefinition(type), nullptr) << type;
        for (const Resource& resource : DeriveResources(now, node, namespace_name, type))
          EXPECT_NO_THROW(YAML::Load(resource.yaml_spec)) << resource.type << "\n" << resource.yaml_spec;
      }
    }
    return 0;
  });
}

TEST(World, StoppingKubeletShowsEverywhereAndStartingItHeals) {
  TestWorld test;
  int changes = 0;
  test->OnChange([&] { ++changes; });
  ResourceBook book;
  const auto status = [&] {
    return test->Read([&](const World& world) {
      std::vector<Resource> found =
          DeriveResources(world, *world.Find("worker"), "runtime", "MachineStatuses.runtime.talos.dev");
      book.Stamp(*world.Find("worker"), test.now(), found);
      return found.at(0);
    });
  };
  EXPECT_EQ(status().version, 1);
  EXPECT_OK(Switch(*test, "worker", "kubelet", "stop"));
  test.On("worker", [](const Node& worker) {
    EXPECT_EQ(worker.services.at("kubelet").state, "Finished");
    EXPECT_FALSE(worker.node_ready);
    return 0;
  });
  EXPECT_THAT(status().yaml_spec, HasSubstr("kubelet not running"));
  EXPECT_EQ(status().version, 2);
  EXPECT_OK(Switch(*test, "worker", "kubelet", "stop")) << "already stopped: nothing to do";
  EXPECT_OK(Switch(*test, "worker", "kubelet", "start"));
  test.On("worker", [](const Node& worker) {
    EXPECT_TRUE(worker.node_ready);
    EXPECT_TRUE(UnmetConditions(worker).empty());
    return 0;
  });
  EXPECT_GE(changes, 2);
}

TEST(World, ServicesThatMachinedDoesNotLetBeStopped) {
  TestWorld test;
  EXPECT_THAT(Switch(*test, "control", "apid", "stop").message(), HasSubstr("doesn't support stop operation via API"));
  EXPECT_THAT(Switch(*test, "worker", "etcd", "stop").message(), HasSubstr("not defined"));
  EXPECT_TRUE(absl::IsNotFound(Switch(*test, "nobody", "kubelet", "stop")));
}

TEST(World, FilesThatTheClockCanBeReadFrom) {
  TestWorld test;
  const auto clock = [&](const std::string& node) {
    const std::string text = test.On(node, [](const Node& n) { return *FileContent(n, "/proc/timer_list"); });
    const int64_t at = std::stoll(text.substr(text.find("now at ") + 7));
    const size_t second = text.find(".offset:", text.find(" clock 1:"));
    return absl::UnixEpoch() + absl::Nanoseconds(at) + absl::Nanoseconds(std::stoll(text.substr(second + 8)));
  };
  EXPECT_LT(absl::AbsDuration(clock("worker") - absl::Now()), absl::Milliseconds(200));
  EXPECT_OK(test->AddFault({"lab", "clock-skew", "worker"}));
  EXPECT_LT(absl::AbsDuration(clock("worker") - absl::Now() - absl::Seconds(5)), absl::Milliseconds(200));
  test.On("worker", [](const Node& node) {
    EXPECT_EQ(*FileContent(node, "/sys/class/graphics/fb0/virtual_size"), "1024,768\n");
    EXPECT_THAT(*FileContent(node, "/proc/cmdline"), HasSubstr(" vga=792\n"));
    EXPECT_TRUE(absl::IsNotFound(FileContent(node, "/no/such").status()));
    return 0;
  });
}

TEST(ResourceDefinitions, AliasesAsARealNodeGivesThem) {
  const ResourceAliases members = AliasesOf(*FindResourceDefinition("members.cluster.talos.dev"));
  EXPECT_THAT(members.all, ::testing::ElementsAre("members", "members.cluster", "members.cluster.talos", "member"));
  const ResourceAliases status = AliasesOf(*FindResourceDefinition("AddressStatuses.net.talos.dev"));
  EXPECT_THAT(status.shown, ::testing::ElementsAre("address", "addresses", "addressstatus", "as"));
}

}  // namespace
}  // namespace tales::lab
