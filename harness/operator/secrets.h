// secrets.yaml: what the machines of a cluster are secretly told, and what all that is generated follows from.
// Source: pkg/machinery/config/generate/secrets of Talos 1.9.4; its keys are in lower case, as Go's YAML writes them.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tales::config {

// One secret (or authority), where it stands in secrets.yaml and where in a machine configuration.
struct SecretPlace {
  std::string_view secrets;         // "certs.os.crt"
  std::string_view machine_config;  // "machine.ca.crt"
  bool in_worker = false;
};
std::span<const SecretPlace> SecretPlaces();

struct Secrets {
  std::string origin;                         // "secrets.yaml", "what `op read ...` prints"
  std::string text;                           // as it was read
  std::map<std::string, std::string> values;  // "certs.os.crt" -> as it is written, without white space
};

// InvalidArgument names what is missing or wrong, never with a value. A file that SOPS has encrypted is told as such.
absl::StatusOr<Secrets> ParseSecrets(std::string text, std::string_view origin);

// The PEM inside a value; "" where there is none.
std::string PemOf(std::string_view base64);
// Without the white space that YAML's block scalars bring in.
std::string Compact(std::string_view base64);

}  // namespace tales::config
