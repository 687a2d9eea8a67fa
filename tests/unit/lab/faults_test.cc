#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fixtures/lab/fault_catalogue.h"
#include "fixtures/lab/kube/cilium/cilium.h"
#include "fixtures/lab/kube/faults_kube.h"
#include "fixtures/lab/resources.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/lab/worlds.h"

namespace tales::lab {
namespace {

using ::testing::HasSubstr;

// Everything that a fault can change, as text.
std::string Fingerprint(LabWorld& lab) {
  return lab.Read([](const World& world) {
    std::string text = absl::FormatDuration(world.credentials_lifetime);
    for (const auto& [name, vm] : world.vms)
      text += name + vm.machine + vm.firmware + vm.memory + vm.video + vm.autostart + vm.disk.bus + vm.network;
    for (const auto& [name, node] : world.nodes) {
      text += node.boot_order.front();
      for (const auto& [namespace_name, type] : DerivedTypes())
        for (const Resource& resource : DeriveResources(world, node, namespace_name, type))
          text += resource.id + resource.yaml_spec;
      for (const auto& [path, content] : node.files) text += path + content;
      for (const auto& [id, service] : node.services)
        text += service.state + service.health_message + (service.healthy ? "1" : "0");
      for (const Mount& mount : node.mounts) text += std::to_string(mount.size);
      for (const std::string& line : *node.kernel_log) text += line;
      for (const EtcdMemberState& member : node.etcd.members) text += member.name + (member.learner ? "L" : "");
      text += std::to_string(node.etcd.alarms.size()) + std::to_string(node.etcd.leader == 0) +
              std::to_string(node.etcd.raft_index > node.etcd.applied_index + 1000);
      text += std::to_string(node.memory) + node.talos_version + absl::FormatDuration(node.clock_offset) +
              absl::FormatDuration(node.certificate_lifetime);
      for (bool flag : {node.down, node.hangs, node.talks_garbage, node.forwards, node.api_server_gone})
        text += flag ? "1" : "0";
      for (const std::string& other : node.unreachable) text += other;
    }
    return text;
  });
}

class EveryTalosFault : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryTalosFault, ChangesTheStateAndLeavesNoTraceWhenHealed) {
  const Fault& fault = *FindLabFault(GetParam());
  TestWorld test;
  LabWorld& lab = *test;
  const std::string before = Fingerprint(lab);
  const FaultRequest request{"lab", fault.id, fault.default_target};
  EXPECT_OK(lab.AddFault(request));
  EXPECT_TRUE(Fingerprint(lab) != before);
  EXPECT_OK(lab.RemoveFault(request));
  EXPECT_TRUE(Fingerprint(lab) == before);
  EXPECT_FALSE(fault.must.empty());
}

std::vector<std::string> TalosFaults() {
  std::vector<std::string> ids;
  for (const Fault& fault : LabFaults())
    if (IsTalosFault(fault.id) && !RestartsMachine(fault.id)) ids.push_back(fault.id);
  return ids;
}

INSTANTIATE_TEST_SUITE_P(Lab, EveryTalosFault, ::testing::ValuesIn(TalosFaults()), [](const auto& info) {
  std::string name = info.param;
  for (char& c : name)
    if (c == '-') c = '_';
  return name;
});

TEST(LabFaults, EachIsImplementedInOnePart) {
  for (const Fault& fault : LabFaults()) {
    EXPECT_EQ(IsTalosFault(fault.id) + kube::IsKubeFault(fault.id) + kube::SimulatedCilium::IsFault(fault.id), 1)
        << fault.id;
  }
}

TEST(LabFaults, ATargetThatIsNotThereIsNamed) {
  TestWorld test;
  LabWorld& lab = *test;
  EXPECT_THAT(lab.AddFault({"lab", "node-down", "nobody"}).message(), HasSubstr("one of control, worker"));
  EXPECT_THAT(lab.AddFault({"lab", "service-stopped", "worker/etcd"}).message(), HasSubstr("has no service \"etcd\""));
  EXPECT_THAT(lab.AddFault({"lab", "etcd-alarm", "worker"}).message(), HasSubstr("is a worker"));
  EXPECT_THAT(lab.AddFault({"lab", "vm-setting", "worker/colour"}).message(), HasSubstr("one of machine, video"));
  EXPECT_THAT(lab.AddFault({"lab", "no-such", "worker"}).message(), HasSubstr("no fault \"no-such\""));
  EXPECT_TRUE(lab.faults().empty());
  EXPECT_TRUE(absl::IsNotFound(lab.RemoveFault({"lab", "node-down", "worker"})));
}

}  // namespace
}  // namespace tales::lab
