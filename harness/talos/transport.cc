#include "harness/talos/transport.h"

#include <grpc/support/log.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/base/status.h"
#include "harness/pki/certificate.h"
#include "harness/talos/diagnosis.h"

namespace tales::talos {
namespace {

constexpr absl::Duration kDiagnosisTime = absl::Seconds(3);
constexpr absl::Duration kDiagnosisAge = absl::Seconds(2);
constexpr absl::Duration kSecondChance = absl::Milliseconds(100);

std::string Elapsed(absl::Time start) {
  return absl::FormatDuration(absl::Trunc(absl::Now() - start + absl::Milliseconds(5), absl::Milliseconds(10)));
}

// gRPC writes TLS failures to standard error by itself. We say the same in the error, with the node's name.
void SilenceGrpc() {
  [[maybe_unused]] static const bool done = [] {
    if (std::getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function([](gpr_log_func_args*) {});
    return true;
  }();
}

}  // namespace

grpc::ChannelArguments ChannelSettings() {
  SilenceGrpc();
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessage);
  arguments.SetMaxSendMessageSize(kMaxMessage);
  // A node that reboots should be found again soon after it is back: gRPC's own pauses grow to two minutes.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000);  // despite its name the time that one connection may take
  // Go servers hang up on those who ping more often than every five minutes. What this is for is the TCP_USER_TIMEOUT
  // that comes with it: a peer that lost power is noticed 20 s after something was sent to it.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 330'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);          // nodes are dialled directly
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // another client's failed connection is not ours
  return arguments;
}

bool Connect(grpc::Channel& channel, Deadline deadline) {
  grpc_connectivity_state state = channel.GetState(/*try_to_connect=*/true);
  // A channel that failed once says so until it is connected again, and gets on with that only while somebody waits.
  if (state == GRPC_CHANNEL_TRANSIENT_FAILURE) {
    channel.WaitForStateChange(state, deadline.AtMost(kSecondChance).ToSystemClock());
    state = channel.GetState(true);
  }
  while (state != GRPC_CHANNEL_READY) {
    if (state == GRPC_CHANNEL_TRANSIENT_FAILURE || state == GRPC_CHANNEL_SHUTDOWN || deadline.passed()) return false;
    channel.WaitForStateChange(state, deadline.ToSystemClock());
    state = channel.GetState(true);
  }
  return true;
}

absl::StatusOr<std::unique_ptr<Transport>> Transport::Open(const Context& context,
                                                           const std::vector<std::string>& endpoints) {
  const std::vector<std::string>& used = endpoints.empty() ? context.endpoints : endpoints;
  if (used.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("context \"", context.name,
                                                   "\" of the talosconfig has no endpoints; add the control planes' "
                                                   "addresses with `talosctl config endpoint`"));
  }
  std::unique_ptr<Transport> transport(new Transport(context));
  TALES_ASSIGN_OR_RETURN(const std::vector<pki::Certificate> ours, pki::ParseCertificates(context.certificate_pem));
  transport->roles_ = ours.front().organizations;
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = context.ca_pem;
  options.pem_cert_chain = context.certificate_pem;
  options.pem_private_key = pki::NormalizeKeyLabel(context.key_pem);
  // gRPC only logs what is wrong with a key, and then every call fails without a reason.
  TALES_RETURN_IF_ERROR(pki::KeyMatches(ours.front(), options.pem_private_key));
  transport->credentials_ = grpc::SslCredentials(options);
  for (const std::string& text : used) {
    TALES_ASSIGN_OR_RETURN(const Endpoint endpoint, ParseEndpoint(text));
    transport->peers_.push_back(transport->MakePeer(endpoint));
  }
  return transport;
}

std::shared_ptr<Transport::Peer> Transport::MakePeer(const Endpoint& endpoint) const {
  auto peer = std::make_shared<Peer>();
  peer->endpoint = endpoint;
  peer->channel = grpc::CreateCustomChannel(endpoint.Target(), credentials_, ChannelSettings());
  return peer;
}

