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

std::vector<Problem> JudgeImages(const std::vector<Json>& workloads, const std::string& cilium_namespace,
                                 const std::string& version, const std::string& release) {
  std::vector<Problem> problems;
  if (version.empty()) return problems;
  for (const Json& workload : workloads) {
    if (Text(workload, "metadata.namespace") != cilium_namespace) continue;
    std::set<std::string> seen;
    for (const char* containers : {"spec.template.spec.containers", "spec.template.spec.initContainers"}) {
      for (const Json& container : Array(workload, containers)) {
        const std::string text = Text(container, "image");
        const ImageReference image = ParseImage(text);
        if (!IsOfCiliumsReleases(image) || image.tag.empty() || IsOfVersion(image, version) ||
            !seen.insert(text).second)
          continue;
        problems.push_back({.expected = absl::StrCat("image ", image.component(), " of version ", version, " in ",
                                                     Text(workload, "metadata.name")),
                            .found = text,
                            .next = absl::StrCat("somebody changed it since Helm did, or values override it: helm -n ",
                                                 cilium_namespace, " get values ", release, " -a | grep -A5 image:")});
      }
    }
  }
  return problems;
}

}  // namespace tales::cilium
