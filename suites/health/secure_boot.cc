// Secure boot is what was declared: on where it was asked for, off where the firmware cannot (legacy BIOS).
#include "absl/strings/str_cat.h"
#include "harness/check/spec.h"
#include "harness/talos/resources.h"
#include "suites/health/checks.h"
#include "suites/shared/commands.h"

namespace tales::health {
namespace {

std::optional<std::string> NothingDeclared(const Cluster& cluster) {
  if (cluster.definition().secure_boot.has_value()) return std::nullopt;
  return "a cluster file without it";
}
const Requirement kNeedsSecureBoot{"declared:secureBoot", "a declared secureBoot", NothingDeclared};

Outcome Look(CheckContext& context) {
  const NodeDefinition& node = context.node();
  const std::string next = Talosctl(node, "get securitystate -o yaml");
  const absl::StatusOr<std::vector<talos::Resource>> states = context.facts().Resources(node, talos::kSecurityState);
  if (!states.ok()) return Outcome::CannotLook(states.status(), next);
  if (states->empty()) return Outcome::Failed({.expected = "a SecurityState", .found = "none", .next = next});
  const absl::StatusOr<YAML::Node> spec = ParseSpec(states->front());
  if (!spec.ok()) return Outcome::CannotLook(spec.status(), next);
  const bool wanted = *context.definition().secure_boot;
  const bool found = SpecText(*spec, "secureBoot") == "true";
  if (found != wanted) {
    return Outcome::Failed(
        {.expected = absl::StrCat("secure boot ", wanted ? "on" : "off", " on ", node.name, ", as declared"),
         .found = found ? "on" : "off",
         .next = wanted ? "install from the secureboot image, with UEFI firmware and enrolled keys"
                        : "correct secureBoot in the cluster file, or the machine's firmware settings"});
  }
  return Outcome::Passed(absl::StrCat(found ? "on" : "off", ", as declared"));
}

}  // namespace

Check SecureBoot() {
  return {.id = "health.secure_boot",
          .question = "Is secure boot on or off, as declared?",
          .instances = Instances::kNode,
          .needs = {&kNeedsSecureBoot, &kNeedsTalos},
          .after = {"health.talos_api"},
          .faults = {"lab:secure-boot-on"},
          .optional = true,
          .look = Look};
}

}  // namespace tales::health
