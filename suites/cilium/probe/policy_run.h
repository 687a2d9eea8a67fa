// Trying one policy: a positive control, the policy, a wait until it is in force, three confirmations, its removal, and
// a wait until all gets through again.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/base/deadline.h"
#include "harness/kube/client.h"
#include "suites/cilium/probe/executor.h"
#include "suites/cilium/probe/judge.h"
#include "suites/cilium/probe/policies.h"

namespace tales::cilium::probe {

// What was seen of a step, as far as it came.
struct PolicyTrace {
  std::string what;
  std::vector<Tried> control;  // without the policy; all want an answer, and those that have it go on
  absl::Status applied, removed;
  std::vector<Tried> in_force;       // the last try under it
  std::vector<Tried> confirmations;  // three of each, once it was in force
  std::vector<Tried> after;          // without it again
};

constexpr int kConfirmations = 3;

// The policy is gone when this returns, whatever happened, or `removed` says why not.
PolicyTrace TryPolicy(kube::Client& client, const Executor& executor, const PolicyStep& step, Deadline deadline);

// Error: a control does not hold, so that a denial would prove nothing, or something could not be run; a way between
// the nodes that is known to be broken is named as the reason, once. Failed: the policy does not do what it says where
// it could be tried, or goes on when it is gone.
Outcome JudgePolicies(const std::vector<PolicyTrace>& traces, const Ways& ways, const std::string& name_space,
                      const std::string& next);

}  // namespace tales::cilium::probe
