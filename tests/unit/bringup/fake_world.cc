#include "tests/unit/bringup/fake_world.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace tales::bringup {
namespace {

using kube::Json;
using Life = FakeMachine::Life;

// A journal is flushed line by line. What is tested here is not the disk, and hundreds of runs would wait for it.
const int in_memory = std::filesystem::is_directory("/dev/shm") ? setenv("TMPDIR", "/dev/shm", 1) : 0;

class FakeTalos : public TalosPort {
 public:
  explicit FakeTalos(FakeWorld& world) : world_(world) {}
  NodeView See(const NodeDefinition& node, Deadline) override {
    world_.Moment();
    const FakeMachine& machine = world_.machine(node);
    NodeView view;
    const bool starting = world_.Now() < machine.until;
    if (machine.foreign && machine.power == PowerState::kOn) {
      view.door = Door::kForeign;
      view.detail = "other secrets";
    } else if (machine.power != PowerState::kOn || machine.life == Life::kHalted) {
      view.detail = "no route";
    } else if (machine.life == Life::kMaintenance) {
      if (!starting) view.door = Door::kMaintenance;
      view.stage = starting ? "" : "maintenance";
    } else if (machine.life == Life::kInstalling) {
      // Silent in its second half.
      if (world_.Now() < machine.until - absl::Seconds(30)) view.door = Door::kMaintenance, view.stage = "installing";
    } else if (machine.life == Life::kRunning && !starting) {
      view.door = Door::kOurs;
      view.stage = "running";
      view.version = machine.version;
      view.etcd = node.role != Role::kControlPlane ? "" : machine.etcd ? "Running" : "Preparing";
      view.etcd_healthy = machine.etcd;
    } else if (machine.life == Life::kStopping) {
      view.door = Door::kOurs;
      view.stage = "shutting down";
    } else if (machine.life == Life::kResetting) {
      view.door = Door::kOurs;
      view.stage = "resetting";
    }
    return view;
  }
  absl::StatusOr<std::string> ApplyInMaintenance(const NodeDefinition& node, std::string_view, std::string_view config,
                                                 bool dry_run, Deadline deadline) override {
    if (See(node, deadline).door != Door::kMaintenance) return absl::UnavailableError("not in maintenance mode");
    FakeMachine& machine = world_.machine(node);
    if (dry_run) return std::string("dry run");
    machine.config = std::string(config);
    machine.life = Life::kInstalling;
    machine.until = world_.Now() + absl::Minutes(1);
    return std::string();
  }
  absl::Status Bootstrap(const NodeDefinition& node, Deadline) override {
    world_.Moment();
    FakeMachine& machine = world_.machine(node);
    if (machine.bootstrapped) return absl::AlreadyExistsError("etcd data directory is not empty");
    if (world_.refuse_bootstraps-- > 0) return absl::FailedPreconditionError("bootstrap is not available yet");
    ++world_.bootstraps;
    machine.bootstrapped = machine.etcd = true;
    return absl::OkStatus();
  }
  absl::Status Shutdown(const NodeDefinition& node, Deadline deadline) override {
    if (See(node, deadline).door != Door::kOurs) return absl::UnavailableError("no connection");
    FakeMachine& machine = world_.machine(node);
    ++world_.shutdowns;
    machine.life = Life::kStopping;
    machine.until = world_.Now() + absl::Seconds(15);
    return absl::OkStatus();
  }
  absl::StatusOr<BootView> Boot(const NodeDefinition& node, Deadline deadline) override {
    if (See(node, deadline).door != Door::kOurs) return absl::UnavailableError("no connection");
    const FakeMachine& machine = world_.machine(node);
    BootView view;
    view.boot_id = absl::StrCat(node.name, "-", machine.boots);
    view.loader = machine.kexec ? 13 : 7;
    view.arguments = {"talos.platform=metal"};
    if (!machine.wrong_arguments) view.arguments.push_back("vga=792");
    return view;
  }
  absl::StatusOr<std::vector<DiskView>> Disks(const NodeDefinition& node, Deadline deadline) override {
    if (See(node, deadline).door != Door::kOurs) return absl::UnavailableError("no connection");
    const FakeMachine& machine = world_.machine(node);
    std::vector<DiskView> disks = {{.path = "/dev/sda", .bytes = 100'000'000'000, .system = true}};
    if (machine.talos_is_blind) return disks;
    const auto add = [&](const std::string& serial, int64_t bytes) {
      const char letter = static_cast<char>('a' + disks.size());
      disks.push_back({.path = absl::StrCat("/dev/sd", std::string(1, letter)), .serial = serial, .bytes = bytes});
    };
    for (const auto& [name, bytes] : machine.disks) {
      add(machine.by_hand ? "" : name, bytes);
      if (name == machine.mounted) disks.back().mounted_at = "/var/mnt/data";
    }
    if (machine.unnamed_disk > 0) add("", machine.unnamed_disk);
    return disks;
  }
  absl::StatusOr<std::string> Kubeconfig(const NodeDefinition& node, Deadline deadline) override {
    if (See(node, deadline).etcd != "Running") return absl::FailedPreconditionError("not yet");
    kube::Access access;
    access.context = "admin@test";
    access.server = "https://10.0.1.50:6443";
    access.ca_pem = world_.folder.minted().kubernetes.certificate_pem();
    const pki::KeyPair pair = *world_.folder.minted().kubernetes.Issue({.common_name = "admin", .client_auth = true});
    access.certificate_pem = pair.certificate_pem;
    access.key_pem = pair.key_pem;
    return kube::WriteKubeconfig(access, "test", "admin@test");
  }
  absl::Status Reboot(const NodeDefinition& node, bool powercycle, Deadline deadline) override {
    if (See(node, deadline).door != Door::kOurs) return absl::UnavailableError("no connection");
    ++world_.reboots;
    Restart(node, !powercycle, absl::Seconds(30));
    return absl::OkStatus();
  }
  absl::Status Upgrade(const NodeDefinition& node, const machine::UpgradeRequest& request, Deadline deadline) override {
    if (See(node, deadline).door != Door::kOurs) return absl::UnavailableError("no connection");
    FakeMachine& machine = world_.machine(node);
    if (machine.upgrade_is_refused) return absl::InvalidArgumentError("error validating installer image");
    ++world_.upgrades;
    if (!machine.upgrade_rolls_back) machine.version = request.image().substr(request.image().rfind(':') + 1);
    Restart(node, request.reboot_mode() != machine::UpgradeRequest::POWERCYCLE, absl::Minutes(1));
    return absl::OkStatus();
  }
  absl::Status Reset(const NodeDefinition& node, const machine::ResetRequest& request, Deadline deadline) override {
    if (See(node, deadline).door != Door::kOurs) return absl::UnavailableError("no connection");
    ++world_.resets;
    if (request.graceful()) world_.etcd_members.erase(node.name);
    world_.machine(node).life = Life::kResetting;
    world_.machine(node).until = world_.Now() + absl::Seconds(15);
    return absl::OkStatus();
  }
  absl::Status Snapshot(const NodeDefinition& node, const std::filesystem::path& to, Deadline deadline) override {
    if (See(node, deadline).etcd != "Running") return absl::FailedPreconditionError("etcd does not run");
    ++world_.snapshots;
    return WriteFileAtomically(to, "snapshot", 0600);
  }
  absl::StatusOr<std::map<std::string, uint64_t>> EtcdMembers(const NodeDefinition& via, Deadline deadline) override {
    if (See(via, deadline).etcd != "Running") return absl::UnavailableError("etcd does not answer");
    std::map<std::string, uint64_t> ids;
    for (const std::string& name : world_.etcd_members) ids[name] = ids.size() + 1;
    return ids;
  }
  absl::Status RemoveEtcdMember(const NodeDefinition& via, uint64_t member, Deadline deadline) override {
    absl::StatusOr<std::map<std::string, uint64_t>> ids = EtcdMembers(via, deadline);
    if (!ids.ok()) return ids.status();
    for (const auto& [name, id] : *ids)
      if (id == member) world_.etcd_members.erase(name);
    return absl::OkStatus();
  }

 private:
  void Restart(const NodeDefinition& node, bool kexec, absl::Duration after) {
    FakeMachine& machine = world_.machine(node);
    ++machine.boots;
    machine.kexec = kexec;
    machine.life = Life::kRunning;
    machine.until = world_.Now() + after;
  }
  FakeWorld& world_;
};

class FakeKube : public KubePort {
 public:
  explicit FakeKube(FakeWorld& world) : world_(world) {}
  absl::Status Answers(Deadline) override {
    world_.Moment();
    for (const auto& [name, machine] : world_.machines)
      if (machine.power == PowerState::kOn && machine.life == Life::kRunning && machine.etcd) return absl::OkStatus();
    return absl::UnavailableError("no API server");
  }
  absl::StatusOr<Json> Get(kube::ResourcePath kind, std::string_view namespace_, std::string_view name,
                           Deadline deadline) override {
    if (absl::Status answers = Answers(deadline); !answers.ok()) return answers;
    if (kind.plural == "nodes") return Node(std::string(name));
    const auto object = world_.objects.find(absl::StrCat(kind.plural, "/", namespace_, "/", name));
    if (object == world_.objects.end()) return absl::NotFoundError(absl::StrCat(name, " not found"));
    if (kind.plural != "daemonsets") return object->second;
    int all = 0, ready = 0;
    for (const auto& [other, machine] : world_.machines) {
      if (!machine.registered) continue;
      ++all;
      if (machine.power == PowerState::kOn && machine.life == Life::kRunning && world_.Now() >= machine.until) ++ready;
    }
    return Json{{"status", {{"desiredNumberScheduled", all}, {"numberReady", ready}}}};
  }
  absl::StatusOr<std::vector<Json>> List(kube::ResourcePath kind, std::string_view, std::string_view,
                                         Deadline deadline) override {
    if (absl::Status answers = Answers(deadline); !answers.ok()) return answers;
    std::vector<Json> all;
    for (const auto& [key, object] : world_.objects)
      if (key.starts_with(absl::StrCat(kind.plural, "/"))) all.push_back(object);
    return all;
  }
  absl::Status Apply(kube::ResourcePath kind, std::string_view namespace_, std::string_view name, const Json& object,
                     Deadline deadline) override {
    if (absl::Status answers = Answers(deadline); !answers.ok()) return answers;
    Json stored = object;
    if (kind.plural == "customresourcedefinitions")
      stored["status"] = {{"conditions", {{{"type", "Established"}, {"status", "True"}}}}};
    world_.objects[absl::StrCat(kind.plural, "/", namespace_, "/", name)] = stored;
    return absl::OkStatus();
  }
  absl::Status Delete(kube::ResourcePath kind, std::string_view namespace_, std::string_view name, Deadline) override {
    world_.Moment();
    if (kind.plural == "nodes") world_.machines[std::string(name)].registered = false;
    world_.objects.erase(absl::StrCat(kind.plural, "/", namespace_, "/", name));
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<Json> Node(const std::string& name) {
    const FakeMachine& machine = world_.machines[name];
    if (!machine.registered) return absl::NotFoundError(absl::StrCat("node ", name, " not found"));
    const bool up = machine.power == PowerState::kOn && machine.life == Life::kRunning && world_.Now() >= machine.until;
    const bool ready = machine.stale_ready || (up && world_.CniReady(name));
    return Json{{"status",
                 {{"nodeInfo", {{"bootID", absl::StrCat(name, "-", machine.kubelet_boot)}}},
                  {"conditions",
                   {{{"type", "Ready"},
                     {"status", ready ? "True"
                                : up  ? "False"
                                      : "Unknown"},
                     {"message", ready ? "kubelet is ready"
                                 : up  ? machine.not_ready
                                       : "kubelet stopped posting"}}}}}}};
  }
  FakeWorld& world_;
};

class FakePrograms : public Programs {
 public:
  explicit FakePrograms(FakeWorld& world) : world_(world) {}
  absl::StatusOr<std::filesystem::path> Find(std::string_view program) override {
    const bool there = program == "helm" ? world_.helm : program == "talosctl" ? world_.talosctl : true;
    if (!there) return absl::NotFoundError(absl::StrCat(program, " is not on PATH"));
    return std::filesystem::path("/usr/bin") / std::string(program);
  }
  absl::StatusOr<Finished> Run(const Command& command, Deadline) override {
    world_.Moment();
    const std::string typed = absl::StrJoin(command.argv, " ");
    if (command.argv[0] == "helm") return Helm(command);
    if (typed.starts_with("talosctl gen secrets")) {
      EXPECT_OK(WriteFileAtomically(command.argv[4], world_.minted, 0600));
      return Finished{.exit_code = 0};
    }
    if (typed.starts_with("talosctl validate")) return Finished{.exit_code = 0};
    if (typed.starts_with("print-secrets")) return Finished{.exit_code = 0, .output = world_.minted};
    if (typed.starts_with("judge")) return Finished{.exit_code = 0, .output = "judged 3 of 3: 3 passed\n"};
    ADD_FAILURE() << typed;
    return Finished{.exit_code = 1};
  }
  absl::StatusOr<std::string> Download(const std::string& url, size_t, Deadline) override {
    world_.Moment();
    ++world_.downloads;
    const auto page = world_.pages.find(url);
    if (page == world_.pages.end()) return absl::NotFoundError(absl::StrCat(url, ": 404"));
    return page->second;
  }

 private:
  absl::StatusOr<Finished> Helm(const Command& command) {
    if (command.argv[1] != "upgrade") return Finished{.exit_code = 0};
    ++world_.helm_runs;
    const std::string state = "secrets/cilium/sh.helm.release.v1.cilium.v1";
    world_.objects[state] = {{"metadata", {{"labels", {{"status", "pending-install"}, {"version", "1"}}}}}};
    world_.Moment();  // killed in the middle
    world_.objects[state]["metadata"]["labels"]["status"] = "deployed";
    world_.objects["daemonsets/cilium/cilium"] = Json::object();
    return Finished{.exit_code = 0};
  }
  FakeWorld& world_;
};

class Notes : public Observer {
 public:
  explicit Notes(std::vector<std::string>& lines) : lines_(lines) {}
  void Started(const Step&) override {}
  void Progress(const Step& step, std::string_view line) override {
    lines_.push_back(absl::StrCat(step.id, ": ", line));
  }
  void NeedsHand(const Step& step, const Instruction& hand) override {
    lines_.push_back(absl::StrCat(step.id, ": by hand: ", hand.text));
  }
  bool Confirmed(const Step&) override { return true; }
  void Finished(const Step&, const StepResult&) override {}

 private:
  std::vector<std::string>& lines_;
};

}  // namespace

FakeWorld::FakeWorld() {
  definition = folder.Loaded();
  definition.cluster = "test";
  definition.endpoint = "https://10.0.1.50:6443";
  definition.nodes = {{.name = "control", .role = Role::kControlPlane, .address = "10.0.1.50"},
                      {.name = "worker", .role = Role::kWorker, .address = "10.0.1.100"}};
  definition.namespaces = {{"cilium", {.enforce = "privileged", .warn = "privileged"}},
                           {"kube-system", {.exempt = true}}};
  definition.cilium = CiliumDefinition{.cilium_namespace = "cilium", .release = "cilium", .version = "1.17.1"};
  definition.cilium->chart = (state.path() / "chart").string();
  std::filesystem::create_directories(state.path() / "chart");
  EXPECT_OK(WriteFileAtomically(state.path() / "chart" / "Chart.yaml", "name: cilium\nversion: 1.0.0\n"));
  definition.config->kernel_arguments = {"vga=792"};
  minted = folder.minted().SecretsYaml();
}

void FakeWorld::Moment() {
  Settle();
  if (++moments == kill_at) throw Killed();
}

void FakeWorld::Sleep(absl::Duration duration) {
  now_ += duration;
  Moment();
}

bool FakeWorld::CniReady(const std::string&) const {
  const auto release = objects.find("daemonsets/cilium/cilium");
  return release != objects.end();
}

void FakeWorld::Settle() {
  for (auto& [name, machine] : machines) {
    if (now_ < machine.until) continue;
    if (machine.life == Life::kInstalling) {
      machine.life = machine.install_fails ? Life::kMaintenance : Life::kRunning;
      machine.installed = machine.configured = !machine.install_fails;
      machine.kexec = true;
      ++machine.boots;
    } else if (machine.life == Life::kStopping) {
      machine.life = Life::kNone;
      machine.power = PowerState::kOff;
    } else if (machine.life == Life::kResetting) {
      machine.life = Life::kMaintenance;
      machine.installed = machine.configured = machine.bootstrapped = machine.etcd = false;
      machine.config.clear();
      ++machine.boots;
      machine.until = now_ + absl::Seconds(20);
    }
    if (machine.life == Life::kRunning) {
      machine.kubelet_boot = machine.boots;
      bool cluster = false;
      for (const auto& [other, one] : machines) cluster = cluster || one.bootstrapped;
      machine.registered = machine.registered || cluster;
      const NodeDefinition* node = definition.FindNode(name);
      machine.etcd = cluster && node != nullptr && node->role == Role::kControlPlane;
      if (machine.etcd) etcd_members.insert(name);
    }
  }
}

const StepResult& FakeWorld::Outcome::of(const std::string& id) const {
  for (size_t i = 0; i < steps.size(); ++i)
    if (steps[i] == id) return result.results[i];
  ADD_FAILURE() << "there is no step " << id;
  static const StepResult none;
  return none;
}

FakeWorld::Outcome FakeWorld::Up(const Prepare& prepare) { return Do(PlanSteps, prepare); }

FakeWorld::Outcome FakeWorld::Do(const std::function<std::vector<Step>(Site&)>& plan, const Prepare& prepare) {
  const std::unique_ptr<MachineHost> host = MakeFakeHost(*this);
  FakeTalos talos(*this);
  FakeKube kube(*this);
  FakePrograms programs(*this);
  Site site{.definition = definition, .state = state.path(), .talos = talos, .kube = kube, .programs = programs};
  for (const NodeDefinition& node : definition.nodes) site.hosts[node.name] = host.get();
  site.verify = {"judge"};
  ExecuteOptions options;
  options.clock = this;
  options.first_pause = options.longest_pause = absl::Seconds(2);
  if (prepare) prepare(site, options);
  Outcome outcome;
  Notes notes(outcome.lines);
  absl::StatusOr<std::unique_ptr<Journal>> journal = Journal::Open(state.path() / "bringup.jsonl");
  EXPECT_OK(journal);
  if (!journal.ok()) return outcome;
  const std::vector<Step> steps = plan(site);
  for (const Step& step : steps) outcome.steps.push_back(step.id);
  try {
    outcome.result = Execute(steps, **journal, notes, options);
  } catch (const Killed&) {
    outcome.killed = true;
  }
  return outcome;
}

}  // namespace tales::bringup
