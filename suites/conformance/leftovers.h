// The namespaces that runs of e2e.test made and did not take down.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/base/deadline.h"
#include "harness/kube/client.h"

namespace tales::conformance {

// Deletes the namespaces with one of these e2e-run labels, and nothing else, and waits until they are gone. Returns
// what is still there when `deadline` has passed.
absl::StatusOr<std::vector<std::string>> RemoveLeftovers(kube::Client& client, const std::vector<std::string>& run_ids,
                                                         Deadline deadline);

}  // namespace tales::conformance
