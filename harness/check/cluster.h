// The cluster under judgement, as checks see it: its definition and the clients that reach it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "harness/check/cluster_access.h"
#include "harness/definition/cluster_definition.h"
#include "harness/kube/client.h"
#include "harness/talos/client.h"

namespace tales {

// Owned by the worker process, shared by its checks. Thread-safe as its clients are.
class Cluster {
 public:
  // Opens what the access names. A missing talosconfig or kubeconfig is not an error (checks that need it are
  // unsupported); one that is there and unusable is.
  static absl::StatusOr<std::unique_ptr<Cluster>> Open(const ClusterAccess& access);

  const ClusterDefinition& definition() const { return definition_; }
  const ClusterAccess& access() const { return access_; }
  talos::Client* talos() const { return talos_.get(); }  // nullptr: no talosconfig
  kube::Client* kube() const { return kube_.get(); }     // nullptr: no kubeconfig
  const std::optional<talos::Context>& talos_context() const { return talos_context_; }

 private:
  Cluster(ClusterAccess access, ClusterDefinition definition)
      : access_(std::move(access)), definition_(std::move(definition)) {}
  ClusterAccess access_;
  ClusterDefinition definition_;
  std::optional<talos::Context> talos_context_;
  std::unique_ptr<talos::Client> talos_;
  std::unique_ptr<kube::Client> kube_;
};

}  // namespace tales
