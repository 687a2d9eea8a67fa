// What Kubernetes itself says is wrong with a node. Pure.
#pragma once

#include <string>
#include <vector>

#include "harness/kube/client.h"

namespace tales {

// "DiskPressure: kubelet has disk pressure": conditions under which its kubelet takes no pods, or not all, and ends
// some.
std::vector<std::string> NodePressures(const kube::Json& node);

// "node node-2 is not ready: Kubelet stopped posting node status.", or what presses it; "": nothing.
std::string NodeTrouble(const kube::Json& node);

}  // namespace tales
