// The scenarios about policies: each has a server of its own (a guard), so that they run side by side; the askers are
// shared, but for those whose own traffic a policy limits.
//
// Each step is a positive control, a policy, and what has to be let through and kept out under it; see policy_run.h.
#pragma once

#include <string>
#include <vector>

#include "suites/cilium/probe/place.h"
#include "suites/cilium/probe/probe.h"
#include "suites/cilium/probe/workloads.h"

namespace tales::cilium::probe {

enum class PolicyKind { kNetworkPolicy, kCiliumNetworkPolicy };

struct PolicyStep {
  std::string scenario;
  std::string what;  // "toPorts 8080/TCP alone"
  PolicyKind kind = PolicyKind::kCiliumNetworkPolicy;
  Json policy;
  // Under the policy, each with what it wants. Without it all of them have to be answered, first and in the end.
  std::vector<Probe> probes;
};

inline constexpr char kForbidden[] = "403 ";  // how the proxy's answer to what no rule allows begins

// Askers and guards, pinned: the askers on one node, the guards on another where there is one, and one of each kind on
// every node that is Ready.
std::vector<PodWish> GuardPods(const Place& place);
// REQUIRES: the pods of GuardPods() have their places in `place`. Steps of a scenario come after each other.
std::vector<PolicyStep> PolicySteps(const Place& place);

}  // namespace tales::cilium::probe
