// The namespaces that runs of e2e.test made and did not take down.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/base/deadline.h"
#include "harness/kube/client.h"

namespace tales::conformance {

// Deletes the namespaces with one of these e2e-run labels, and nothing else, and waits until they are gone; their pods
// on nodes that are gone are ended by force. Returns
// what is still there when `deadline` has passed. One that e2e.test itself has just deleted is not waited for:
// Kubernetes does not begin with it for five seconds, and one that gets stuck shows with the tests before.
absl::StatusOr<std::vector<std::string>> RemoveLeftovers(kube::Client& client, const std::vector<std::string>& run_ids,
                                                         Deadline deadline);

// Whether a namespace was deleted so short a time before or after `now` that its being there says nothing. The time is
// of the cluster's clock, which may be ahead of ours.
bool HasJustBeenDeleted(const kube::Json& one, absl::Time now);

// The e2e-run labels of those namespaces of `names` that are still there: processes that run side by side do not say
// theirs.
absl::StatusOr<std::set<std::string>> RunIdsOf(kube::Client& client, const std::set<std::string>& names,
                                               Deadline deadline);

}  // namespace tales::conformance
