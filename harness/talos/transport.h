// Connections to the endpoints of a cluster: one gRPC channel each, opened when it is first needed, and the order in
// which they are tried.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/base/deadline.h"
#include "harness/talos/endpoint.h"
#include "harness/talos/explain.h"
#include "harness/talos/talosconfig.h"

namespace tales::talos {

inline constexpr int kMaxMessage = 32 << 20;  // bytes, both ways, as apid has it

// The settings of every channel to a Talos API: message size, reconnection, keepalive.
grpc::ChannelArguments ChannelSettings();

// Waits until the channel is connected. False when it failed to connect or `deadline` passed.
bool Connect(grpc::Channel& channel, Deadline deadline);

// One try at a call through one endpoint.
struct Attempt {
  grpc::ClientContext& context;
  const std::shared_ptr<grpc::Channel>& channel;
  const std::string& endpoint;  // its name, for messages
  // Whether the call may be made again elsewhere when the connection breaks. A call that changes something, or that has
  // handed out part of its answer, sets it to false.
  bool repeatable = true;
};

// Where a call goes: `node` for one, `nodes` for many; both empty: the endpoint itself.
struct Route {
  std::string_view node = {};
  const std::vector<std::string>* nodes = nullptr;
};

// Thread-safe.
class Transport {
 public:
  static absl::StatusOr<std::unique_ptr<Transport>> Open(const Context& context,
                                                         const std::vector<std::string>& endpoints);

  using Function = std::function<grpc::Status(Attempt&)>;
  // Makes the call through the endpoint that worked last, then through the others while they are unavailable. The error
  // is that of the last one that was reached; when none was, it says why for each.
  absl::Status Call(const CallName& call, const Route& route, Deadline deadline, const Function& function);
  // Through this endpoint alone, whether or not it is one of ours; over a connection of its own where it is not.
  absl::Status CallVia(std::string_view endpoint, const CallName& call, const Route& route, Deadline deadline,
                       const Function& function);

  const std::vector<std::string>& roles() const { return roles_; }

 private:
  struct Peer {
    Endpoint endpoint;
    std::shared_ptr<grpc::Channel> channel;
    std::timed_mutex diagnosing;  // guards what follows: many calls fail at once, one asks why
    std::string why;
    absl::Time asked = absl::InfinitePast();
  };

  explicit Transport(const Context& context) : context_(context) {}
  std::shared_ptr<Peer> MakePeer(const Endpoint& endpoint) const;
  // What came of one endpoint: the call's own status, or why it was never made.
  struct Outcome {
    bool reached = false;
    bool repeatable = false;
    absl::Status status;
    std::string why;  // not reached
  };
  Outcome Try(Peer& peer, const CallName& call, const Route& route, Deadline deadline, Deadline connect_by,
              const Function& function) const;
  std::string Why(Peer& peer, Deadline deadline) const;

  const Context context_;
  std::shared_ptr<grpc::ChannelCredentials> credentials_;
  std::vector<std::string> roles_;
  std::vector<std::shared_ptr<Peer>> peers_;
  std::atomic<size_t> preferred_ = 0;
};

}  // namespace tales::talos
