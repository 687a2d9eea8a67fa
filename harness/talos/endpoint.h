// Where an apid listens: "host", "host:port", "fd00::1" or "[fd00::1]:port".
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tales::talos {

inline constexpr int kApidPort = 50000;

struct Endpoint {
  std::string host;  // without brackets
  int port = kApidPort;
  std::string name;  // as the user wrote it; for messages

  std::string Target() const;  // "host:port" or "[host]:port", as gRPC takes it
};

// InvalidArgument for an empty host or a port that is none.
absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text);

}  // namespace tales::talos
