// X.509 certificates and private keys, as PEM text: reading, checking, asking a server for its own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "harness/base/deadline.h"

namespace tales::pki {

struct Certificate {
  std::string pem;
  std::string common_name;
  std::vector<std::string> organizations;         // Subject O: roles in Talos, groups in Kubernetes
  std::vector<std::string> dns_names, addresses;  // subject alternative names
  std::string issuer;                             // one line, RFC 2253
  absl::Time not_before, not_after;
  std::string sha256;              // "sha256:<64 hex>" over the DER
  std::string spki_sha256_base64;  // the fingerprint that Talos prints in maintenance mode
  bool is_ca = false;
  bool client_auth = false, server_auth = false;  // extended key usage
  std::string key_type;                           // "ED25519", "EC", "RSA"
};

// Every certificate of a PEM text, in order; InvalidArgument when there is none or one does not parse.
absl::StatusOr<std::vector<Certificate>> ParseCertificates(std::string_view pem);

// OK when `leaf` chains to one of the authorities in `ca_pem` at `at`; otherwise OpenSSL's reason. At InfinitePast() it
// is asked only who issued it, whenever that is valid.
absl::Status VerifyChain(const Certificate& leaf, std::string_view ca_pem, absl::Time at);

// OK when the private key belongs to the certificate. Takes the label `ED25519 PRIVATE KEY` too (see below).
absl::Status KeyMatches(const Certificate& certificate, std::string_view key_pem);

// Talos labels its keys `ED25519 PRIVATE KEY`; the body is plain PKCS#8, but OpenSSL 3 refuses the label. Rewrites it
// to `PRIVATE KEY`; any other PEM is returned as it is. (facts: siderolabs/crypto v0.5.0, x509)
std::string NormalizeKeyLabel(std::string_view key_pem);

// A private key as Talos writes it, whatever label it has: Ed25519 under Talos' own, EC and RSA in their traditional
// forms (`EC PRIVATE KEY`, `RSA PRIVATE KEY`), which are the only ones that its Go library reads.
absl::StatusOr<std::string> TalosKeyPem(std::string_view key_pem);

struct ServerCertificates {
  std::vector<Certificate> chain;             // leaf first
  bool asked_for_client_certificate = false;  // false on apid = maintenance mode
};
// Connects by TLS, without judging what the server shows; `client_*` may be empty. Unavailable, DeadlineExceeded.
absl::StatusOr<ServerCertificates> FetchServerCertificates(std::string_view host, int port,
                                                           std::string_view client_cert_pem,
                                                           std::string_view client_key_pem, Deadline deadline);

}  // namespace tales::pki
