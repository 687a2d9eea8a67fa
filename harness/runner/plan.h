// From what is asked to what is judged: which check instances get a verdict, in which dependence on each other.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/runner/planned_check.h"
#include "harness/runner/registry.h"

namespace tales {

struct PlanRequest {
  std::string profile;              // "" with a discovered definition: health, else post-install
  std::vector<std::string> suites;  // names; empty: the profile's checks
  std::vector<std::string> checks;  // globs over check instances
  std::optional<absl::Duration> settle;
  Tier granted = Tier::kRead;
  ProducerInputs inputs;  // of this run: by flags, and as the profile says
  ProducerInputs flags;   // by flags alone: what these ask for is done, or fails the run
};

// The profile that `name` stands for: the registry's, with what the cluster file says instead. InvalidArgument names
// the profiles that there are.
absl::StatusOr<Profile> ResolveProfile(const Registry& registry, const ClusterDefinition& definition, std::string name);

// InvalidArgument is a usage error: an unknown suite or profile, a glob that matches nothing (with near names), a tier
// that is not granted and that a flag or the profile's required checks need, imports that nothing planned takes.
absl::StatusOr<Plan> MakePlan(const Registry& registry, const ClusterDefinition& definition,
                              const PlanRequest& request);

// What can be said of the names before it is known what the cluster has: InvalidArgument for an unknown suite, or a
// glob that no instance of any check can match.
absl::Status CheckNames(const Registry& registry, const PlanRequest& request);

// What is wrong with a registry itself, one line each: unknown ids in `after`, cycles, duplicate ids, checks without a
// fault. Empty is well; a test over each registry demands it.
std::vector<std::string> RegistryProblems(const Registry& registry);

// At most three of `names`, the ones that are most like `word`.
std::vector<std::string> NearNames(std::string_view word, const std::vector<std::string>& names);

}  // namespace tales
