#include "fixtures/lab/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixtures/lab/default_cluster.h"
#include "fixtures/lab/resource_definitions.h"
#include "tests/support/status_matchers.h"
#include "yaml-cpp/yaml.h"

namespace tales::lab {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

ClusterDefinition Cluster() { return *DefaultCluster(); }

const Resource* Find(const World& world, const std::string& node, const std::string& type) {
  for (const auto& [key, resource] : world.Find(node)->resources)
    if (resource.type == type) return &resource;
  return nullptr;
}

TEST(World, ServicesOfTheRoles) {
  const LabWorld world(Cluster());
  world.Read([](const World& now) {
    EXPECT_EQ(now.Find("control")->services.size(), 11u);
    EXPECT_EQ(now.Find("worker")->services.size(), 9u);
    EXPECT_EQ(now.Find("worker")->services.count("etcd"), 0u);
    return 0;
  });
}

TEST(World, AHealthyMachineMeetsEveryConditionAndEverySpecIsYaml) {
  const LabWorld world(Cluster());
  world.Read([](const World& now) {
    for (const auto& [name, node] : now.nodes) {
      EXPECT_TRUE(UnmetConditions(node).empty());
      for (const auto& [key, resource] : node.resources) {
        EXPECT_NO_THROW(YAML::Load(resource.yaml_spec)) << resource.type << "\n" << resource.yaml_spec;
        const ResourceDefinition* definition = FindResourceDefinition(resource.type);
        EXPECT_NE(definition, nullptr) << resource.type;
      }
    }
    return 0;
  });
}

TEST(World, StoppingKubeletShowsEverywhereAndStartingItHeals) {
  LabWorld world(Cluster());
  int changes = 0;
  world.OnChange([&] { ++changes; });
  EXPECT_OK(world.SwitchService("worker", "kubelet", "stop"));
  world.Read([](const World& now) {
    const Node& worker = *now.Find("worker");
    EXPECT_EQ(worker.services.at("kubelet").state, "Finished");
    EXPECT_FALSE(worker.node_ready);
    EXPECT_THAT(Find(now, "worker", "MachineStatuses.runtime.talos.dev")->yaml_spec, HasSubstr("kubelet not running"));
    EXPECT_EQ(Find(now, "worker", "MachineStatuses.runtime.talos.dev")->version, 2);
    return 0;
  });
  EXPECT_OK(world.SwitchService("worker", "kubelet", "stop")) << "already stopped: nothing to do";
  EXPECT_OK(world.SwitchService("worker", "kubelet", "start"));
  world.Read([](const World& now) {
    EXPECT_TRUE(now.Find("worker")->node_ready);
    EXPECT_TRUE(UnmetConditions(*now.Find("worker")).empty());
    return 0;
  });
  EXPECT_GE(changes, 2);
}

TEST(World, ServicesThatMachinedDoesNotLetBeStopped) {
  LabWorld world(Cluster());
  EXPECT_THAT(world.SwitchService("control", "apid", "stop").message(),
              HasSubstr("doesn't support stop operation via API"));
  EXPECT_THAT(world.SwitchService("worker", "etcd", "stop").message(), HasSubstr("not defined"));
}

TEST(World, FilesThatTheClockCanBeReadFrom) {
  LabWorld world(Cluster());
  const auto clock = [&](const std::string& node) {
    const std::string text =
        world.Read([&](const World& now) { return *FileContent(*now.Find(node), "/proc/timer_list"); });
    const int64_t at = std::stoll(text.substr(text.find("now at ") + 7));
    const size_t second = text.find(".offset:", text.find(" clock 1:"));
    return absl::UnixEpoch() + absl::Nanoseconds(at) + absl::Nanoseconds(std::stoll(text.substr(second + 8)));
  };
  EXPECT_LT(absl::AbsDuration(clock("worker") - absl::Now()), absl::Milliseconds(200));
  EXPECT_OK(world.AddFault({"lab", "clock-skew", "worker"}));
  EXPECT_LT(absl::AbsDuration(clock("worker") - absl::Now() - absl::Seconds(5)), absl::Milliseconds(200));
  world.Read([](const World& now) {
    EXPECT_EQ(*FileContent(*now.Find("worker"), "/sys/class/graphics/fb0/virtual_size"), "1024,768\n");
    EXPECT_THAT(*FileContent(*now.Find("worker"), "/proc/cmdline"), HasSubstr(" vga=792\n"));
    EXPECT_TRUE(absl::IsNotFound(FileContent(*now.Find("worker"), "/no/such").status()));
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
