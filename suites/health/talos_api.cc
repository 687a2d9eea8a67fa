// apid of the node answers Version through mutual TLS, and its role-based access control is on. Everything that asks
// the node depends on this, so it says why a node does not answer as precisely as can be told. Whether the version is
// the declared one is health.versions' question: a wrong tag must not hide what else the node has to say.
#include "absl/strings/str_cat.h"
#include "suites/health/checks.h"
#include "suites/shared/commands.h"

namespace tales::health {
namespace {

std::string NextStep(const NodeDefinition& node, const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kPermissionDenied:
      return "look at the roles in the talosconfig: `talosctl config info`";
    case absl::StatusCode::kUnimplemented:
      return absl::StrCat("the node has no configuration yet: `talosctl apply-config --insecure -n ", node.address,
                          " --file ", ToString(node.role), ".yaml`");
    default:
      return absl::StrCat("look at the console of ", node.name, "; is it powered on? then `", Talosctl(node, "version"),
                          "`");
  }
}

Outcome Look(CheckContext& context) {
  const NodeDefinition& node = context.node();
  const absl::StatusOr<machine::Version> version = context.facts().Version(node);
  if (!version.ok()) {
    return Outcome::Failed({.expected = absl::StrCat("apid of ", node.name, " (", node.address, ") answers Version"),
                            .found = std::string(version.status().message()),
                            .next = NextStep(node, version.status())});
  }
  if (version->version().tag().empty()) {
    return Outcome::Failed(
        {.expected = "a Version with a tag", .found = "an empty tag", .next = Talosctl(node, "version")});
  }
  if (!version->features().rbac()) {
    return Outcome::Failed({.expected = "role-based access control enabled",
                            .found = "RBAC is off: every client certificate is an administrator's",
                            .next = "set machine.features.rbac: true in the machine configuration and apply it"});
  }
  return Outcome::Passed(absl::StrCat(version->version().tag(), ", RBAC on"));
}

}  // namespace

Check TalosApi() {
  return {.id = "health.talos_api",
          .question = "Does the node's Talos API answer through mutual TLS, with access control on?",
          .instances = Instances::kNode,
          .needs = {&kNeedsTalos},
          .faults = {"lab:node-down", "lab:no-route", "lab:talos-hang", "lab:talos-garbage"},
          .look = Look};
}

}  // namespace tales::health
