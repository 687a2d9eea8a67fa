// The end of a namespace of our own, and what keeps it: pods that were deleted, on a node that will not say that they
// are gone: one that is not ready or not there any more. Kubernetes waits for it for ever, and the namespace with it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "harness/base/stopwatch.h"
#include "harness/kube/client.h"

namespace tales {

// What keeps a namespace that is on its way out: its own conditions. Pure.
std::string WhyStuck(const kube::Json& namespace_object);

// Used on one thread.
class DeadPods {
 public:
  using Progress = std::function<void(std::string_view)>;
  explicit DeadPods(
      kube::Client& client, Progress progress = [](std::string_view) {})
      : client_(&client), progress_(std::move(progress)) {}

  // Ends those of `name_space` by force, as `kubectl delete --force` does; a node that comes back ends what still runs.
  // To be called while the end of the namespace is waited for: it looks every two seconds, and otherwise does nothing.
  // REQUIRES: all pods there are ours. Errors: the API's; they are worth another try.
  absl::Status End(const std::string& name_space, Deadline deadline);

 private:
  kube::Client* client_;
  Progress progress_;
  std::map<std::string, Stopwatch> looked_;  // since the last look, by namespace
};

}  // namespace tales
