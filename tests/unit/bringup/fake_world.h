// Machines, Talos, Kubernetes and programs that live in a test's own time, and a way to be killed at any of its
// moments.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "fixtures/bringup/executor.h"
#include "fixtures/bringup/site.h"
#include "tests/unit/config/operator_folder.h"

namespace tales::bringup {

struct Killed {};  // thrown in place of kill -9

struct FakeMachine {
  PowerState power = PowerState::kAbsent;
  bool ours = true;
  bool by_hand = false;  // its host tells a person to
  BootSource boot = BootSource::kCdrom;
  std::vector<MachineSetting> settings;
  bool installed = false, configured = false;  // on its disk
  std::string config;
  enum class Life { kNone, kMaintenance, kInstalling, kRunning, kHalted, kStopping } life = Life::kNone;
  absl::Time until;  // when its present life turns into the next
  bool kexec = false;
  int boots = 0;
  bool bootstrapped = false;  // etcd has data
  bool etcd = false, registered = false;
  bool cilium = false;
  // Faults.
  bool install_fails = false, foreign = false, comes_back_by_kexec = false, wrong_arguments = false;
  std::string not_ready = "NetworkReady=false reason:NetworkPluginNotReady message:cni plugin not initialized";
};

class FakeWorld : public Clock {
 public:
  FakeWorld();

  absl::Time Now() override { return now_; }
  void Sleep(absl::Duration duration) override;

  // Every question and every order is a moment; killed at the one of that number, from 1.
  void Moment();
  int moments = 0, kill_at = 0;

  std::map<std::string, FakeMachine> machines;
  std::map<std::string, kube::Json> objects;  // "plural/namespace/name"
  int bootstraps = 0, refuse_bootstraps = 0, shutdowns = 0;
  bool helm = true, talosctl = true, host_answers = true;
  int helm_runs = 0;
  std::vector<std::string> orders;  // to hosts
  std::string minted;               // what `talosctl gen secrets` makes
  config::OperatorFolder folder;
  TemporaryFolder state = *TemporaryFolder::Make("bringup");
  ClusterDefinition definition;

  // A process: everything anew but the world.
  struct Outcome {
    bool killed = false;
    ExecuteResult result;
    std::vector<std::string> steps;  // ids
    std::vector<std::string> lines;  // what was told
    // Of the step; the test fails where there is none.
    const StepResult& of(const std::string& id) const;
  };
  Outcome Up(const std::function<void(Site&, ExecuteOptions&)>& prepare = nullptr);

  FakeMachine& machine(const NodeDefinition& node) { return machines[node.name]; }
  void Settle();  // lives turn into the next where their time has come
  bool CniReady(const std::string& node) const;

 private:
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
};

}  // namespace tales::bringup
