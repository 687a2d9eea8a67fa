// What Kubernetes itself says is wrong with a node. Pure.
#pragma once

#include <string>
#include <vector>

#include "harness/kube/client.h"

namespace tales {

// "DiskPressure: kubelet has disk pressure": conditions under which its kubelet takes no pods, or not all, and ends
// some.
std::vector<std::string> NodePressures(const kube::Json& node);

// What the condition Ready says where it is not True; "" where it is, or says nothing. A kubelet that is back after its
// node was lost makes the status from what it last saw until its watches are back, a minute later: it posts, and Ready
// stays Unknown (pkg/kubelet/kubelet_node_status.go, tryUpdateNodeStatus). That is told as well.
std::string WhyNotReady(const kube::Json& node);

// "node node-2 is not ready: Kubelet stopped posting node status.", and what presses it; "": nothing.
std::string NodeTrouble(const kube::Json& node);

}  // namespace tales
