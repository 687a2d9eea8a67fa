// KubePrism, the load balancer for the API server on each node (127.0.0.1:7445): what kubelet and Cilium talk to. It is
// healthy where it is enabled.
#include "absl/strings/str_cat.h"
#include "harness/check/spec.h"
#include "harness/talos/resources.h"
#include "suites/health/checks.h"
#include "suites/shared/commands.h"

namespace tales::health {
namespace {

Outcome Look(CheckContext& context) {
  const NodeDefinition& node = context.node();
  const std::string next = Talosctl(node, "get kubeprismstatuses -o yaml");
  const absl::StatusOr<std::vector<talos::Resource>> statuses =
      context.facts().Resources(node, talos::kKubePrismStatus);
  if (!statuses.ok()) return Outcome::CannotLook(statuses.status(), next);
  if (statuses->empty()) return Outcome::Unsupported("KubePrism", "machine.features.kubePrism is off");
  const absl::StatusOr<YAML::Node> spec = ParseSpec(statuses->front());
  if (!spec.ok()) return Outcome::CannotLook(spec.status(), next);
  const std::string host = SpecText(*spec, "host");
  if (SpecText(*spec, "healthy") != "true") {
    return Outcome::Failed({.expected = absl::StrCat("KubePrism of ", node.name, " (", host, ") healthy"),
                            .found = "no API server behind it answers",
                            .next = absl::StrCat(next, "; ", Talosctl(node, "get kubeprismendpoints -o yaml"))});
  }
  return Outcome::Passed(absl::StrCat(host, " healthy"));
}

}  // namespace

Check KubePrism() {
  return {.id = "health.kubeprism",
          .question = "Is KubePrism on the node healthy, where it is enabled?",
          .instances = Instances::kNode,
          .needs = {&kNeedsTalos},
          .after = {"health.talos_api", "health.kubernetes_api"},
          .faults = {"lab:kubeprism-unhealthy"},
          .optional = true,
          .look = Look};
}

}  // namespace tales::health
