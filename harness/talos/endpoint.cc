#include "harness/talos/endpoint.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace tales::talos {

std::string Endpoint::Target() const {
  return absl::StrContains(host, ':') ? absl::StrCat("[", host, "]:", port) : absl::StrCat(host, ":", port);
}

absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat("endpoint \"", text, "\": ", why));
  };
  Endpoint endpoint;
  endpoint.name = std::string(text);
  std::string_view host = text, port;
  if (absl::StartsWith(text, "[")) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return wrong("the bracket is not closed");
    host = text.substr(1, end - 1);
    const std::string_view rest = text.substr(end + 1);
    if (!rest.empty() && rest.front() != ':') return wrong("only :port may follow the bracket");
    if (!rest.empty()) port = rest.substr(1);
    if (!rest.empty() && port.empty()) return wrong("the port is empty");
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    const size_t colon = text.find(':');
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (port.empty()) return wrong("the port is empty");
  }
  if (host.empty()) return wrong("the host is empty");
  if (absl::StrContains(host, '/')) return wrong("is a host, not a URL");
  endpoint.host = std::string(host);
  if (!port.empty() && (!absl::SimpleAtoi(port, &endpoint.port) || endpoint.port < 1 || endpoint.port > 65535)) {
    return wrong("the port is not a number from 1 to 65535");
  }
  return endpoint;
}

}  // namespace tales::talos
