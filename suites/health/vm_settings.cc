// The virtual machine is what the settings table says, as its host tells it: chipset, video, firmware, memory, disk,
// boot order, autostart. Only a fixture that knows the host can tell.
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/base/file.h"
#include "harness/check/spec.h"
#include "suites/health/checks.h"

namespace tales::health {
namespace {

std::optional<std::string> NothingKnown(const Cluster& cluster) {
  if (!cluster.definition().vm.has_value()) return "a cluster file without vm";
  if (cluster.access().vm_settings.empty())
    return absl::StrCat("fixture ", cluster.access().fixture, ", which does not know them");
  return std::nullopt;
}
const Requirement kNeedsVmSettings{"vm", "a declared settings table and a fixture that knows the virtual machines",
                                   NothingKnown};

struct Setting {
  std::string name, declared, found, where;
};

std::vector<Setting> Compare(const VmDefinition& vm, const kube::Json& actual) {
  auto number = [&](std::string_view path) {
    const std::optional<int64_t> value = Number(actual, path);
    return value.has_value() ? absl::StrCat(*value) : std::string();
  };
  std::string reclaim;
  if (const auto disk = actual.find("disk"); disk != actual.end() && disk->is_object()) {
    const auto value = disk->find("reclaim");
    if (value != disk->end() && value->is_boolean()) reclaim = value->get<bool>() ? "true" : "false";
  }
  std::vector<Setting> settings = {
      {"machine type", vm.machine, Text(actual, "machine"), "General > Machine type"},
      {"video card", vm.video, Text(actual, "video"), "General > Video card"},
      {"firmware", vm.firmware, Text(actual, "firmware"), "Others > Firmware"},
      {"memory", vm.memory, Text(actual, "memory"), "General > Memory"},
      {"CPUs", vm.cpus == 0 ? "" : absl::StrCat(vm.cpus), number("cpus"), "General > CPU(s)"},
      {"disk size", vm.disk.size, Text(actual, "disk.size"), "Storage > Virtual Disk 1"},
      {"space reclamation",
       vm.disk.size.empty() ? ""
       : vm.disk.reclaim    ? "true"
                            : "false",
       reclaim, "Storage > Virtual Disk 1 > Space reclamation"},
      {"disk bus", vm.disk.bus, Text(actual, "disk.bus"), "Storage > Virtual Disk 1 > Controller"},
      {"network", vm.network, Text(actual, "network"), "Network"},
      {"autostart", vm.autostart, Text(actual, "autostart"), "Others > Autostart"}};
  std::string boot_order;
  for (const kube::Json& device : Array(actual, "bootOrder")) {
    if (device.is_string()) absl::StrAppend(&boot_order, boot_order.empty() ? "" : " ", device.get<std::string>());
  }
  // Talos refuses to boot from its ISO once it is installed, so the disk has to come first.
  settings.push_back({"first boot device", "disk", boot_order.substr(0, boot_order.find(' ')), "Others > Boot from"});
  return settings;
}

Outcome Look(CheckContext& context) {
  const NodeDefinition& node = context.node();
  const absl::StatusOr<std::string> text = ReadFile(context.cluster().access().vm_settings);
  if (!text.ok())
    return Outcome::CannotLook(text.status(), "the fixture writes that file when it stands the cluster up");
  const kube::Json all = kube::Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!all.is_object() || !all.contains(node.name) || !all[node.name].is_object()) {
    return Outcome::Unsupported(absl::StrCat("the virtual machine of ", node.name), "a host that does not know it");
  }
  std::vector<Problem> problems;
  std::vector<std::string> untold;  // no host tells all: what it keeps to itself is for a person to look at
  for (const Setting& setting : Compare(*context.definition().vm, all[node.name])) {
    if (setting.declared.empty() || absl::AsciiStrToLower(setting.declared) == absl::AsciiStrToLower(setting.found))
      continue;
    if (setting.found.empty()) {
      untold.push_back(absl::StrCat(setting.name, " ", setting.declared, " (", setting.where, ")"));
      continue;
    }
    problems.push_back({.expected = absl::StrCat(setting.name, " ", setting.declared, " for ", node.name),
                        .found = setting.found,
                        .next = absl::StrCat("in the virtual machine's settings: ", setting.where)});
  }
  if (problems.empty() && !untold.empty()) {
    return Outcome::Inconclusive(absl::StrCat("what the host tells is as the settings table says; it does not tell ",
                                              absl::StrJoin(untold, ", ")));
  }
  return Outcome::FromProblems(std::move(problems), "as the settings table says");
}

}  // namespace

Check VmSettings() {
  return {.id = "health.vm_settings",
          .question = "Is the virtual machine what the settings table says?",
          .instances = Instances::kNode,
          .needs = {&kNeedsVmSettings},
          .faults = {"lab:vm-setting"},
          .optional = true,
          .look = Look};
}

}  // namespace tales::health
