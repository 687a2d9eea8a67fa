// Simulated machines for a test, whose time passes when the test says so.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "fixtures/lab/cluster_secrets.h"
#include "fixtures/lab/default_cluster.h"
#include "fixtures/lab/machine_config.h"
#include "fixtures/lab/world.h"

namespace tales::lab {

// Minted once: keys take their time.
inline const ClusterSecrets& TestSecrets() {
  static const auto& secrets = *new ClusterSecrets(*ClusterSecrets::Mint());
  return secrets;
}

inline std::map<Role, std::string> TestConfigs(const ClusterDefinition& definition) {
  std::map<Role, std::string> configs;
  for (Role role : {Role::kControlPlane, Role::kWorker})
    configs[role] = MachineConfigYaml(definition, TestSecrets(), role);
  return configs;
}

class TestWorld {
 public:
  explicit TestWorld(InitialState state = InitialState::kHealthy, ClusterDefinition definition = *DefaultCluster())
      : configs_(TestConfigs(definition)), world_(definition, {state, 1, configs_, [this] { return now_; }}) {}

  LabWorld& operator*() { return world_; }
  LabWorld* operator->() { return &world_; }
  const std::string& config(Role role) const { return configs_.at(role); }
  absl::Time now() const { return now_; }

  // Lets that time of real machines pass.
  void Pass(absl::Duration time) {
    const absl::Time end = now_ + time;
    for (absl::Time due = world_.Advance(); due <= end; due = world_.Advance()) now_ = std::max(now_, due);
    now_ = end;
    world_.Advance();
  }
  template <typename Look>
  auto On(const std::string& node, Look&& look) {
    return world_.Read([&](const World& world) { return look(*world.Find(node)); });
  }

 private:
  absl::Time now_ = absl::Now();
  std::map<Role, std::string> configs_;
  LabWorld world_;
};

}  // namespace tales::lab
