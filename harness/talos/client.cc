#include "harness/talos/client.h"

#include <google/protobuf/empty.pb.h>

#include <algorithm>

#include "harness/base/status.h"
#include "harness/talos/client_impl.h"
#include "harness/talos/proto/machine.grpc.pb.h"
#include "harness/talos/proto/time.grpc.pb.h"

namespace tales::talos {
namespace {

using google::protobuf::Empty;
using Stub = machine::MachineService::Stub;

// A machine call with an empty request.
template <typename Response>
auto Ask(grpc::Status (Stub::*method)(grpc::ClientContext*, const Empty&, Response*)) {
  return [method](Attempt& a, Response* response) {
    return (machine::MachineService::NewStub(a.channel).get()->*method)(&a.context, Empty(), response);
  };
}

}  // namespace

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;

absl::StatusOr<std::unique_ptr<Client>> Client::Open(const Context& context, Options options) {
  auto impl = std::make_unique<Impl>();
  impl->endpoints = options.endpoints.empty() ? context.endpoints : std::move(options.endpoints);
  impl->parallel = std::max<size_t>(options.parallel, 1);
  TALES_ASSIGN_OR_RETURN(impl->transport, Transport::Open(context, impl->endpoints));
  return std::unique_ptr<Client>(new Client(std::move(impl)));
}

const std::vector<std::string>& Client::endpoints() const { return impl_->endpoints; }
const std::vector<std::string>& Client::roles() const { return impl_->transport->roles(); }

bool Client::HasRole(std::string_view role) const {
  const auto has = [&](std::string_view wanted) {
    return std::find(roles().begin(), roles().end(), wanted) != roles().end();
  };
  if (has(role) || has("os:admin")) return true;
  return role == "os:reader" && has("os:operator");
}

absl::StatusOr<machine::Version> Client::Version(std::string_view node, Deadline deadline) {
  return impl_->One<machine::VersionResponse>({"Version", node}, deadline, Ask(&Stub::Version));
}

absl::StatusOr<machine::Version> Client::VersionVia(std::string_view endpoint, std::string_view node,
                                                    Deadline deadline) {
  return impl_->One<machine::VersionResponse>({"Version", node}, deadline, Ask(&Stub::Version), endpoint);
}

absl::StatusOr<machine::ServiceList> Client::Services(std::string_view node, Deadline deadline) {
  return impl_->One<machine::ServiceListResponse>({"ServiceList", node}, deadline, Ask(&Stub::ServiceList));
}

absl::StatusOr<machine::Memory> Client::Memory(std::string_view node, Deadline deadline) {
  return impl_->One<machine::MemoryResponse>({"Memory", node}, deadline, Ask(&Stub::Memory));
}

absl::StatusOr<machine::Mounts> Client::Mounts(std::string_view node, Deadline deadline) {
  return impl_->One<machine::MountsResponse>({"Mounts", node}, deadline, Ask(&Stub::Mounts));
}

absl::StatusOr<machine::SystemStat> Client::SystemStat(std::string_view node, Deadline deadline) {
  return impl_->One<machine::SystemStatResponse>({"SystemStat", node}, deadline, Ask(&Stub::SystemStat));
}

absl::StatusOr<machine::EtcdMembers> Client::EtcdMembers(std::string_view node, Deadline deadline) {
  return impl_->One<machine::EtcdMemberListResponse>(
      {"EtcdMemberList", node}, deadline, [](Attempt& a, machine::EtcdMemberListResponse* response) {
        return machine::MachineService::NewStub(a.channel)->EtcdMemberList(&a.context, {}, response);
      });
}

absl::StatusOr<machine::EtcdStatus> Client::EtcdStatus(std::string_view node, Deadline deadline) {
  return impl_->One<machine::EtcdStatusResponse>({"EtcdStatus", node, "os:operator"}, deadline, Ask(&Stub::EtcdStatus));
}

absl::StatusOr<machine::EtcdAlarm> Client::EtcdAlarms(std::string_view node, Deadline deadline) {
  return impl_->One<machine::EtcdAlarmListResponse>({"EtcdAlarmList", node, "os:operator"}, deadline,
                                                    Ask(&Stub::EtcdAlarmList));
}

absl::StatusOr<machine::ServiceRestart> Client::ServiceRestart(std::string_view node, std::string_view service,
                                                               Deadline deadline) {
  machine::ServiceRestartRequest request;
  request.set_id(std::string(service));
  return impl_->One<machine::ServiceRestartResponse>(
      {"ServiceRestart", node, "os:operator"}, deadline, [&](Attempt& a, machine::ServiceRestartResponse* response) {
        a.repeatable = false;
        return machine::MachineService::NewStub(a.channel)->ServiceRestart(&a.context, request, response);
      });
}

absl::StatusOr<talos_time::Time> Client::Time(std::string_view node, Deadline deadline) {
  return impl_->One<talos_time::TimeResponse>(
      {"Time", node}, deadline, [](Attempt& a, talos_time::TimeResponse* response) {
        return talos_time::TimeService::NewStub(a.channel)->Time(&a.context, Empty(), response);
      });
}

}  // namespace tales::talos
