// Faults: what can be broken on purpose, and which checks have to notice.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tales {

// `must` and `may` are globs over check instances ("health.services/{node}", "cilium.*"); {target}, {node} and {rest}
// stand for the target given with the fault: of "worker/kubelet", {node} is "worker" and {rest} is "kubelet".
struct Fault {
  std::string domain;             // "lab", "inputs", "import", "local"
  std::string id;                 // "service-stopped"
  std::string what;               // one sentence: what is broken by it
  std::string default_target;     // "worker/kubelet"; "" where it takes none
  std::vector<std::string> must;  // every instance that matches has to turn, and at least one has to match
  std::vector<std::string> may;   // can turn as a consequence; any other that turns fails the proof

  std::string name() const { return domain + ":" + id; }
};

// "lab:service-stopped=worker/kubelet"
struct FaultRequest {
  std::string domain, id, target;
  std::string ToString() const;
};
absl::StatusOr<FaultRequest> ParseFaultRequest(std::string_view text);

// The globs of `patterns` with the placeholders filled in for `target`.
std::vector<std::string> ExpandTargets(const std::vector<std::string>& patterns, std::string_view target);

}  // namespace tales
