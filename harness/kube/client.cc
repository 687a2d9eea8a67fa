#include "harness/kube/client.h"

#include "absl/strings/str_cat.h"
#include "harness/base/status.h"
#include "harness/kube/client_impl.h"
#include "harness/kube/errors.h"
#include "harness/kube/json_text.h"

namespace tales::kube {

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;
const Access& Client::access() const { return impl_->access; }

absl::StatusOr<std::unique_ptr<Client>> Client::Open(Access access) {
  auto impl = std::make_unique<Impl>(std::move(access));
  TALES_ASSIGN_OR_RETURN(impl->transport, Transport::Make(impl->access));
  return std::unique_ptr<Client>(new Client(std::move(impl)));
}

absl::Status Client::Impl::Describe(const absl::Status& status, const HttpRequest& request) const {
  if (status.ok()) return status;
  absl::Status described = Annotate(status, absl::StrCat(request.method, " ", request.path, " at ", access.server));
  status.ForEachPayload([&](auto url, const absl::Cord& payload) { described.SetPayload(url, payload); });
  return described;
}

absl::StatusOr<HttpAnswer> Client::Impl::Send(const HttpRequest& request, Deadline deadline) {
  absl::StatusOr<HttpAnswer> answer = transport->Perform(request, deadline);
  if (!answer.ok()) return Describe(answer.status(), request);
  absl::Status status = FromHttp(answer->status, answer->body);
  if (answer->status == 429 && answer->retry_after.has_value()) {
    status =
        Annotate(status, absl::StrCat("the server is busy and asks to wait ",
                                      absl::FormatDuration(*answer->retry_after), ", longer than this call may take"));
  }
  if (answer->status >= 300 && status.ok()) status = absl::UnknownError(absl::StrCat("HTTP ", answer->status));
  if (!status.ok()) return Describe(status, request);
  return answer;
}

absl::StatusOr<Json> Client::Impl::GetJson(const std::string& path, Deadline deadline) {
  const HttpRequest request{.path = path};
  TALES_ASSIGN_OR_RETURN(const HttpAnswer answer, Send(request, deadline));
  absl::StatusOr<Json> json = ParseJson(answer.body);
  if (!json.ok()) return Describe(json.status(), request);
  return json;
}

std::string EscapeQuery(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string escaped;
  for (const char c : text) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.' || c == '~') {
      escaped += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      escaped += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return escaped;
}

void AddQuery(std::string& path, std::string_view key, std::string_view value) {
  absl::StrAppend(&path, path.find('?') == std::string::npos ? "?" : "&", key, "=", EscapeQuery(value));
}

std::string ObjectPath(ResourcePath kind, std::string_view namespace_, std::string_view name) {
  std::string path =
      absl::StrCat(kind.group_version.find('/') == std::string_view::npos ? "/api/" : "/apis/", kind.group_version);
  if (kind.namespaced && !namespace_.empty()) absl::StrAppend(&path, "/namespaces/", EscapeQuery(namespace_));
  absl::StrAppend(&path, "/", kind.plural);
  if (!name.empty()) absl::StrAppend(&path, "/", EscapeQuery(name));
  return path;
}

}  // namespace tales::kube
