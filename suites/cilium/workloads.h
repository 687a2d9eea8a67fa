// Judging Cilium's workloads: which ones have to be there, whether they are rolled out, whether they stay up.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "harness/check/outcome.h"
#include "harness/definition/cluster_definition.h"
#include "harness/kube/client.h"

namespace tales::cilium {

using kube::Json;

struct Wanted {
  std::string kind, name;         // "DaemonSet", "cilium-envoy"
  std::optional<bool> is_wanted;  // nullopt: nothing says; judged where it is there
  std::string because;            // "envoy.enabled is declared"
};
// From the declared values, and where they say nothing from cilium-config (`config` may be empty).
std::vector<Wanted> WantedWorkloads(const CiliumDefinition& declared, const std::map<std::string, std::string>& config);

// Missing, or there against the declaration.
std::optional<Problem> JudgePresence(const Wanted& wanted, bool there, const std::string& cilium_namespace);

// Rolled out: the newest generation observed, every pod of the newest template, all of them ready, at least one.
// `nodes`: how many there are, for a DaemonSet that is to run on all; 0 where that is not known.
std::vector<Problem> JudgeRollout(const std::string& kind, const Json& workload, int64_t nodes);

// A container that restarts is one that waits after a crash, or whose last end is younger than kRestartWindow:
// kubelet's back-off ends at five minutes, so one that still crashes has ended within twice that. An end by the
// machine's own (no exit code is known then) is none, and an older one is over.
inline constexpr absl::Duration kRestartWindow = absl::Minutes(10);
std::vector<Problem> JudgeRestarts(const std::vector<Json>& pods, const std::string& cilium_namespace, absl::Time now);

}  // namespace tales::cilium
