// The Talos machine API, as a client: apid's gRPC over mutual TLS.
//
// One Client serves all nodes of a cluster. A call names the node by the address under which the cluster knows it; the
// client dials an endpoint (a control plane, which forwards by metadata `node`) and tries the next endpoint when one is
// unavailable. Replies are messages of our own subset of the protocol (proto/), field numbers as in Talos 1.9.4.
//
// Errors read: "<Method> of <node> via <endpoint>: <why>". Codes worth knowing: Unavailable (node down or booting;
// retry), DeadlineExceeded, PermissionDenied (role, or forwarding refused), Unimplemented (maintenance mode; a
// control-plane method asked of a worker), NotFound (Read, Get), FailedPrecondition (container mode, Bootstrap too
// early).
//
// Thread-safe. Every call has a deadline and is cancelled when it passes.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "harness/base/deadline.h"
#include "harness/talos/proto/machine.pb.h"
#include "harness/talos/proto/time.pb.h"
#include "harness/talos/talosconfig.h"

namespace tales::talos {

// One resource of COSI state: metadata, and the spec as Talos' own YAML.
struct Resource {
  std::string namespace_, type, id, version, phase, owner;
  std::map<std::string, std::string> labels, annotations;
  absl::Time created, updated;
  std::string yaml_spec;
  std::string proto_spec;  // the same as protobuf; of MachineConfig, the submitted bytes
};

// A kind of resource: where it lives and what it is called. The ones that checks read are in resources.h.
struct ResourceKind {
  std::string_view namespace_, type;
};

enum class EventType { kCreated, kUpdated, kDestroyed, kBootstrapped, kErrored };
struct ResourceEvent {
  EventType type;
  Resource resource;
  std::string error;  // kErrored only
};

// What one node said in a call to many: a failed node does not fail the call.
template <typename Reply>
using PerNode = std::map<std::string, absl::StatusOr<Reply>>;

// Receives a chunk; returning false ends the stream early (which is not an error).
using ChunkSink = std::function<bool(std::string_view chunk)>;

class Client {
 public:
  struct Options {
    std::vector<std::string> endpoints;  // host or host:port (50000). Default: the context's
    size_t parallel = 32;                // calls under way at once in calls to many nodes
  };
  static absl::StatusOr<std::unique_ptr<Client>> Open(const Context& context, Options options);
  ~Client();

  // Unary calls to one node.
  absl::StatusOr<machine::Version> Version(std::string_view node, Deadline deadline);
  absl::StatusOr<machine::ServiceList> Services(std::string_view node, Deadline deadline);
  absl::StatusOr<machine::Memory> Memory(std::string_view node, Deadline deadline);
  absl::StatusOr<machine::Mounts> Mounts(std::string_view node, Deadline deadline);
  absl::StatusOr<machine::SystemStat> SystemStat(std::string_view node, Deadline deadline);
  absl::StatusOr<machine::EtcdMembers> EtcdMembers(std::string_view node, Deadline deadline);
  absl::StatusOr<machine::EtcdStatus> EtcdStatus(std::string_view node, Deadline deadline);
  absl::StatusOr<machine::EtcdAlarm> EtcdAlarms(std::string_view node, Deadline deadline);
  absl::StatusOr<talos_time::Time> Time(std::string_view node, Deadline deadline);  // the node asks its time server
  // Never repeated after it was sent: a broken connection is an error, also where there are other endpoints.
  absl::StatusOr<machine::ServiceRestart> ServiceRestart(std::string_view node, std::string_view service,
                                                         Deadline deadline);

