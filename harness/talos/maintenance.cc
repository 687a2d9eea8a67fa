// A node that has no configuration yet: same port, TLS without client certificate, few calls.
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include "absl/strings/str_join.h"
#include "harness/base/status.h"
#include "harness/pki/certificate.h"
#include "harness/talos/client.h"
#include "harness/talos/cosi_resource.h"
#include "harness/talos/proto/cosi.grpc.pb.h"
#include "harness/talos/proto/machine.grpc.pb.h"
#include "harness/talos/transport.h"

namespace tales::talos {

struct MaintenanceClient::Impl {
  Endpoint endpoint;
  std::shared_ptr<grpc::Channel> channel;

  // One call; there is one endpoint and no other to turn to.
  absl::Status Call(std::string_view method, Deadline deadline,
                    const std::function<grpc::Status(grpc::ClientContext&)>& function) {
    const CallName call{method, endpoint.host};
    if (!Connect(*channel, deadline)) {
      return absl::UnavailableError(absl::StrCat(method, " of ", endpoint.name,
                                                 " (maintenance mode): no connection; has it left maintenance mode?"));
    }
    grpc::ClientContext context;
    context.set_deadline(deadline.ToSystemClock());
    return Explain(function(context), call, endpoint.name, {"os:reader (maintenance mode)"});
  }
};

MaintenanceClient::MaintenanceClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MaintenanceClient::~MaintenanceClient() = default;

absl::StatusOr<std::unique_ptr<MaintenanceClient>> MaintenanceClient::Open(std::string_view address,
                                                                           std::string_view fingerprint,
                                                                           Deadline deadline) {
  auto impl = std::make_unique<Impl>();
  TALES_ASSIGN_OR_RETURN(impl->endpoint, ParseEndpoint(address));
  const std::string context = absl::StrCat("opening ", address, " in maintenance mode");
  const auto server = pki::FetchServerCertificates(impl->endpoint.host, impl->endpoint.port, "", "", deadline);
  if (!server.ok()) return Annotate(server.status(), context);
  if (server->asked_for_client_certificate) {
    return absl::FailedPreconditionError(
        absl::StrCat(context, ": the node is configured already (it asks for a client certificate)"));
  }
  if (server->chain.empty()) return absl::UnavailableError(absl::StrCat(context, ": it shows no certificate"));
  const pki::Certificate& leaf = server->chain.front();
  if (!fingerprint.empty() && leaf.spki_sha256_base64 != fingerprint) {
    return absl::UnauthenticatedError(absl::StrCat(context, ": its certificate has fingerprint ",
                                                   leaf.spki_sha256_base64, ", not ", fingerprint,
                                                   ": this is not the node that was named"));
  }
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = leaf.pem;  // exactly this certificate, nothing that it signed
  grpc::ChannelArguments arguments = ChannelSettings();
  // The certificate is pinned, so its names prove nothing more; a node behind a port forward has others than we
  // dialled.
  if (!leaf.dns_names.empty()) {
    arguments.SetSslTargetNameOverride(leaf.dns_names.front());
  } else if (!leaf.addresses.empty()) {
    arguments.SetSslTargetNameOverride(leaf.addresses.front());
  }
  impl->channel = grpc::CreateCustomChannel(impl->endpoint.Target(), grpc::SslCredentials(options), arguments);
  return std::unique_ptr<MaintenanceClient>(new MaintenanceClient(std::move(impl)));
}

absl::StatusOr<std::vector<Resource>> MaintenanceClient::List(ResourceKind kind, Deadline deadline) {
  cosi::resource::ListRequest request;
  request.set_namespace_(std::string(kind.namespace_));
  request.set_type(std::string(kind.type));
  request.mutable_options();
  std::vector<Resource> resources;
  TALES_RETURN_IF_ERROR(impl_->Call(absl::StrCat("List ", kind.type), deadline, [&](grpc::ClientContext& context) {
    const auto reader = cosi::resource::State::NewStub(impl_->channel)->List(&context, request);
    cosi::resource::ListResponse response;
    while (reader->Read(&response)) resources.push_back(FromWire(response.resource()));
    return reader->Finish();
  }));
  return resources;
}

absl::StatusOr<std::string> MaintenanceClient::ApplyConfiguration(std::string_view config, bool dry_run,
                                                                  Deadline deadline) {
  machine::ApplyConfigurationRequest request;
  request.set_data(std::string(config));
  request.set_mode(machine::ApplyConfigurationRequest::AUTO);
  request.set_dry_run(dry_run);
  machine::ApplyConfigurationResponse response;
  TALES_RETURN_IF_ERROR(impl_->Call("ApplyConfiguration", deadline, [&](grpc::ClientContext& context) {
    return machine::MachineService::NewStub(impl_->channel)->ApplyConfiguration(&context, request, &response);
  }));
  if (response.messages_size() != 1) {
    return absl::InternalError(absl::StrCat("ApplyConfiguration of ", impl_->endpoint.name, ": the reply holds ",
                                            response.messages_size(), " messages where one was expected"));
  }
  const machine::ApplyConfiguration& message = response.messages(0);
  std::vector<std::string> lines(message.warnings().begin(), message.warnings().end());
  if (!message.mode_details().empty()) lines.insert(lines.begin(), message.mode_details());
  return absl::StrJoin(lines, "\n");
}

}  // namespace tales::talos
