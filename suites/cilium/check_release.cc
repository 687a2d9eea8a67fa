// What Helm says it installed, and what runs. An upgrade that timed out leaves a release that is `failed` and a cluster
// that looks well; an image changed by hand leaves the opposite.
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "harness/check/spec.h"
#include "suites/cilium/agents.h"
#include "suites/cilium/checks.h"
#include "suites/cilium/release.h"

namespace tales::cilium {
namespace {

Outcome Look(CheckContext& context) {
  const std::string home = NamespaceOf(context.definition()), name = ReleaseOf(context.definition());
  const std::string helm = absl::StrCat("helm -n ", home, " ");
  const absl::StatusOr<HelmRelease> release = FindHelmRelease(context);
  if (release.status().code() == absl::StatusCode::kNotFound) {
    return Outcome::Failed({.expected = absl::StrCat("Helm release ", name, " in namespace ", home),
                            .found = "there is none",
                            .next = absl::StrCat("helm list -A   # then: ", helm, "install ", name, " CHART")});
  }
  if (!release.ok()) return Outcome::CannotLook(release.status(), absl::StrCat(helm, "status ", name));
  const absl::StatusOr<std::vector<Json>> sets = context.facts().Objects(kube::kDaemonSets);
  if (!sets.ok()) return Outcome::CannotLook(sets.status(), absl::StrCat("kubectl -n ", home, " get daemonsets"));
  const absl::StatusOr<std::vector<Json>> deployments = context.facts().Objects(kube::kDeployments);
  if (!deployments.ok())
    return Outcome::CannotLook(deployments.status(), absl::StrCat("kubectl -n ", home, " get deployments"));
  const std::string version = context.definition().cilium->version;
  std::vector<Problem> problems = JudgeRelease(*release, home, version);
  size_t compared = 0;
  std::set<std::string> unnamed;
  for (const std::vector<Json>* workloads : {&*sets, &*deployments}) {
    ImagesJudgement images = JudgeImages(*workloads, home, version, name);
    for (Problem& problem : images.problems) problems.push_back(std::move(problem));
    compared += images.compared;
    unnamed.merge(images.unnamed);
  }
  std::string found = absl::StrCat(
      "revision ", release->revision, " deployed: chart ", release->chart, " ", release->chart_version,
      release->chart_version == release->cilium_version ? "" : absl::StrCat(" with Cilium ", release->cilium_version));
  if (version.empty()) {
    absl::StrAppend(&found, ", no version declared to compare images with");
  } else if (compared > 0) {
    absl::StrAppend(&found, ", ", compared, compared == 1 ? " image v" : " images v", absl::StripPrefix(version, "v"));
  } else {
    absl::StrAppend(&found, ", no image that tells its version");
  }
  if (!unnamed.empty()) absl::StrAppend(&found, "; of no version that is told: ", absl::StrJoin(unnamed, ", "));
  // Half of the question is about them.
  if (problems.empty() && compared == 0 && !version.empty()) return Outcome::Inconclusive(std::move(found));
  return Outcome::FromProblems(std::move(problems), std::move(found));
}

}  // namespace

Check ReleaseCheck() {
  return {.id = "cilium.release",
          .question = "Is the Helm release deployed, with the declared versions of chart and images?",
          .needs = {&kNeedsCilium, &kNeedsKubernetes},
          .after = {"health.kubernetes_api"},
          .faults = {"lab:cilium-release-failed", "lab:cilium-chart-differs", "lab:cilium-image-differs"},
          .look = Look};
}

}  // namespace tales::cilium