  // What changes a machine; lifecycle.cc. Each is sent once, like ServiceRestart: where the connection breaks (a
  // machine that goes down may not get to say so), look at the machine before it is asked again. They answer when the
  // machine has taken the request, not when it has done it. Unless said otherwise they need os:admin.
  //
  // `mode_details` of a dry run is a diff that may show secrets. A dry run also ends a configuration on trial (TRY).
  absl::StatusOr<machine::ApplyConfiguration> ApplyConfiguration(std::string_view node,
                                                                 const machine::ApplyConfigurationRequest& request,
                                                                 Deadline deadline);
  // FailedPrecondition: too early, or a worker; AlreadyExists: etcd has data.
  absl::Status Bootstrap(std::string_view node, Deadline deadline);
  absl::Status Reboot(std::string_view node, machine::RebootRequest::Mode mode, Deadline deadline);  // os:operator
  // `force`: without cordon and drain. os:operator.
  absl::Status Shutdown(std::string_view node, bool force, Deadline deadline);
  absl::Status Reset(std::string_view node, const machine::ResetRequest& request, Deadline deadline);
  absl::Status Upgrade(std::string_view node, const machine::UpgradeRequest& request, Deadline deadline);
  absl::Status Rollback(std::string_view node, Deadline deadline);  // to the system before the last upgrade
  absl::Status EtcdRemoveMember(std::string_view node, uint64_t member, Deadline deadline);
  // etcd's data, as a file (mode 0600) that replaces `to` when it is whole: its own checksum, the last 32 bytes, is
  // compared. DataLoss where it is not what was sent. os:etcd:backup or os:operator.
  absl::Status EtcdSnapshot(std::string_view node, const std::filesystem::path& to, Deadline deadline);

  // The same to many nodes in one call (metadata `nodes`): errors of single nodes come inside an OK reply and are
  // handed out per node. A node that is missing from the reply is an Internal error of that node, never silence.
  PerNode<machine::Version> Versions(const std::vector<std::string>& nodes, Deadline deadline);
  PerNode<machine::ServiceList> ServicesOf(const std::vector<std::string>& nodes, Deadline deadline);

  // Streams. Read: OutOfRange where the file is longer than `limit` bytes, NotFound where there is none.
  absl::StatusOr<std::string> Read(std::string_view node, std::string_view path, Deadline deadline,
                                   size_t limit = 1 << 20);
  absl::Status Dmesg(std::string_view node, const ChunkSink& sink, Deadline deadline);
  // `service` is a Talos service; `tail_lines` -1: all.
  absl::Status Logs(std::string_view node, std::string_view service, int tail_lines, const ChunkSink& sink,
                    Deadline deadline);
  absl::StatusOr<std::string> Kubeconfig(std::string_view node, Deadline deadline);  // unpacked YAML

  // COSI state. Get: NotFound when it is not there.
  absl::StatusOr<Resource> Get(std::string_view node, ResourceKind kind, std::string_view id, Deadline deadline);
  absl::StatusOr<std::vector<Resource>> List(std::string_view node, ResourceKind kind, Deadline deadline);
  // Existing resources as kCreated, then kBootstrapped, then changes, until `sink` returns false (OK) or `deadline`
  // passes (DeadlineExceeded).
  absl::Status Watch(std::string_view node, ResourceKind kind, const std::function<bool(const ResourceEvent&)>& sink,
                     Deadline deadline);

  // One call through a given endpoint, without failover: "does this control plane forward to that node?"
  // (health.routing).
  absl::StatusOr<machine::Version> VersionVia(std::string_view endpoint, std::string_view node, Deadline deadline);

  const std::vector<std::string>& endpoints() const;
  // The roles in our own certificate: os:admin, os:operator, os:reader, ...
  const std::vector<std::string>& roles() const;
  bool HasRole(std::string_view role) const;  // os:admin has every role, os:operator that of a reader too

 private:
  struct Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// A node without configuration: TLS without client certificate, its self-signed certificate trusted as it is found, or
// only when it has `fingerprint` (base64 of SHA-256 over the public key, as the node's console shows it).
class MaintenanceClient {
 public:
  static absl::StatusOr<std::unique_ptr<MaintenanceClient>> Open(std::string_view address, std::string_view fingerprint,
                                                                 Deadline deadline);
  ~MaintenanceClient();
  absl::StatusOr<std::vector<Resource>> List(ResourceKind kind, Deadline deadline);
  // `dry_run` validates only. Returns the mode details and warnings as text.
  absl::StatusOr<std::string> ApplyConfiguration(std::string_view config, bool dry_run, Deadline deadline);

 private:
  struct Impl;
  explicit MaintenanceClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tales::talos
