// A test of what happens to simulated machines while their time passes.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "harness/talos/proto/machine.pb.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/lab/worlds.h"

namespace tales::lab {

class MachineLife : public ::testing::Test {
 protected:
  explicit MachineLife(InitialState state = InitialState::kMaintenance, ClusterDefinition cluster = *DefaultCluster())
      : world_(state, std::move(cluster)) {}

  using Act = std::function<absl::Status(Machines&, Machine&, absl::Time)>;
  absl::Status Do(const std::string& node, const Act& act) { return world_->ChangeMachine(node, act); }
  absl::Status Press(const std::string& node, void (Machines::*press)(Machine&, absl::Time)) {
    return Do(node, [press](Machines& all, Machine& machine, absl::Time now) {
      (all.*press)(machine, now);
      return absl::OkStatus();
    });
  }
  absl::StatusOr<ApplyOutcome> Apply(const std::string& node, const std::string& config,
                                     ApplyMode mode = ApplyMode::kAuto, bool dry_run = false) {
    return world_->Change<ApplyOutcome>(node, [&](Machines& all, Machine& machine, absl::Time now) {
      return all.Apply(machine, {config, mode, dry_run, absl::Minutes(1)}, now);
    });
  }
  absl::Status Bootstrap(const std::string& node) {
    return Do(node, [](Machines& all, Machine& machine, absl::Time now) { return all.Bootstrap(machine, now); });
  }
  absl::StatusOr<std::string> Reset(const std::string& node, ResetOptions options) {
    return world_->Change<std::string>(
        node, [&](Machines& all, Machine& machine, absl::Time now) { return all.Reset(machine, options, now); });
  }
  absl::StatusOr<std::string> Upgrade(const std::string& node, UpgradeOptions options) {
    return world_->Change<std::string>(
        node, [&](Machines& all, Machine& machine, absl::Time now) { return all.Upgrade(machine, options, now); });
  }
  Stage StageOf(const std::string& node) {
    return world_.On(node, [](const Node& n) { return n.stage; });
  }
  Door DoorOf(const std::string& node) {
    return world_.On(node, [](const Node& n) { return n.door; });
  }
  std::string File(const std::string& node, const std::string& path) {
    return world_.On(node, [&](const Node& n) { return FileContent(n, path).value_or(""); });
  }
  std::string Version(const std::string& node) {
    return world_.On(node, [](const Node& n) { return n.talos_version; });
  }
  std::vector<std::string> Members() {
    return world_->Read([](const World& world) {
      std::vector<std::string> names;
      for (const MemberState& member : world.MembersOf(world.nodes.begin()->second)) names.push_back(member.name);
      return names;
    });
  }
  // The sequences that began since the boot, in order.
  std::vector<std::string> Sequences(const std::string& node) {
    return world_->ReadMachine(node, [](const Machine& machine) {
      std::vector<std::string> names;
      for (uint64_t i = machine.events.begin(); i < machine.events.end(); ++i) {
        machine::SequenceEvent event;
        if (machine.events.at(i).type != "SequenceEvent" || !event.ParseFromString(machine.events.at(i).payload))
          continue;
        if (event.action() == machine::SequenceEvent::START) names.push_back(event.sequence());
        if (!event.error().message().empty()) names.push_back(event.error().message());
      }
      return names;
    });
  }
  const std::string& Config(Role role) { return world_.config(role); }

  TestWorld world_;
};

class RunningLife : public MachineLife {
 protected:
  RunningLife() : MachineLife(InitialState::kHealthy) {}
  explicit RunningLife(ClusterDefinition cluster) : MachineLife(InitialState::kHealthy, std::move(cluster)) {}
  absl::StatusOr<std::string> Reboot(const std::string& node, bool powercycle) {
    return world_->Change<std::string>(
        node, [&](Machines& all, Machine& machine, absl::Time now) { return all.Reboot(machine, powercycle, now); });
  }
};

}  // namespace tales::lab
