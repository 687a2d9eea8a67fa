// COSI state: resources instead of calls.
#include "harness/base/status.h"
#include "harness/talos/client_impl.h"
#include "harness/talos/cosi_resource.h"
#include "harness/talos/proto/cosi.grpc.pb.h"
#include "harness/talos/resources.h"

namespace tales::talos {
namespace {

using cosi::resource::State;

constexpr int kWatchVersion = 1;  // from here on the server also says when the existing ones are through, and errors
constexpr size_t kMaxResources = 200'000;

absl::Time ToTime(const google::protobuf::Timestamp& stamp) {
  return absl::FromUnixSeconds(stamp.seconds()) + absl::Nanoseconds(stamp.nanos());
}

std::string Named(std::string_view verb, const ResourceKind& kind, std::string_view id = {}) {
  return absl::StrCat(verb, " ", kind.type, id.empty() ? "" : "/", id);
}

EventType FromWire(cosi::resource::EventType type) {
  switch (type) {
    case cosi::resource::CREATED:
      return EventType::kCreated;
    case cosi::resource::UPDATED:
      return EventType::kUpdated;
    case cosi::resource::DESTROYED:
      return EventType::kDestroyed;
    case cosi::resource::BOOTSTRAPPED:
      return EventType::kBootstrapped;
    default:
      return EventType::kErrored;
  }
}

}  // namespace

Resource FromWire(const cosi::resource::Resource& wire) {
  const cosi::resource::Metadata& metadata = wire.metadata();
  Resource resource;
  resource.namespace_ = metadata.namespace_();
  resource.type = metadata.type();
  resource.id = metadata.id();
  resource.version = metadata.version();
  resource.phase = metadata.phase();
  resource.owner = metadata.owner();
  resource.labels.insert(metadata.labels().begin(), metadata.labels().end());
  resource.annotations.insert(metadata.annotations().begin(), metadata.annotations().end());
  resource.created = ToTime(metadata.created());
  resource.updated = ToTime(metadata.updated());
  resource.yaml_spec = wire.spec().yaml_spec();
  resource.proto_spec = wire.spec().proto_spec();
  return resource;
}

std::string_view RoleFor(const ResourceKind& kind) {
  return kind.type == kMachineConfig.type ? "os:admin" : "os:reader";
}

absl::StatusOr<Resource> Client::Get(std::string_view node, ResourceKind kind, std::string_view id, Deadline deadline) {
  cosi::resource::GetRequest request;
  request.set_namespace_(std::string(kind.namespace_));
  request.set_type(std::string(kind.type));
  request.set_id(std::string(id));
  request.mutable_options();
  cosi::resource::GetResponse response;
  const std::string method = Named("Get", kind, id);
  TALES_RETURN_IF_ERROR(
      impl_->transport->Call({method, node, RoleFor(kind)}, {.node = node}, deadline, [&](Attempt& a) {
        response.Clear();
        return State::NewStub(a.channel)->Get(&a.context, request, &response);
      }));
  if (!response.has_resource()) {
    return absl::InternalError(absl::StrCat(method, " of ", node, ": the reply holds no resource"));
  }
  return FromWire(response.resource());
}

absl::StatusOr<std::vector<Resource>> Client::List(std::string_view node, ResourceKind kind, Deadline deadline) {
  cosi::resource::ListRequest request;
  request.set_namespace_(std::string(kind.namespace_));
  request.set_type(std::string(kind.type));
  request.mutable_options();
  const std::string method = Named("List", kind);
  std::vector<Resource> resources;
  TALES_RETURN_IF_ERROR(StreamFrom<cosi::resource::ListResponse>(
      *impl_->transport, {method, node, RoleFor(kind)}, deadline,
      [&](Attempt& a) { return State::NewStub(a.channel)->List(&a.context, request); },
      [&](const cosi::resource::ListResponse& response, Attempt&) {
        resources.push_back(FromWire(response.resource()));
        return resources.size() <= kMaxResources;
      }));
  if (resources.size() > kMaxResources) {
    return absl::OutOfRangeError(absl::StrCat(method, " of ", node, ": more than ", kMaxResources, " resources"));
  }
  return resources;
}

absl::Status Client::Watch(std::string_view node, ResourceKind kind,
                           const std::function<bool(const ResourceEvent&)>& sink, Deadline deadline) {
  cosi::resource::WatchRequest request;
  request.set_namespace_(std::string(kind.namespace_));
  request.set_type(std::string(kind.type));
  request.mutable_options()->set_bootstrap_contents(true);
  request.set_api_version(kWatchVersion);
  const std::string method = Named("Watch", kind);
  return StreamFrom<cosi::resource::WatchResponse>(
      *impl_->transport, {method, node, RoleFor(kind)}, deadline,
      [&](Attempt& a) { return State::NewStub(a.channel)->Watch(&a.context, request); },
      [&](const cosi::resource::WatchResponse& response, Attempt&) {
        for (const cosi::resource::Event& wire : response.event()) {
          ResourceEvent event{FromWire(wire.event_type()), FromWire(wire.resource()), wire.error()};
          if (!sink(event)) return false;
        }
        return true;
      });
}

}  // namespace tales::talos
