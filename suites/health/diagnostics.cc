// Talos finds some faults by itself and publishes them as Diagnostics (1.9 knows two: pod network overlapping the node
// network, kubelet certificates left unsigned). There must be none.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/check/spec.h"
#include "harness/talos/resources.h"
#include "suites/health/checks.h"
#include "suites/shared/commands.h"

namespace tales::health {
namespace {

Outcome Look(CheckContext& context) {
  const NodeDefinition& node = context.node();
  const absl::StatusOr<std::vector<talos::Resource>> diagnostics = context.facts().Resources(node, talos::kDiagnostic);
  if (!diagnostics.ok()) return Outcome::CannotLook(diagnostics.status(), Talosctl(node, "get diagnostics"));
  std::vector<Problem> problems;
  for (const talos::Resource& diagnostic : *diagnostics) {
    std::string found = diagnostic.id;
    if (const absl::StatusOr<YAML::Node> spec = ParseSpec(diagnostic); spec.ok()) {
      absl::StrAppend(&found, ": ", SpecText(*spec, "message"));
      const std::vector<std::string> details = SpecList(*spec, "details");
      if (!details.empty()) absl::StrAppend(&found, " (", absl::StrJoin(details, "; "), ")");
    }
    problems.push_back({.expected = absl::StrCat("no diagnostic on ", node.name),
                        .found = found,
                        .next = absl::StrCat("https://talos.dev/diagnostic/", diagnostic.id, " explains it; ",
                                             Talosctl(node, "get diagnostics -o yaml"))});
  }
  return Outcome::FromProblems(std::move(problems), "none");
}

}  // namespace

Check Diagnostics() {
  return {.id = "health.diagnostics",
          .question = "Has Talos found nothing wrong with the node by itself?",
          .instances = Instances::kNode,
          .needs = {&kNeedsTalos},
          .after = {"health.talos_api"},
          .faults = {"lab:diagnostic"},
          .look = Look};
}

}  // namespace tales::health
