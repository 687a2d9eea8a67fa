// The switches, drives and disks of the fake machines.
#include "absl/strings/str_cat.h"
#include "tests/unit/bringup/fake_world.h"

namespace tales::bringup {
namespace {

using Life = FakeMachine::Life;

class FakeHost : public MachineHost {
 public:
  explicit FakeHost(FakeWorld& world) : world_(world) {}
  std::string_view name() const override { return "fake"; }
  absl::StatusOr<MachineStatus> Status(const NodeDefinition& node, Deadline) override {
    world_.Moment();
    if (!world_.host_answers) return absl::UnavailableError("the host does not answer");
    const FakeMachine& machine = world_.machine(node);
    MachineStatus status;
    status.power = machine.power;
    status.ours = machine.ours;
    status.boot_source = machine.boot;
    return status;
  }
  absl::StatusOr<std::vector<MachineSetting>> Settings(const NodeDefinition& node, Deadline) override {
    world_.Moment();
    return world_.machine(node).settings;
  }
  absl::StatusOr<ByHand> Create(const NodeDefinition& node, Deadline) override {
    Order("create", node);
    FakeMachine& machine = world_.machine(node);
    if (machine.power == PowerState::kAbsent) machine.power = PowerState::kOff;
    for (MachineSetting& setting : machine.settings)
      if (!setting.found.empty()) setting.found = setting.declared;
    return Hand(node, "set the video card");
  }
  absl::StatusOr<ByHand> PowerOn(const NodeDefinition& node, Deadline) override {
    Order("on", node);
    FakeMachine& machine = world_.machine(node);
    if (machine.power == PowerState::kOn) return ByHand();
    machine.power = PowerState::kOn;
    machine.kexec = machine.comes_back_by_kexec;
    ++machine.boots;
    const bool disk = machine.installed && machine.boot == BootSource::kDisk;
    machine.life = disk ? Life::kRunning : machine.installed ? Life::kHalted : Life::kMaintenance;
    machine.until = world_.Now() + absl::Seconds(20);
    return ByHand();
  }
  absl::StatusOr<ByHand> Shutdown(const NodeDefinition& node, Deadline) override {
    Order("acpi", node);
    FakeMachine& machine = world_.machine(node);
    if (machine.power == PowerState::kOn && world_.Now() >= machine.until) {  // lost on one that is not up yet
      machine.life = Life::kStopping;
      machine.until = world_.Now() + absl::Seconds(15);
    }
    return ByHand();
  }
  absl::StatusOr<ByHand> PowerOff(const NodeDefinition& node, Deadline) override {
    Order("off", node);
    world_.machine(node).power = PowerState::kOff;
    world_.machine(node).life = Life::kNone;
    return ByHand();
  }
  absl::StatusOr<ByHand> Reset(const NodeDefinition& node, Deadline) override {
    Order("reset", node);
    FakeMachine& machine = world_.machine(node);
    if (machine.power != PowerState::kOn) return absl::FailedPreconditionError("it is off");
    ++machine.boots;
    machine.kexec = false;
    machine.until = world_.Now() + absl::Seconds(20);
    return ByHand();
  }
  absl::StatusOr<ByHand> BootFrom(const NodeDefinition& node, BootSource source, Deadline) override {
    Order(absl::StrCat("boot ", ToString(source)), node);
    world_.machine(node).boot = source;
    return ByHand();
  }
  absl::StatusOr<ByHand> AddDisk(const NodeDefinition& node, std::string_view name, int64_t bytes, Deadline) override {
    Order("add disk", node);
    FakeMachine& machine = world_.machine(node);
    const bool known = machine.disks.contains(std::string(name));
    if (!known && machine.unnamed_disk == 0 && machine.by_hand)
      return Hand(node, absl::StrCat("add a disk of ", bytes, " bytes"));
    if (!known) machine.disks[std::string(name)] = bytes;
    machine.unnamed_disk = 0;
    return ByHand();
  }
  absl::StatusOr<ByHand> DeleteDisk(const NodeDefinition& node, std::string_view name, Deadline) override {
    Order("delete disk", node);
    FakeMachine& machine = world_.machine(node);
    if (machine.disks.contains(std::string(name)) && machine.by_hand) return Hand(node, "delete the disk");
    machine.disks.erase(std::string(name));
    return ByHand();
  }
  absl::StatusOr<std::vector<MachineDisk>> Disks(const NodeDefinition& node, Deadline) override {
    world_.Moment();
    const FakeMachine& machine = world_.machine(node);
    if (machine.host_is_blind) return absl::UnimplementedError("nobody can tell");
    std::vector<MachineDisk> disks;
    for (const auto& [name, bytes] : machine.disks) disks.push_back({name, bytes});
    if (machine.unnamed_disk > 0) disks.push_back({"", machine.unnamed_disk});
    return disks;
  }
  absl::StatusOr<ByHand> LosePower(const std::vector<NodeDefinition>& nodes, Deadline deadline) override {
    world_.Moment();
    world_.orders.push_back("lose power");
    for (const NodeDefinition& node : nodes) {
      FakeMachine& machine = world_.machine(node);
      const bool on = machine.power == PowerState::kOn;
      machine.cut_off = machine.cut_off || on;
      if (machine.power != PowerState::kAbsent) machine.power = PowerState::kOff;
      machine.life = Life::kNone;
    }
    world_.Moment();  // killed in the middle
    for (const NodeDefinition& node : nodes) {
      FakeMachine& machine = world_.machine(node);
      if (machine.autostart == "always" || (machine.autostart == "last-state" && machine.cut_off))
        (void)PowerOn(node, deadline);
      machine.cut_off = false;
    }
    return ByHand();
  }
  absl::Status Screenshot(const NodeDefinition&, const std::filesystem::path&, Deadline) override {
    return absl::UnimplementedError("no screen");
  }
  absl::StatusOr<ByHand> Delete(const NodeDefinition& node, Deadline) override {
    Order("delete", node);
    world_.machine(node) = {};
    return ByHand();
  }

 private:
  void Order(std::string_view what, const NodeDefinition& node) {
    world_.Moment();
    world_.orders.push_back(absl::StrCat(what, " ", node.name));
  }
  ByHand Hand(const NodeDefinition& node, std::string text) {
    return world_.machine(node).by_hand ? ByHand(Instruction{std::move(text)}) : ByHand();
  }
  FakeWorld& world_;
};

}  // namespace

std::unique_ptr<MachineHost> MakeFakeHost(FakeWorld& world) { return std::make_unique<FakeHost>(world); }

}  // namespace tales::bringup
