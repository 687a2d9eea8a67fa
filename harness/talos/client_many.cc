// One call to many nodes: metadata `nodes`, one message per node in the reply.
#include <google/protobuf/empty.pb.h>

#include <set>

#include "harness/base/parallel.h"
#include "harness/talos/client_impl.h"
#include "harness/talos/proto/machine.grpc.pb.h"

namespace tales::talos {
namespace {

using google::protobuf::Empty;
using Stub = machine::MachineService::Stub;

// Each name is a header of the request, and a gRPC server takes 8 KiB of headers unless told otherwise.
constexpr size_t kNodesPerCall = 64;

template <typename Response, typename Reply>
PerNode<Reply> AskBatch(Transport& transport, std::string_view method, const std::vector<std::string>& nodes,
                        Deadline deadline,
                        grpc::Status (Stub::*function)(grpc::ClientContext*, const Empty&, Response*)) {
  PerNode<Reply> replies;
  Response response;
  std::string endpoint;
  const std::string all = nodes.size() == 1 ? nodes.front() : absl::StrCat(nodes.size(), " nodes");
  const absl::Status status = transport.Call({method, all}, {.nodes = &nodes}, deadline, [&](Attempt& a) {
    endpoint = a.endpoint;
    response.Clear();
    return (machine::MachineService::NewStub(a.channel).get()->*function)(&a.context, Empty(), &response);
  });
  for (const std::string& node : nodes) {
    replies.emplace(node, status.ok() ? absl::InternalError(absl::StrCat(method, " of ", node, " via ", endpoint,
                                                                         ": the node is missing from the reply"))
                                      : status);
  }
  for (auto& message : *response.mutable_messages()) {
    if (!status.ok()) break;
    const auto slot = replies.find(message.metadata().hostname());
    if (slot == replies.end()) continue;  // an answer that nobody asked for
    absl::Status error = Explain(message.metadata(), {method, slot->first}, endpoint, transport.roles());
    slot->second = error.ok() ? absl::StatusOr<Reply>(std::move(message)) : std::move(error);
  }
  return replies;
}

template <typename Response, typename Reply>
PerNode<Reply> AskMany(Transport& transport, size_t parallel, std::string_view method,
                       const std::vector<std::string>& nodes, Deadline deadline,
                       grpc::Status (Stub::*function)(grpc::ClientContext*, const Empty&, Response*)) {
  const std::set<std::string> names(nodes.begin(), nodes.end());
  std::vector<std::vector<std::string>> batches;
  for (const std::string& name : names) {
    if (batches.empty() || batches.back().size() == kNodesPerCall) batches.emplace_back();
    batches.back().push_back(name);
  }
  std::vector<PerNode<Reply>> parts(batches.size());
  ForEachInParallel(batches.size(), parallel, [&](size_t i) {
    parts[i] = AskBatch<Response, Reply>(transport, method, batches[i], deadline, function);
  });
  PerNode<Reply> replies;
  for (PerNode<Reply>& part : parts) replies.merge(part);
  return replies;
}

}  // namespace

PerNode<machine::Version> Client::Versions(const std::vector<std::string>& nodes, Deadline deadline) {
  return AskMany<machine::VersionResponse, machine::Version>(*impl_->transport, impl_->parallel, "Version", nodes,
                                                             deadline, &Stub::Version);
}

PerNode<machine::ServiceList> Client::ServicesOf(const std::vector<std::string>& nodes, Deadline deadline) {
  return AskMany<machine::ServiceListResponse, machine::ServiceList>(*impl_->transport, impl_->parallel, "ServiceList",
                                                                     nodes, deadline, &Stub::ServiceList);
}

}  // namespace tales::talos
