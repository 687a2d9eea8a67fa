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
  std::string autostart = "last-state";
  bool cut_off = false;                  // went with its host
  std::map<std::string, int64_t> disks;  // beside its own
  int64_t unnamed_disk = 0;              // one that a person has added
  bool host_is_blind = false;            // ... to its disks
  bool talos_is_blind = false;
  std::string mounted;                         // one of its disks
  bool installed = false, configured = false;  // on its disk
  std::string config;
  enum class Life { kNone, kMaintenance, kInstalling, kRunning, kHalted, kStopping, kResetting } life = Life::kNone;
  std::string version = "v1.9.4";
  bool upgrade_rolls_back = false, upgrade_is_refused = false;
  int kubelet_boot = 0;      // the boot that its Node tells of
  bool stale_ready = false;  // Kubernetes calls it Ready while it is gone
  absl::Time until;          // when its present life turns into the next
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
  int reboots = 0, upgrades = 0, resets = 0, snapshots = 0;
  std::set<std::string> etcd_members;
  std::map<std::string, std::string> pages;  // url -> what it serves
  int downloads = 0;
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
  using Prepare = std::function<void(Site&, ExecuteOptions&)>;
  Outcome Up(const Prepare& prepare = nullptr);
  // Any other steps, with the same journal.
  Outcome Do(const std::function<std::vector<Step>(Site&)>& steps, const Prepare& prepare = nullptr);

  FakeMachine& machine(const NodeDefinition& node) { return machines[node.name]; }
  void Settle();  // lives turn into the next where their time has come
  bool CniReady(const std::string& node) const;

 private:
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
};

std::unique_ptr<MachineHost> MakeFakeHost(FakeWorld& world);  // fake_host.cc

}  // namespace tales::bringup
