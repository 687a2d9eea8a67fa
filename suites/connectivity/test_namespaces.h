// The namespaces that `cilium connectivity test` works in, cilium-test-1 and on: made ready for its pods, which a
// cluster's usual PodSecurity level refuses, and put back as they were.
//
// What they were is written down in them (an annotation; a label on those that were made), so that where a run is
// killed the next one still knows it; and whose they are until when, so that two runs do not take each other's away.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "harness/base/deadline.h"
#include "harness/kube/client.h"
#include "suites/shared/dead_pods.h"
#include "suites/shared/tenancy.h"

namespace tales::connectivity {

// Thread-compatible.
class TestNamespaces {
 public:
  // Lets pods of any kind into cilium-test-1 to `count`, which are made where they are not there.
  // What a run that was killed left of them is what this one takes away; one that is being deleted is waited for.
  // FailedPrecondition: another run is at work in them, and says until when.
  static absl::StatusOr<TestNamespaces> Prepare(kube::Client& client, int count, Tenant tenant, Deadline deadline);

  // Takes away what has come since: namespaces of this name that were not there, but for another run's, and in those
  // that were the objects that were not; their labels are what they were. Pods of namespaces that were not there, on
  // nodes that are gone, are ended by force. Waits until it is gone; returns what is still there when `deadline` has
  // passed.
  absl::StatusOr<std::vector<std::string>> Restore(Deadline deadline);

 private:
  using Names = std::set<std::string>;  // "deployments client"
  TestNamespaces(kube::Client& client, Tenant tenant)
      : client_(&client), dead_pods_(client), tenant_(std::move(tenant)) {}
  bool IsAnothers(const kube::Json& namespace_) const;
  absl::Status Settle(int count, Deadline deadline);
  absl::Status CheckFree(const kube::Json& namespace_) const;
  absl::StatusOr<Names> ObjectsIn(const std::string& name, Deadline deadline);
  absl::StatusOr<Names> Existing(Deadline deadline);
  absl::Status Remember(const kube::Json& namespace_, Deadline deadline);
  absl::Status Make(const std::string& name, Deadline deadline);
  absl::Status TakeOver(const std::string& name, Deadline deadline);
  absl::Status Open(const std::string& name, Deadline deadline);
  absl::Status Close(const std::string& name, Deadline deadline);
  absl::StatusOr<std::vector<std::string>> Remove(Deadline deadline);

  kube::Client* client_;
  DeadPods dead_pods_;
  Tenant tenant_;
  Names ours_;                            // not to be kept
  Names made_, opened_;                   // by this one
  Names before_;                          // namespaces that were there
  std::map<std::string, Names> objects_;  // what was in those
  std::map<std::string, std::string> versions_;
  std::map<std::string, kube::Json> labels_;  // of those, what matters; null: not there
};

}  // namespace tales::connectivity
