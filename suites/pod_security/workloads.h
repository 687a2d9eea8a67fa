// What runs in a namespace, as pods that could be created again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/kube/client.h"

namespace tales::pod_security {

using kube::Json;

struct Candidate {
  std::string name;  // "pod cilium-x7f2p", "DaemonSet cilium"
  Json pod;          // to be tried in a dry run
};

// The running pods of the namespace, each as the pod that was asked for: without node, status, owners, debug
// containers. Static pods are left out: kubelet runs them without asking. Of pods made from one template only the first
// is taken.
std::vector<Candidate> FromPods(const std::vector<Json>& pods, std::string_view namespace_);
// The pod templates of workloads of that kind ("DaemonSet") in the namespace.
std::vector<Candidate> FromTemplates(const std::vector<Json>& workloads, std::string_view kind,
                                     std::string_view namespace_);

}  // namespace tales::pod_security
