// The Kubernetes API, as a client: JSON over HTTP/2 by libcurl, exec over WebSocket.
//
// Objects are nlohmann::json as the server sends them: checks read fields, they do not need Go's types. Errors carry
// the server's own words (Status.message) behind what was asked of whom: "GET /api/v1/nodes at https://10.0.1.50:6443:
// ...". Codes: NotFound (404), PermissionDenied (401, 403), AlreadyExists (409 AlreadyExists), Aborted (409 Conflict),
// InvalidArgument (400, 422), ResourceExhausted (429), Unavailable (5xx, no connection), DeadlineExceeded,
// FailedPrecondition (TLS: wrong authority, expired, wrong name: it says which), OutOfRange (410: expired list or
// watch).
//
// Thread-safe: connections are kept per thread of use and reused.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "harness/base/deadline.h"
#include "harness/kube/kubeconfig.h"
#include "nlohmann/json.hpp"

namespace tales::kube {

using Json = nlohmann::json;

// A kind of object: its API path without namespace and name. Common ones below.
struct ResourcePath {
  std::string_view group_version;  // "v1", "apps/v1"
  std::string_view plural;         // "pods"
  bool namespaced = true;
};
inline constexpr ResourcePath kNamespaces{"v1", "namespaces", false};
inline constexpr ResourcePath kNodes{"v1", "nodes", false};
inline constexpr ResourcePath kPods{"v1", "pods"};
inline constexpr ResourcePath kServices{"v1", "services"};
inline constexpr ResourcePath kConfigMaps{"v1", "configmaps"};
inline constexpr ResourcePath kSecrets{"v1", "secrets"};
inline constexpr ResourcePath kEvents{"v1", "events"};
inline constexpr ResourcePath kPersistentVolumes{"v1", "persistentvolumes", false};
inline constexpr ResourcePath kServiceAccounts{"v1", "serviceaccounts"};
inline constexpr ResourcePath kDaemonSets{"apps/v1", "daemonsets"};
inline constexpr ResourcePath kDeployments{"apps/v1", "deployments"};
inline constexpr ResourcePath kReplicaSets{"apps/v1", "replicasets"};
inline constexpr ResourcePath kStatefulSets{"apps/v1", "statefulsets"};
inline constexpr ResourcePath kJobs{"batch/v1", "jobs"};
inline constexpr ResourcePath kCronJobs{"batch/v1", "cronjobs"};
inline constexpr ResourcePath kEndpointSlices{"discovery.k8s.io/v1", "endpointslices"};
inline constexpr ResourcePath kCustomResourceDefinitions{"apiextensions.k8s.io/v1", "customresourcedefinitions", false};

struct ListOptions {
  std::string label_selector, field_selector;
  int chunk = 500;  // objects per request; the rest is fetched by `continue`
};

// An answer, with what the server warned about (Warning headers, code 299), unquoted.
struct Reply {
  int http_status = 0;
  Json body;
  std::vector<std::string> warnings;
};

struct WatchEvent {
  std::string type;  // ADDED MODIFIED DELETED BOOKMARK ERROR
  Json object;
};

struct ExecResult {
  int exit_code = 0;
  std::string output, error_output;
};

class Client {
 public:
  static absl::StatusOr<std::unique_ptr<Client>> Open(Access access);
  ~Client();

  // namespace_ is "" for cluster-scoped kinds, and for all namespaces in List and Watch.
  absl::StatusOr<Json> Get(ResourcePath kind, std::string_view namespace_, std::string_view name, Deadline deadline);
  // All items. When a continue token expires in the middle (410), the list starts again, at most twice; when the server
  // restarts in the middle, the rest is asked for until it is back (20 s at most).
  absl::StatusOr<std::vector<Json>> List(ResourcePath kind, std::string_view namespace_, const ListOptions& options,
                                         Deadline deadline);
  // From `resource_version` ("" = now, with what exists as ADDED) until `sink` returns false (OK), `deadline` passes
  // (DeadlineExceeded) or the server ends it. A connection that breaks, also by a restart of the server (20 s at most),
  // is made anew, and the watch goes on behind the last event. Where the server no longer knows that (410), a watch
  // from now lists again and tells what differs, a deleted object by its metadata alone; one from `resource_version`
  // ends with OutOfRange.
  absl::Status Watch(ResourcePath kind, std::string_view namespace_, const ListOptions& options,
                     std::string_view resource_version, const std::function<bool(const WatchEvent&)>& sink,
                     Deadline deadline);

  absl::StatusOr<Reply> Create(ResourcePath kind, std::string_view namespace_, const Json& object, bool dry_run,
                               Deadline deadline);
  // Server-side apply; field manager "tales".
  absl::StatusOr<Reply> Apply(ResourcePath kind, std::string_view namespace_, std::string_view name, const Json& object,
                              bool dry_run, bool force, Deadline deadline);
  absl::StatusOr<Reply> MergePatch(ResourcePath kind, std::string_view namespace_, std::string_view name,
                                   const Json& patch, bool dry_run, Deadline deadline);
  // `grace_seconds`: of a pod; 0 ends it by force, without its node's word. Default: what the object says.
  absl::Status Delete(ResourcePath kind, std::string_view namespace_, std::string_view name, Deadline deadline,
                      std::optional<int> grace_seconds = std::nullopt);

  // Any path, for example "/version", "/readyz?verbose": body as text.
  absl::StatusOr<std::string> GetRaw(std::string_view path, Deadline deadline);

  struct LogOptions {
    std::string container;
    bool previous = false;
    int tail_lines = -1;      // -1: all
    int64_t limit_bytes = 0;  // 0: no limit
    bool follow = false;
  };
  absl::Status Logs(std::string_view namespace_, std::string_view pod, const LogOptions& options,
                    const std::function<bool(std::string_view chunk)>& sink, Deadline deadline);
  // The command's exit code is in the result; an error means that it could not be run. Protocol v5.channel.k8s.io or
  // v4.
  absl::StatusOr<ExecResult> Exec(std::string_view namespace_, std::string_view pod, std::string_view container,
                                  const std::vector<std::string>& command, Deadline deadline);

  const Access& access() const;

 private:
  struct Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tales::kube
