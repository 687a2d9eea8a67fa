// Memory and disk are at least what Talos asks of the role. (The cluster that this was written for had a control plane
// with 1 GiB that came up and then failed in odd ways.) Minima: pkg/minimal of Talos 1.9.4, as `talosctl health`
// applies them.
#include "harness/talos/resources.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "harness/check/spec.h"
#include "suites/health/checks.h"
#include "suites/shared/commands.h"

namespace tales::health {
namespace {

constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kMinimumMemoryMiBControlPlane = 1698;  // 1848 less what kernel and firmware take of it
constexpr uint64_t kMinimumMemoryMiBWorker = 874;
constexpr uint64_t kMinimumDiskMiB = 6144;
constexpr uint64_t kSystemPartitionsMiB = 1400;  // of the disk, beside EPHEMERAL

// Where the EPHEMERAL partition is mounted; "/var" unless the node says otherwise.
std::string EphemeralTarget(const std::vector<talos::Resource>& mounts) {
  for (const talos::Resource& mount : mounts) {
    if (mount.id != "EPHEMERAL") continue;
    const absl::StatusOr<YAML::Node> spec = ParseSpec(mount);
    if (spec.ok() && !SpecText(*spec, "target").empty()) return SpecText(*spec, "target");
  }
  return "/var";
}

Outcome Look(CheckContext& context) {
  const NodeDefinition& node = context.node();
  const absl::StatusOr<machine::Version> version = context.facts().Version(node);
  if (!version.ok()) return Outcome::CannotLook(version.status(), Talosctl(node, "version"));
  if (version->platform().mode() == "container") {
    return Outcome::Unsupported("a machine with memory and a disk of its own", "Talos in a container");
  }
  const absl::StatusOr<machine::Memory> memory = context.facts().Memory(node);
  if (!memory.ok()) return Outcome::CannotLook(memory.status(), Talosctl(node, "memory"));
  const absl::StatusOr<machine::Mounts> mounts = context.facts().Mounts(node);
  if (!mounts.ok()) return Outcome::CannotLook(mounts.status(), Talosctl(node, "mounts"));
  const absl::StatusOr<std::vector<talos::Resource>> statuses = context.facts().Resources(node, talos::kMountStatus);
  if (!statuses.ok()) return Outcome::CannotLook(statuses.status(), Talosctl(node, "get mountstatus"));

  std::vector<Problem> problems;
  const uint64_t memory_mib = memory->meminfo().memtotal() / 1024;  // the RPC speaks in KiB
  const uint64_t minimum = node.role == Role::kControlPlane ? kMinimumMemoryMiBControlPlane : kMinimumMemoryMiBWorker;
  if (memory_mib < minimum) {
    problems.push_back(
        {.expected = absl::StrFormat("at least %d MiB of memory on %s, a %s", minimum, node.name, ToString(node.role)),
         .found = absl::StrFormat("%d MiB", memory_mib),
         .next = "give the machine more memory: 2 GiB for a control plane, 1 GiB for a worker"});
  }
  const std::string target = EphemeralTarget(*statuses);
  const machine::MountStat* ephemeral = nullptr;
  for (const machine::MountStat& mount : mounts->stats()) {
    if (mount.mounted_on() == target) ephemeral = &mount;
  }
  if (ephemeral == nullptr) {
    problems.push_back({.expected = absl::StrCat("the EPHEMERAL partition mounted at ", target),
                        .found = "no such mount",
                        .next = Talosctl(node, "get mountstatus")});
  } else if (const uint64_t disk_mib = ephemeral->size() / kMiB + kSystemPartitionsMiB; disk_mib < kMinimumDiskMiB) {
    problems.push_back(
        {.expected = absl::StrFormat("a system disk of at least %d MiB on %s", kMinimumDiskMiB, node.name),
         .found = absl::StrFormat("about %d MiB", disk_mib),
         .next = "enlarge the disk and reinstall, or attach a larger one and set machine.install.disk"});
  }
  return Outcome::FromProblems(std::move(problems),
                               absl::StrFormat("%d MiB of memory, %d MiB for %s", memory_mib,
                                               ephemeral == nullptr ? 0 : ephemeral->size() / kMiB, target));
}

}  // namespace

Check Resources() {
  return {.id = "health.resources",
          .question = "Has the node at least the memory and disk that Talos asks of its role?",
          .instances = Instances::kNode,
          .needs = {&kNeedsTalos},
          .after = {"health.talos_api"},
          .faults = {"lab:small-memory", "lab:small-disk"},
          .look = Look};
}

}  // namespace tales::health
