// config.talosconfig: what can be the same between two talosconfigs from the same secrets, and what cannot.
//
// `talosctl gen config` makes a new client key each time (Ed25519, from the system's random numbers), and with it a new
// certificate: serial number, validity from now on, signature. No secrets file and no command line can make two of them
// byte-equal. Everything else follows from the secrets and the command line, and is compared here.
// Source: pkg/machinery/config/generate/talosconfig.go and generate/secrets/bundle.go of Talos 1.9.4.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "harness/check/outcome.h"
#include "harness/talos/talosconfig.h"

namespace tales::config {

// What a talosconfig means: all of it but the random part.
struct Meaning {
  std::string context;
  std::vector<std::string> endpoints, nodes;
  std::string authority;           // SHA-256 of the certificate that it trusts
  std::vector<std::string> roles;  // "os:admin"
  bool client_auth = false, server_auth = false;
  absl::Duration lifetime;  // of the client certificate
  absl::Time not_before, not_after;
};

// InvalidArgument names what cannot be read.
absl::StatusOr<Meaning> MeaningOf(const talos::Context& context);

// One talosconfig by itself: the certificate is the authority's (`authority_pem`, "" where it is not known: then the
// one that the file itself names), for clients, for a role of Talos, and valid now. That the key is the certificate's
// has been seen when the context was selected. `name`: "talosconfig in ~/tales-work"; `next`: how to get a new one.
std::vector<Problem> JudgeTalosconfig(const talos::Context& context, const std::string& authority_pem,
                                      const std::string& name, const std::string& next, absl::Time now);

// What differs in meaning, a line each; empty where they agree.
std::vector<std::string> CompareMeanings(const Meaning& first, const Meaning& second);

}  // namespace tales::config