std::string Transport::Why(Peer& peer, Deadline deadline) const {
  const Deadline until = deadline.AtMost(kDiagnosisTime);
  if (until.passed()) return "no connection within the deadline";
  std::unique_lock lock(peer.diagnosing, until.ToSteadyClock());
  if (!lock.owns_lock()) return "no connection within the deadline";
  if (absl::Now() - peer.asked > kDiagnosisAge) {
    peer.why = WhyNoConnection(peer.endpoint, context_, until);
    peer.asked = absl::Now();
  }
  return peer.why;
}

Transport::Outcome Transport::Try(Peer& peer, const CallName& call, const Route& route, Deadline deadline,
                                  Deadline connect_by, const Function& function) const {
  const absl::Time start = absl::Now();
  Outcome outcome;
  if (!Connect(*peer.channel, connect_by)) {
    outcome.repeatable = true;
    outcome.why = connect_by.passed() ? absl::StrCat("no connection within ", Elapsed(start)) : Why(peer, deadline);
    return outcome;
  }
  grpc::ClientContext context;
  context.set_deadline(deadline.ToSystemClock());
  if (!route.node.empty()) context.AddMetadata("node", std::string(route.node));
  if (route.nodes != nullptr) {
    for (const std::string& node : *route.nodes) context.AddMetadata("nodes", node);
  }
  Attempt attempt{context, peer.channel, peer.endpoint.name};
  grpc::Status status = function(attempt);
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED && deadline.passed()) {
    status = grpc::Status(status.error_code(), absl::StrCat("waited ", Elapsed(start)));
  }
  outcome.reached = true;
  outcome.repeatable = attempt.repeatable && status.error_code() == grpc::StatusCode::UNAVAILABLE;
  outcome.status = Explain(status, call, peer.endpoint.name, roles_);
  return outcome;
}

absl::Status Transport::Call(const CallName& call, const Route& route, Deadline deadline, const Function& function) {
  const size_t first = preferred_.load(), count = peers_.size();
  absl::Status last;
  std::vector<std::string> reasons;
  for (size_t i = 0; i < count; ++i) {
    const size_t index = (first + i) % count;
    Peer& peer = *peers_[index];
    // An endpoint that swallows packets must leave time for the others.
    const Deadline connect_by = deadline.AtMost(deadline.remaining() / static_cast<int64_t>(count - i));
    Outcome outcome = Try(peer, call, route, deadline, connect_by, function);
    if (outcome.reached) {
      if (!absl::IsUnavailable(outcome.status)) preferred_.store(index);
      if (!outcome.repeatable) return outcome.status;
      last = std::move(outcome.status);
    } else {
      reasons.push_back(absl::StrCat("via ", peer.endpoint.name, ": ", outcome.why));
    }
  }
  if (!last.ok()) return last;
  const auto code = deadline.passed() ? absl::StatusCode::kDeadlineExceeded : absl::StatusCode::kUnavailable;
  return absl::Status(code, absl::StrCat(call.method, " of ", call.node, " ", absl::StrJoin(reasons, "; ")));
}

absl::Status Transport::CallVia(std::string_view endpoint, const CallName& call, const Route& route, Deadline deadline,
                                const Function& function) {
  TALES_ASSIGN_OR_RETURN(const Endpoint wanted, ParseEndpoint(endpoint));
  std::shared_ptr<Peer> peer;
  for (const std::shared_ptr<Peer>& ours : peers_) {
    if (ours->endpoint.Target() == wanted.Target()) peer = ours;
  }
  // One of its own, and closed after it: each open one costs 140 KiB, and there may be a thousand workers.
  if (peer == nullptr) peer = MakePeer(wanted);
  Outcome outcome = Try(*peer, call, route, deadline, deadline, function);
  if (outcome.reached) return outcome.status;
  const auto code = deadline.passed() ? absl::StatusCode::kDeadlineExceeded : absl::StatusCode::kUnavailable;
  return absl::Status(code,
                      absl::StrCat(call.method, " of ", call.node, " via ", peer->endpoint.name, ": ", outcome.why));
}

}  // namespace tales::talos
