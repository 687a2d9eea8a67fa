// Judging the release: what Helm says of it, and the images that the workloads run. Versions are the declared one's; an
// empty one (nothing is declared) is not judged.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "harness/check/outcome.h"
#include "suites/cilium/helm_release.h"

namespace tales::cilium {

std::vector<Problem> JudgeRelease(const HelmRelease& release, const std::string& cilium_namespace,
                                  const std::string& version);

struct ImagesJudgement {
  std::vector<Problem> problems;
  size_t compared = 0;            // those in `problems` included
  std::set<std::string> unnamed;  // that tell no version: a digest alone, or a name and tag of somebody's own
};

// The images of Cilium's own releases (agent, operator, Hubble relay, mesh API server; Envoy and the UI are numbered by
// themselves) in the pod templates of `workloads` in that namespace. `release` is for the next step.
ImagesJudgement JudgeImages(const std::vector<Json>& workloads, const std::string& cilium_namespace,
                            const std::string& version, const std::string& release);

}  // namespace tales::cilium
