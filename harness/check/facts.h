// What several checks ask of a cluster, fetched once per worker and shared.
//
// The first check that asks for something of one node starts the same question to all declared nodes at once (those
// that did not answer the last one excepted); the others find the answer there. A fact is never older than the look
// that asks for it allows: a second look (settling) calls Expire() first and so sees the cluster as it is now. Errors
// are facts too and are shared the same way. Thread-safe.
#pragma once

#include <any>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <typeindex>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/check/cluster.h"

namespace tales {

class Facts {
 public:
  explicit Facts(Cluster& cluster);
  ~Facts();

  // Talos, by declared node. REQUIRES: cluster has a Talos client (the check needs kNeedsTalos).
  absl::StatusOr<machine::Version> Version(const NodeDefinition& node);
  absl::StatusOr<machine::ServiceList> Services(const NodeDefinition& node);
  absl::StatusOr<machine::Memory> Memory(const NodeDefinition& node);
  absl::StatusOr<machine::Mounts> Mounts(const NodeDefinition& node);
  absl::StatusOr<machine::EtcdMembers> EtcdMembers(const NodeDefinition& node);  // control planes only
  absl::StatusOr<machine::EtcdStatus> EtcdStatus(const NodeDefinition& node);
  absl::StatusOr<machine::EtcdAlarm> EtcdAlarms(const NodeDefinition& node);
  absl::StatusOr<std::vector<talos::Resource>> Resources(const NodeDefinition& node, talos::ResourceKind kind);
  absl::StatusOr<std::string> File(const NodeDefinition& node, std::string_view path);
  absl::StatusOr<std::string> KernelLog(const NodeDefinition& node);  // dmesg, the last 4 MiB

  // Kubernetes. REQUIRES: cluster has a Kubernetes client. All namespaces for namespaced kinds.
  absl::StatusOr<std::vector<kube::Json>> Objects(kube::ResourcePath kind);
  absl::StatusOr<kube::Json> ServerVersion();  // GET /version

  // Anything else that is asked more than once: `fetch` is called at most once per key until Expire(). The type must be
  // the same at every call with that key.
  template <typename T>
  absl::StatusOr<T> Once(const std::string& key, const std::function<absl::StatusOr<T>()>& fetch) {
    std::any value = OnceAny(key, [&]() -> std::any { return fetch(); });
    return std::any_cast<absl::StatusOr<T>>(std::move(value));
  }

  // Forgets everything: the next question is asked anew.
  void Expire();

  static constexpr absl::Duration kCallDeadline = absl::Seconds(10);  // of one call behind a fact

 private:
  struct Impl;
  std::any OnceAny(const std::string& key, const std::function<std::any()>& fetch);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tales
