// Shared by the parts of the client: client.cc (unary), client_many.cc, streams.cc, cosi.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "harness/talos/client.h"
#include "harness/talos/transport.h"

namespace tales::talos {

struct Client::Impl {
  std::unique_ptr<Transport> transport;
  std::vector<std::string> endpoints;
  size_t parallel = 32;

  // A unary call to one node. `Call` is `grpc::Status(Attempt&, Response*)`. Every reply of Talos is a list of
  // messages; one node answers with one.
  template <typename Response, typename Function>
  auto One(const CallName& call, Deadline deadline, const Function& function, std::string_view via = {})
      -> absl::StatusOr<typename std::decay_t<decltype(std::declval<Response>().messages())>::value_type>;
};

// The first message of a reply to one node, or its own error.
template <typename Response>
auto OnlyMessage(Response&& response, const CallName& call, std::string_view endpoint,
                 const std::vector<std::string>& roles)
    -> absl::StatusOr<typename std::decay_t<decltype(response.messages())>::value_type> {
  if (response.messages_size() != 1) {
    return absl::InternalError(absl::StrCat(call.method, " of ", call.node, " via ", endpoint, ": the reply holds ",
                                            response.messages_size(), " messages where one was expected"));
  }
  if (absl::Status status = Explain(response.messages(0).metadata(), call, endpoint, roles); !status.ok())
    return status;
  return std::move(*response.mutable_messages(0));
}

template <typename Response, typename Function>
auto Client::Impl::One(const CallName& call, Deadline deadline, const Function& function, std::string_view via)
    -> absl::StatusOr<typename std::decay_t<decltype(std::declval<Response>().messages())>::value_type> {
  Response response;
  std::string endpoint;
  const auto attempt = [&](Attempt& a) {
    endpoint = a.endpoint;
    response.Clear();
    return function(a, &response);
  };
  const Route route{.node = call.node};
  absl::Status status = via.empty() ? transport->Call(call, route, deadline, attempt)
                                    : transport->CallVia(via, call, route, deadline, attempt);
  if (!status.ok()) return status;
  return OnlyMessage(std::move(response), call, endpoint, transport->roles());
}

// A stream from one node. `open` makes the reader, `take` is given each item and returns false to end the stream early.
template <typename Item, typename Open, typename Take>
absl::Status StreamFrom(Transport& transport, const CallName& call, Deadline deadline, const Open& open,
                        const Take& take) {
  bool ended = false;
  const absl::Status status = transport.Call(call, {.node = call.node}, deadline, [&](Attempt& a) {
    ended = false;
    const auto reader = open(a);
    Item item;
    while (reader->Read(&item)) {
      a.repeatable = false;
      if (take(item, a)) continue;
      ended = true;
      a.context.TryCancel();
      break;
    }
    grpc::Status finished = reader->Finish();
    return ended ? grpc::Status::OK : finished;
  });
  return status;
}

}  // namespace tales::talos
