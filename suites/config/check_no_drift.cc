// The configuration that a machine runs is the one that the operator keeps for its role. Read from COSI state, which
// holds the bytes as they were submitted; never asked by a dry run of apply-config: that makes a pending `try` stay.
// Source: resource MachineConfigs.config.talos.dev of Talos 1.9.4; its specification is binary alone.
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "harness/operator/files.h"
#include "harness/talos/proto/specs.pb.h"
#include "harness/talos/resources.h"
#include "suites/config/checks.h"
#include "suites/config/difference.h"
#include "suites/config/inputs.h"

namespace tales::config {
namespace {

constexpr char kLiveId[] = "v1alpha1";  // `maintenance` is beside it where that was used

absl::StatusOr<std::string> ReadLive(CheckContext& context) {
  const NodeDefinition& node = context.node();
  const absl::StatusOr<std::vector<talos::Resource>> resources = context.facts().Resources(node, talos::kMachineConfig);
  if (!resources.ok()) return resources.status();
  for (const talos::Resource& resource : *resources) {
    if (resource.id != kLiveId) continue;
    tales::talos::spec::MachineConfigSpec spec;
    if (!spec.ParseFromString(resource.proto_spec)) {
      return absl::InternalError(absl::StrCat("the MachineConfig of ", node.name, " cannot be decoded"));
    }
    return spec.yaml_marshalled();
  }
  return absl::NotFoundError(absl::StrCat(node.name, " has no machine configuration"));
}

Outcome Look(CheckContext& context) {
  const NodeDefinition& node = context.node();
  const std::string file = FileOf(node.role);
  const std::string talosctl = absl::StrCat("talosctl -n ", node.address, " ");
  const absl::StatusOr<MachineConfig> kept = KeptConfig(context, node.role);
  if (!kept.ok()) return CannotRead(kept.status());
  const absl::StatusOr<std::string> live = ReadLive(context);
  if (!live.ok())
    return Outcome::CannotLook(live.status(), absl::StrCat(talosctl, "get machineconfig v1alpha1 -o yaml"));
  if (*live == kept->text) return Outcome::Passed(absl::StrCat("the machine runs ", file, ", byte for byte"));
  const absl::StatusOr<MachineConfig> parsed =
      ParseMachineConfig(*live, absl::StrCat("the configuration of ", node.name));
  if (!parsed.ok())
    return Outcome::CannotLook(parsed.status(), absl::StrCat(talosctl, "get machineconfig v1alpha1 -o yaml"));
  const std::vector<Difference> differences = Compare(*kept, *parsed);
  if (differences.empty()) {
    return Outcome::Passed(
        absl::StrCat("the machine runs what ", file, " means; comments or the order of keys differ"));
  }
  return Outcome::Failed(
      {.expected = absl::StrCat(node.name, " runs ", InFolder(context, file)),
       .found = Describe(differences, file, node.name),
       .next = absl::StrCat("if the file is right: ", talosctl, "apply-config --file ",
                            (std::filesystem::path(context.definition().config->folder) / file).string(),
                            "; if the machine is: put the change into a patch and generate anew")});
}

}  // namespace

Check NoDrift() {
  return {.id = "config.no_drift",
          .question = "Is the configuration that the machine runs the one that the operator keeps?",
          .instances = Instances::kNode,
          .needs = {&kNeedsFolder, &kNeedsTalosAdmin},
          .after = {"health.talos_api"},
          .faults = {"inputs:config-key-changed"},
          .look = Look};
}

}  // namespace tales::config
