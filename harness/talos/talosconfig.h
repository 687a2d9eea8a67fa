// talosconfig: where talosctl keeps endpoints and credentials. Source: pkg/machinery/client/config of Talos 1.9.4.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tales::talos {

struct Context {
  std::string name;
  std::vector<std::string> endpoints;  // `target`, deprecated, is appended
  std::vector<std::string> nodes;
  std::string ca_pem, certificate_pem, key_pem;  // decoded; the key's label is normalised for OpenSSL
  std::string problem;  // why its credentials cannot be used, with file, context and key; empty: they can
};

struct TalosConfig {
  std::string current;
  std::map<std::string, Context> contexts;
};

// InvalidArgument names the file, the context and the key that is wrong; a file without contexts says so. Credentials
// that cannot be used are a `problem` of their context only: other contexts of the file still work.
absl::StatusOr<TalosConfig> LoadTalosConfig(const std::filesystem::path& path);
absl::StatusOr<TalosConfig> ParseTalosConfig(std::string_view text, std::string_view name);
// The named context, or the current one for ""; NotFound lists what there is, InvalidArgument tells its `problem`.
absl::StatusOr<Context> SelectContext(const TalosConfig& config, std::string_view name);
// The text of a talosconfig with one context; real talosctl reads it.
std::string WriteTalosConfig(const Context& context);

}  // namespace tales::talos
