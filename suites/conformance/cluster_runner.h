// The conformance tests in a pod of the cluster: what has to be there for it, and what is taken away afterwards.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "harness/base/deadline.h"
#include "harness/kube/client.h"
#include "suites/conformance/pod_run.h"

namespace tales::conformance {

// The id of the run whose producer works in `folder` (RUN/producers/ID), from its journal; where there is none, one
// that is made up and kept in the folder, so that a later start finds it again.
std::string RunIdOf(const std::filesystem::path& folder);

// Used on one thread.
class ClusterRunner {
 public:
  // `client` outlives it.
  ClusterRunner(kube::Client& client, PodRunOptions options) : client_(client), options_(std::move(options)) {}

  // Namespace, service account and its rights; those that an earlier start of this run made stay.
  absl::Status Prepare();
  absl::StatusOr<std::unique_ptr<TestRun>> Start(const E2eOptions& options);
  // Takes all of it away, by force what is on a node that is gone, and waits for that until `deadline`. What is left
  // then, and why; "": nothing.
  std::string Remove(Deadline deadline);

 private:
  absl::Status Make(kube::ResourcePath kind, std::string_view namespace_, const kube::Json& object);
  absl::Status Unmake(kube::ResourcePath kind, const std::string& name, Deadline deadline);

  kube::Client& client_;
  const PodRunOptions options_;
};

// The ids of runs that have something in the cluster, by its labels: of those that were killed, and of those under way.
absl::StatusOr<std::vector<std::string>> RunsInCluster(kube::Client& client, Deadline deadline);

// Takes away what these runs made in the cluster, also where somebody still goes on with one. Told what is left, by
// run; "" where nothing is.
std::vector<std::pair<std::string, std::string>> CleanUpRuns(kube::Client& client, const std::vector<std::string>& runs,
                                                             Deadline deadline);

}  // namespace tales::conformance
