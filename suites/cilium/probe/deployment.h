// Our namespace in the cluster: made, filled, and taken away again, also that of a run that was killed.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "harness/base/deadline.h"
#include "harness/check/cluster.h"
#include "harness/kube/client.h"
#include "suites/cilium/probe/place.h"
#include "suites/cilium/probe/workloads.h"
#include "suites/shared/dead_pods.h"
#include "suites/shared/tenancy.h"

namespace tales::cilium::probe {

// Not thread-safe. Its end does not remove anything: Remove() does.
class Deployment {
 public:
  using Progress = std::function<void(std::string_view)>;
  // `run_id`: of this run, a label's value. REQUIRES: the cluster has a Kubernetes client; it outlives this object.
  Deployment(Cluster& cluster, std::string run_id, Tenant tenant, Progress progress);

  // The namespace, after that of a dead run has gone; one that is at work is waited for, two minutes at most.
  // FailedPrecondition: there is one that is not ours.
  absl::Status MakeNamespace(Deadline deadline);
  // All objects; then waits until the pods run, or cannot, `patience` at most. A pod that does not run is no error: its
  // place says why, with its last warnings. Errors: the API refuses what all of it needs.
  absl::StatusOr<Place> Fill(absl::Duration patience, Deadline deadline);
  // Asks for the end of the namespace, with all that is in it (nothing of ours is elsewhere), and waits `patience` for
  // it; pods on nodes that are gone are ended by force. Unavailable: it was asked for, and has not come yet; what
  // keeps it, in Kubernetes' words.
  absl::Status Remove(absl::Duration patience);

 private:
  absl::Status ReadCluster(Place& place, Deadline deadline);
  absl::Status CreatePods(const std::vector<PodWish>& wishes, Deadline deadline);
  absl::Status AwaitPods(const std::vector<PodWish>& wishes, Place& place, absl::Duration patience, Deadline deadline);
  absl::Status CreateServices(Place& place, Deadline deadline);
  void ExplainTrouble(const std::vector<PodWish>& wishes, Place& place, Deadline deadline);
  void AwaitEndpoints(const Place& place, Deadline deadline);
  absl::Status Create(kube::ResourcePath kind, const Json& object, Json* made, Deadline deadline);

  Cluster& cluster_;
  kube::Client& client_;
  const std::string run_id_;
  const Tenant tenant_;
  const Progress progress_;
  DeadPods dead_pods_;
  bool made_ = false;
};

}  // namespace tales::cilium::probe
