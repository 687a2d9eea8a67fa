#include "harness/talos/explain.h"

#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace tales::talos {
namespace {

std::string Helpful(absl::StatusCode code, std::string_view said, const CallName& call, std::string_view endpoint,
                    const std::vector<std::string>& our_roles) {
  switch (code) {
    case absl::StatusCode::kPermissionDenied:
      if (absl::StrContains(said, "no request forwarding")) {
        return absl::StrCat(endpoint,
                            " is a worker and does not forward calls to other nodes; name a control plane as "
                            "endpoint (",
                            said, ")");
      }
      return absl::StrCat("needs role ", call.role, ", and this talosconfig has ",
                          our_roles.empty() ? "none" : absl::StrJoin(our_roles, ", "), " (", said, ")");
    case absl::StatusCode::kUnimplemented:
      if (absl::StrContains(said, "control plane node")) {
        return absl::StrCat(call.node, " is a worker; only control planes answer this (", said, ")");
      }
      if (absl::StrContains(said, "maintenance mode")) {
        return absl::StrCat(call.node, " is in maintenance mode: it has no configuration yet (", said, ")");
      }
      return absl::StrCat("not implemented there: another release of Talos, or not apid at all? (", said, ")");
    case absl::StatusCode::kDeadlineExceeded:
      return absl::StrCat("no answer within the deadline (", said, ")");
    case absl::StatusCode::kResourceExhausted:
      return absl::StrCat("the answer is larger than is taken (", said, ")");
    default:
      return said.empty() ? std::string("failed without a reason") : std::string(said);
  }
}

absl::Status Make(absl::StatusCode code, std::string_view said, const CallName& call, std::string_view endpoint,
                  const std::vector<std::string>& our_roles) {
  // Read's and Copy's errors come from the file system without a code.
  if (code == absl::StatusCode::kUnknown && absl::StrContains(said, "no such file or directory")) {
    code = absl::StatusCode::kNotFound;
  }
  return absl::Status(code, absl::StrCat(call.method, " of ", call.node, " via ", endpoint, ": ",
                                         Helpful(code, said, call, endpoint, our_roles)));
}

// Go's text form of a status: "rpc error: code = Unavailable desc = ...".
absl::StatusCode CodeInText(std::string_view error) {
  static constexpr std::array<std::pair<std::string_view, absl::StatusCode>, 11> kCodes = {{
      {"Unavailable", absl::StatusCode::kUnavailable},
      {"DeadlineExceeded", absl::StatusCode::kDeadlineExceeded},
      {"PermissionDenied", absl::StatusCode::kPermissionDenied},
      {"Unimplemented", absl::StatusCode::kUnimplemented},
      {"NotFound", absl::StatusCode::kNotFound},
      {"FailedPrecondition", absl::StatusCode::kFailedPrecondition},
      {"InvalidArgument", absl::StatusCode::kInvalidArgument},
      {"AlreadyExists", absl::StatusCode::kAlreadyExists},
      {"Unauthenticated", absl::StatusCode::kUnauthenticated},
      {"Internal", absl::StatusCode::kInternal},
      {"Canceled", absl::StatusCode::kCancelled},
  }};
  for (const auto& [name, code] : kCodes) {
    if (absl::StrContains(error, absl::StrCat("code = ", name, " "))) return code;
  }
  return absl::StatusCode::kUnknown;
}

}  // namespace

absl::Status Explain(const grpc::Status& status, const CallName& call, std::string_view endpoint,
                     const std::vector<std::string>& our_roles) {
  if (status.ok()) return absl::OkStatus();
  return Make(static_cast<absl::StatusCode>(status.error_code()), status.error_message(), call, endpoint, our_roles);
}

absl::Status Explain(const common::Metadata& metadata, const CallName& call, std::string_view endpoint,
                     const std::vector<std::string>& our_roles) {
  if (metadata.error().empty() && metadata.status().code() == 0) return absl::OkStatus();
  const int code = metadata.status().code();
  const absl::StatusCode known =
      code > 0 && code <= 16 ? static_cast<absl::StatusCode>(code) : CodeInText(metadata.error());
  const std::string& said = metadata.status().message().empty() ? metadata.error() : metadata.status().message();
  return Make(known, said, call, endpoint, our_roles);
}

}  // namespace tales::talos
