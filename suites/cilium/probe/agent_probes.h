// What the agents themselves know: their counters of drops, and what their health daemons reach.
#pragma once

#include <string>
#include <vector>

#include "harness/base/deadline.h"
#include "harness/kube/client.h"
#include "suites/cilium/probe/drops.h"
#include "suites/cilium/probe/place.h"
#include "suites/cilium/probe/probe.h"

namespace tales::cilium::probe {

// Thread-safe, as the client is; what it is given outlives it.
class AgentProbes {
 public:
  AgentProbes(kube::Client& client, const Place& place, std::string cilium_namespace)
      : client_(client), place_(place), cilium_namespace_(std::move(cilium_namespace)) {}

  // Of every node, at once; one whose agent is not there says so.
  std::vector<DropsOfNode> ReadDrops(Deadline deadline) const;
  // Second reading, into `after`.
  void ReadDropsAgain(std::vector<DropsOfNode>& drops, Deadline deadline) const;
  // As probes from node to node: ICMP and HTTP to the node (layer nodes) and to its health endpoint (layer pods). As of
  // their last round: they probe once a minute, and `--probe` of 1.17 only shows that, without the time of each. What
  // is bad, or not there yet, is given until a round that began after this did (2 min 10 s): a new agent's first comes
  // before all is there to be probed.
  std::vector<Tried> ProbeHealth(Deadline deadline) const;

 private:
  std::vector<Tried> ProbeHealthOnce(Deadline deadline) const;
  absl::StatusOr<Json> Ask(const std::string& node, const std::vector<std::string>& command, AgentPlace& place,
                           Deadline deadline) const;

  kube::Client& client_;
  const Place& place_;
  const std::string cilium_namespace_;
};

// Whether an Envoy is there: beside the agents as a DaemonSet, or as a program in the image of one that is asked.
// Errors: none could be asked.
absl::StatusOr<bool> FindEnvoy(kube::Client& client, const Place& place, const std::string& cilium_namespace,
                               Deadline deadline);

// What `cilium-health status --probe -o json` of the agent on `from` says of the way to each of the nodes. Pure.
std::vector<Tried> HealthOf(const Json& health, const AgentPlace& place, const std::vector<NodePlace>& nodes,
                            bool has_endpoints);

}  // namespace tales::cilium::probe
