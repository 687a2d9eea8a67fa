// Judging the release: what Helm says of it, and the images that the workloads run. Versions are the declared one's; an
// empty one (nothing is declared) is not judged.
#pragma once

#include <string>
#include <vector>

#include "harness/check/outcome.h"
#include "suites/cilium/helm_release.h"

namespace tales::cilium {

std::vector<Problem> JudgeRelease(const HelmRelease& release, const std::string& cilium_namespace,
                                  const std::string& version);

// The images of Cilium's own releases (agent, operator, Hubble relay, mesh API server; Envoy and the UI are numbered by
// themselves) in the pod templates of `workloads` in that namespace. `release` is for the next step.
std::vector<Problem> JudgeImages(const std::vector<Json>& workloads, const std::string& cilium_namespace,
                                 const std::string& version, const std::string& release);

}  // namespace tales::cilium
