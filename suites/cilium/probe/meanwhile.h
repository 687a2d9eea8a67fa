// What a change of the cluster in the middle makes of probes. One that was not answered because its pod was evicted, or
// because Kubernetes has taken the pods of a node that is not ready out of their services, says nothing of the network:
// it is an error that names the node, and no failure. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "suites/cilium/probe/place.h"
#include "suites/cilium/probe/probe.h"

namespace tales::cilium::probe {

struct Meanwhile {
  std::map<std::string, std::string> not_ready;  // by node: "node node-2 is not ready: ..."
  std::map<std::string, std::string> lost_pods;  // by node: "pod server-2 on node-2 does not run: Evicted: ..."
};

// Pods of ours that ran and are gone, ended or on their way out. `pods`: all of our namespace, as they are now.
std::map<std::string, std::string> LostPods(const Place& place, const std::vector<Json>& pods);

// Those that did not hold for such a reason could not be tried.
void Excuse(std::vector<Tried>& tried, const Meanwhile& meanwhile);

}  // namespace tales::cilium::probe
