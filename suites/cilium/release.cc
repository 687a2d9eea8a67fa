#include "suites/cilium/release.h"

#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "harness/check/spec.h"
#include "suites/cilium/images.h"

namespace tales::cilium {
namespace {

bool IsOfCiliumsReleases(const ImageReference& image) {
  const std::string component = image.component();
  return component == "cilium" || component == "hubble-relay" || component == "clustermesh-apiserver" ||
         absl::StartsWith(component, "operator");
}

// By the container's name, where the image is under one of somebody's own.
bool RunsCiliumsReleases(std::string_view container) {
  return container == "cilium-agent" || container == "cilium-operator" || container == "hubble-relay";
}

}  // namespace

std::vector<Problem> JudgeRelease(const HelmRelease& release, const std::string& cilium_namespace,
                                  const std::string& version) {
  const std::string helm = absl::StrCat("helm -n ", cilium_namespace, " ");
  std::vector<Problem> problems;
  if (release.status != "deployed") {
    problems.push_back(
        {.expected = absl::StrCat("Helm release ", release.name, " deployed"),
         .found = absl::StrCat("revision ", release.revision, " is ", release.status, ": ", release.description),
         .next = absl::StrCat(helm, "history ", release.name, "; then `", helm, "upgrade` again, or `", helm,
                              "rollback ", release.name, "`")});
  }
  if (version.empty()) return problems;
  if (release.cilium_version.empty()) {
    problems.push_back({.expected = absl::StrCat("Helm release ", release.name, " of Cilium's chart ", version),
                        .found = absl::StrCat("it is of chart ", release.chart, " ", release.chart_version,
                                              ", which has no dependency cilium"),
                        .next = absl::StrCat("helm list -A   # which release is Cilium's?")});
  } else if (absl::StripPrefix(release.cilium_version, "v") != absl::StripPrefix(version, "v")) {
    problems.push_back({.expected = absl::StrCat("Cilium's chart ", version, ", as declared"),
                        .found = absl::StrCat("revision ", release.revision, " is of ", release.cilium_version),
                        .next = absl::StrCat("set the dependency's version in Chart.yaml, `helm dependency update`, `",
                                             helm, "upgrade ", release.name,
                                             " CHART`; or declare cilium.version: ", release.cilium_version)});
  }
  return problems;
}

ImagesJudgement JudgeImages(const std::vector<Json>& workloads, const std::string& cilium_namespace,
                            const std::string& version, const std::string& release) {
  ImagesJudgement judgement;
  if (version.empty()) return judgement;
  for (const Json& workload : workloads) {
    if (Text(workload, "metadata.namespace") != cilium_namespace) continue;
    std::set<std::string> seen;
    for (const char* containers : {"spec.template.spec.containers", "spec.template.spec.initContainers"}) {
      for (const Json& container : Array(workload, containers)) {
        const std::string text = Text(container, "image");
        const ImageReference image = ParseImage(text);
        const bool by_name = IsOfCiliumsReleases(image);
        if (!by_name && !RunsCiliumsReleases(Text(container, "name"))) continue;
        if (!seen.insert(text).second) continue;
        const bool is_it = IsOfVersion(image, version);
        if (image.tag.empty() || (!by_name && !is_it)) {
          judgement.unnamed.insert(text);
          continue;
        }
        ++judgement.compared;
        if (is_it) continue;
        judgement.problems.push_back(
            {.expected = absl::StrCat("image ", image.component(), " of version ", version, " in ",
                                      Text(workload, "metadata.name")),
             .found = text,
             .next = absl::StrCat("somebody changed it since Helm did, or values override it: helm -n ",
                                  cilium_namespace, " get values ", release, " -a | grep -A5 image:")});
      }
    }
  }
  return judgement;
}

}  // namespace tales::cilium
