// Turns what gRPC and apid say into what a person can act on.
#pragma once

#include <grpcpp/support/status.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "harness/talos/proto/common.pb.h"

namespace tales::talos {

// What a call needs and who makes it; for messages.
struct CallName {
  std::string_view method;              // "ServiceList"
  std::string_view node;                // as the caller named it
  std::string_view role = "os:reader";  // the least role that may call it
};

// "<Method> of <node> via <endpoint>: <why>", the code kept. What apid said itself stays in the text.
absl::Status Explain(const grpc::Status& status, const CallName& call, std::string_view endpoint,
                     const std::vector<std::string>& our_roles);

// A node's own error inside a reply to many; OK when there is none.
absl::Status Explain(const common::Metadata& metadata, const CallName& call, std::string_view endpoint,
                     const std::vector<std::string>& our_roles);

}  // namespace tales::talos
