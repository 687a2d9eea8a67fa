// Talos' own summary of the node: stage running *and* ready, with no unmet condition. (`talosctl health` looks at the
// stage alone; a node that is not ready cannot be upgraded.)
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/check/spec.h"
#include "harness/talos/resources.h"
#include "suites/health/checks.h"
#include "suites/shared/commands.h"

namespace tales::health {
namespace {

// "nodeReady: node \"worker\" status is not ready"
std::vector<std::string> UnmetConditions(const YAML::Node& spec) {
  std::vector<std::string> unmet;
  try {
    for (const YAML::Node& condition : spec["status"]["unmetConditions"]) {
      unmet.push_back(absl::StrCat(SpecText(condition, "name"), ": ", SpecText(condition, "reason")));
    }
  } catch (const YAML::Exception&) {
    unmet.emplace_back("an unmetConditions list that cannot be read");
  }
  return unmet;
}

Outcome Look(CheckContext& context) {
  const NodeDefinition& node = context.node();
  const std::string next = Talosctl(node, "get machinestatus -o yaml");
  const absl::StatusOr<std::vector<talos::Resource>> statuses = context.facts().Resources(node, talos::kMachineStatus);
  if (!statuses.ok()) return Outcome::CannotLook(statuses.status(), next);
  if (statuses->size() != 1) {
    return Outcome::Failed({.expected = "one MachineStatus", .found = absl::StrCat(statuses->size()), .next = next});
  }
  const absl::StatusOr<YAML::Node> spec = ParseSpec(statuses->front());
  if (!spec.ok()) return Outcome::CannotLook(spec.status(), next);
  const std::string stage = SpecText(*spec, "stage");
  const std::string ready = SpecText(*spec, "status.ready");
  const std::vector<std::string> unmet = UnmetConditions(*spec);
  if (stage == "running" && ready == "true" && unmet.empty()) return Outcome::Passed("running and ready");
  std::string found =
      absl::StrCat("stage ", stage.empty() ? "unknown" : stage, ", ", ready == "true" ? "ready" : "not ready");
  if (!unmet.empty()) absl::StrAppend(&found, "; unmet: ", absl::StrJoin(unmet, "; "));
  return Outcome::Failed({.expected = "stage running, ready, no unmet condition", .found = found, .next = next});
}

}  // namespace

Check MachineReady() {
  return {.id = "health.machine_ready",
          .question = "Does Talos itself call the node running and ready?",
          .instances = Instances::kNode,
          .needs = {&kNeedsTalos},
          .after = {"health.talos_api", "health.services"},
          .faults = {"lab:machine-not-ready"},
          .look = Look};
}

}  // namespace tales::health
