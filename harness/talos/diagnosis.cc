#include "harness/talos/diagnosis.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/pki/certificate.h"

namespace tales::talos {
namespace {

std::string Day(absl::Time time) { return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone()); }

bool Names(const pki::Certificate& certificate, const std::string& host) {
  const auto has = [&](const std::vector<std::string>& names) {
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& name) { return absl::EqualsIgnoreCase(name, host); });
  };
  return has(certificate.addresses) || has(certificate.dns_names);
}

std::string WhatServerShows(const pki::ServerCertificates& server, const Endpoint& endpoint, const Context& context) {
  if (!server.asked_for_client_certificate) {
    return "the node is in maintenance mode (it asks for no client certificate): it has no configuration yet; apply "
           "one "
           "with `talosctl apply-config --insecure`";
  }
  const absl::Time now = absl::Now();
  const pki::Certificate& leaf = server.chain.front();
  if (leaf.not_after < now) return absl::StrCat("its certificate expired at ", Day(leaf.not_after));
  if (leaf.not_before > now) {
    return absl::StrCat("its certificate is valid from ", Day(leaf.not_before),
                        " only: is the clock of either side wrong?");
  }
  if (const absl::Status chain = pki::VerifyChain(leaf, context.ca_pem, now); !chain.ok()) {
    return absl::StrCat("its certificate (issuer \"", leaf.issuer,
                        "\") is not signed by the authority of this talosconfig: another cluster, or one built anew? (",
                        chain.message(), ")");
  }
  if (!Names(leaf, endpoint.host)) {
    std::vector<std::string> names = leaf.addresses;
    names.insert(names.end(), leaf.dns_names.begin(), leaf.dns_names.end());
    return absl::StrCat("its certificate is for ", absl::StrJoin(names, ", "), ", not for ", endpoint.host,
                        ": add that address to machine.certSANs, or dial one of those");
  }
  return "";
}

// Our own certificate is what the server judges last; under TLS 1.3 its refusal comes after our handshake is done.
std::string WhatWeShow(const Context& context) {
  const auto ours = pki::ParseCertificates(context.certificate_pem);
  if (!ours.ok()) return "";
  const pki::Certificate& leaf = ours->front();
  const absl::Time now = absl::Now();
  if (leaf.not_after < now) {
    return absl::StrCat("the client certificate of this talosconfig expired at ", Day(leaf.not_after));
  }
  if (leaf.not_before > now) {
    return absl::StrCat("the client certificate of this talosconfig is valid from ", Day(leaf.not_before), " only");
  }
  if (const absl::Status chain = pki::VerifyChain(leaf, context.ca_pem, now); !chain.ok()) {
    return absl::StrCat("the client certificate of this talosconfig is not signed by its own authority (",
                        chain.message(), ")");
  }
  if (!leaf.client_auth) return "the client certificate of this talosconfig is not for client authentication";
  return "";
}

}  // namespace

std::string WhyNoConnection(const Endpoint& endpoint, const Context& context, Deadline deadline) {
  const auto server =
      pki::FetchServerCertificates(endpoint.host, endpoint.port, context.certificate_pem, context.key_pem, deadline);
  if (!server.ok()) {
    std::string ours = absl::IsUnavailable(server.status()) && absl::StrContains(server.status().message(), "alert")
                           ? WhatWeShow(context)
                           : "";
    return ours.empty() ? std::string(server.status().message()) : ours;
  }
  if (server->chain.empty()) return "it shows no certificate";
  std::string why = WhatServerShows(*server, endpoint, context);
  if (why.empty()) why = WhatWeShow(context);
  if (why.empty()) {
    why =
        "TLS works, but no gRPC connection comes about: is something else listening there, or was the node just "
        "starting?";
  }
  return why;
}

}  // namespace tales::talos
