// The control plane's static pods: API server, controller manager and scheduler are there and ready, as kubelet of the
// node reports them to Talos. (`talosctl health` asks for their existence.)
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/check/spec.h"
#include "harness/talos/resources.h"
#include "suites/health/checks.h"
#include "suites/shared/commands.h"

namespace tales::health {
namespace {

constexpr std::string_view kExpected[] = {"kube-apiserver", "kube-controller-manager", "kube-scheduler"};

// "" when the pod is ready, else what it says.
std::string Trouble(const talos::Resource& pod) {
  const absl::StatusOr<YAML::Node> spec = ParseSpec(pod);
  if (!spec.ok()) return std::string(spec.status().message());
  try {
    const std::string phase = SpecText(*spec, "phase");
    for (const YAML::Node& condition : (*spec)["conditions"]) {
      if (SpecText(condition, "type") != "Ready") continue;
      if (SpecText(condition, "status") == "True") return "";
      return absl::StrCat("phase ", phase, ", not ready: ", SpecText(condition, "reason"), " ",
                          SpecText(condition, "message"));
    }
    return absl::StrCat("phase ", phase.empty() ? "unknown" : phase, ", no Ready condition");
  } catch (const YAML::Exception& error) {
    return absl::StrCat("a status that cannot be read: ", error.what());
  }
}

Outcome Look(CheckContext& context) {
  const NodeDefinition& node = context.node();
  const absl::StatusOr<std::vector<talos::Resource>> pods = context.facts().Resources(node, talos::kStaticPodStatus);
  if (!pods.ok()) return Outcome::CannotLook(pods.status(), Talosctl(node, "get staticpodstatus"));
  std::vector<Problem> problems;
  for (std::string_view name : kExpected) {
    const std::string prefix = absl::StrCat("kube-system/", name, "-");
    const talos::Resource* found = nullptr;
    for (const talos::Resource& pod : *pods) {
      if (absl::StartsWith(pod.id, prefix)) found = &pod;
    }
    const std::string trouble = found == nullptr ? "no such static pod" : Trouble(*found);
    if (trouble.empty()) continue;
    problems.push_back(
        {.expected = absl::StrCat(name, " ready on ", node.name),
         .found = trouble,
         .next = absl::StrCat(Talosctl(node, "containers -k"), ", then ",
                              Talosctl(node, absl::StrCat("logs -k kube-system/", name, "-", node.name, ":", name)))});
  }
  return Outcome::FromProblems(std::move(problems), absl::StrCat(absl::StrJoin(kExpected, ", "), " ready"));
}

}  // namespace

Check StaticPods() {
  return {.id = "health.static_pods",
          .question = "Are API server, controller manager and scheduler of the control plane ready?",
          .instances = Instances::kControlPlane,
          .needs = {&kNeedsTalos},
          .after = {"health.talos_api", "health.services"},
          .faults = {"lab:static-pod-not-ready"},
          .look = Look};
}

}  // namespace tales::health
