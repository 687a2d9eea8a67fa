// Looks at the cluster every few seconds while something is measured in it (cluster_changes.h has what for).
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "harness/base/stopwatch.h"
#include "harness/kube/client.h"
#include "suites/shared/cluster_changes.h"

namespace tales {

// Thread-safe. Its end ends its thread, within the time of one look.
class Witness {
 public:
  // Has looked once when it is made. `cilium_namespace`: of the agents; "": there are none. `client` outlives it.
  Witness(kube::Client& client, std::string cilium_namespace);
  ~Witness();
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;

  ClusterChanges Look();           // now, and all that was seen until now
  ClusterChanges changes() const;  // without looking
  std::string NotReadyNow(const std::string& node) const;

 private:
  void Run();

  kube::Client& client_;
  const std::string cilium_namespace_;
  const Stopwatch watch_;
  mutable std::mutex mutex_;  // guards what follows
  ClusterChanges changes_;
  bool ends_ = false;
  std::condition_variable ending_;
  std::thread thread_;
};

}  // namespace tales
