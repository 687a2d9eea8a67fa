// Calls that answer with a stream of bytes.
#include <google/protobuf/empty.pb.h>

#include "harness/base/status.h"
#include "harness/talos/client_impl.h"
#include "harness/talos/kubeconfig_archive.h"
#include "harness/talos/proto/machine.grpc.pb.h"

namespace tales::talos {
namespace {

using google::protobuf::Empty;
using machine::MachineService;

constexpr size_t kKubeconfigLimit = 1 << 20;

template <typename Open>
absl::Status Bytes(Transport& transport, const CallName& call, Deadline deadline, const Open& open,
                   const ChunkSink& sink) {
  absl::Status inside;
  const absl::Status status =
      StreamFrom<common::Data>(transport, call, deadline, open, [&](const common::Data& data, Attempt& a) {
        inside = Explain(data.metadata(), call, a.endpoint, transport.roles());
        return inside.ok() && sink(data.bytes());
      });
  return status.ok() ? inside : status;
}

// Everything, up to `limit` bytes.
template <typename Open>
absl::StatusOr<std::string> Whole(Transport& transport, const CallName& call, Deadline deadline, size_t limit,
                                  const Open& open) {
  std::string text;
  bool too_long = false;
  TALES_RETURN_IF_ERROR(Bytes(transport, call, deadline, open, [&](std::string_view chunk) {
    too_long = chunk.size() > limit - text.size();
    if (!too_long) text += chunk;
    return !too_long;
  }));
  if (too_long) {
    return absl::OutOfRangeError(
        absl::StrCat(call.method, " of ", call.node, ": the answer is longer than ", limit, " bytes"));
  }
  return text;
}

}  // namespace

absl::StatusOr<std::string> Client::Read(std::string_view node, std::string_view path, Deadline deadline,
                                         size_t limit) {
  machine::ReadRequest request;
  request.set_path(std::string(path));
  const std::string method = absl::StrCat("Read ", path);
  return Whole(*impl_->transport, {method, node, "os:admin"}, deadline, limit,
               [&](Attempt& a) { return MachineService::NewStub(a.channel)->Read(&a.context, request); });
}

absl::Status Client::Dmesg(std::string_view node, const ChunkSink& sink, Deadline deadline) {
  return Bytes(
      *impl_->transport, {"Dmesg", node}, deadline,
      [](Attempt& a) { return MachineService::NewStub(a.channel)->Dmesg(&a.context, {}); }, sink);
}

absl::Status Client::Logs(std::string_view node, std::string_view service, int tail_lines, const ChunkSink& sink,
                          Deadline deadline) {
  machine::LogsRequest request;
  request.set_namespace_("system");
  request.set_id(std::string(service));
  request.set_driver(common::CONTAINERD);
  request.set_tail_lines(tail_lines);
  const std::string method = absl::StrCat("Logs ", service);
  return Bytes(
      *impl_->transport, {method, node}, deadline,
      [&](Attempt& a) { return MachineService::NewStub(a.channel)->Logs(&a.context, request); }, sink);
}

absl::StatusOr<std::string> Client::Kubeconfig(std::string_view node, Deadline deadline) {
  const CallName call{"Kubeconfig", node, "os:admin"};
  TALES_ASSIGN_OR_RETURN(const std::string archive,
                         Whole(*impl_->transport, call, deadline, kKubeconfigLimit, [](Attempt& a) {
                           return MachineService::NewStub(a.channel)->Kubeconfig(&a.context, Empty());
                         }));
  absl::StatusOr<std::string> text = UnpackKubeconfig(archive, kKubeconfigLimit);
  if (!text.ok()) return Annotate(text.status(), absl::StrCat("Kubeconfig of ", node));
  return text;
}

}  // namespace tales::talos
