// Why no connection to an apid comes about. gRPC says "failed to connect" and keeps the TLS alert to itself; this asks
// the server again, without gRPC, and says what is the matter.
#pragma once

#include <string>

#include "harness/base/deadline.h"
#include "harness/talos/endpoint.h"
#include "harness/talos/talosconfig.h"

namespace tales::talos {

// One clause for the end of a sentence: "connection refused", "its certificate expired at ...", "it is in maintenance
// mode ...". Never empty. Takes at most `deadline`.
std::string WhyNoConnection(const Endpoint& endpoint, const Context& context, Deadline deadline);

}  // namespace tales::talos
