#include "tests/real/parity_servers.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "fixtures/lab/kube/seed.h"
#include "harness/base/status.h"
#include "harness/pki/authority.h"
#include "re2/re2.h"

namespace tales::testing {

using nlohmann::json;

namespace {

// The server shows structures as Go does, addresses included: "core.SecurityContext{...}" is all that can be compared.
std::string Comparable(std::string text) {
  static const RE2 structure("(\\w+\\.[A-Z]\\w+)\\{.*?\\}: ");
  RE2::GlobalReplace(&text, structure, "\\1{}: ");
  static const RE2 uuid("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
  RE2::GlobalReplace(&text, uuid, "UUID");
  return text.substr(0, text.find('\n'));  // behind it: the difference of two of them
}

Deadline Soon() { return Deadline::After(absl::Seconds(30)); }

}  // namespace

std::string ApiAnswer::ToString() const {
  return absl::StrCat(code, reason.empty() ? "" : " ", reason, message.empty() ? "" : ": ", message,
                      causes.is_null() ? "" : absl::StrCat("\n    causes ", causes.dump()),
                      absl::StrJoin(warnings, "", [](std::string* out, const std::string& warning) {
                        absl::StrAppend(out, "\n    Warning: ", warning);
                      }));
}

absl::StatusOr<std::unique_ptr<ParityServers>> ParityServers::Start() {
  TALES_ASSIGN_OR_RETURN(LocalCluster local, StartLocalCluster());
  TALES_ASSIGN_OR_RETURN(kube::Access real, kube::LoadKubeconfig(local.access.kubeconfig, ""));
  TALES_ASSIGN_OR_RETURN(const pki::Authority authority, pki::Authority::Mint("kubernetes", "", pki::KeyType::kEcP256));
  TALES_ASSIGN_OR_RETURN(const pki::KeyPair server, authority.Issue({.addresses = {"127.0.0.1"}, .server_auth = true}));
  TALES_ASSIGN_OR_RETURN(
      const pki::KeyPair admin,
      authority.Issue({.common_name = "admin", .organizations = {"system:masters"}, .client_auth = true}));
  kube::Access lab{
      .ca_pem = authority.certificate_pem(), .certificate_pem = admin.certificate_pem, .key_pem = admin.key_pem};
  std::unique_ptr<ParityServers> servers(new ParityServers(std::move(local), std::move(real), std::move(lab)));
  lab::kube::SeedKubernetes({}, servers->store_);  // no nodes, as fixture local has none
  lab::kube::ApiServer::Options options;
  options.port = 0;
  options.certificate_pem = server.certificate_pem;
  options.key_pem = server.key_pem;
  options.client_ca_pem = authority.certificate_pem();
  TALES_ASSIGN_OR_RETURN(servers->server_, lab::kube::ApiServer::Start(options, servers->store_, servers->admission_));
  servers->lab_access_.server = absl::StrCat("https://127.0.0.1:", servers->server_->port());
  TALES_ASSIGN_OR_RETURN(servers->real_, kube::Transport::Make(servers->real_access_));
  TALES_ASSIGN_OR_RETURN(servers->lab_, kube::Transport::Make(servers->lab_access_));
  return servers;
}

absl::StatusOr<ApiAnswer> ParityServers::Ask(kube::Transport& transport, const ApiRequest& request) {
  TALES_ASSIGN_OR_RETURN(
      const kube::HttpAnswer answer,
      transport.Perform(
          {.method = request.method, .path = request.path, .content_type = request.content_type, .body = request.body},
          Soon()));
  ApiAnswer told{.code = answer.status, .reason = {}, .message = {}, .causes = {}, .warnings = answer.warnings};
  if (answer.status < 400) return told;
  const json status = json::parse(answer.body, nullptr, /*allow_exceptions=*/false);
  if (!status.is_object()) {
    told.message = answer.body;
    return told;
  }
  told.reason = status.value("reason", "");
  told.message = Comparable(status.value("message", ""));
  told.causes = status.value("/details/causes"_json_pointer, json());
  for (json& cause : told.causes) {
    if (cause.contains("message")) cause["message"] = Comparable(cause["message"].get<std::string>());
  }
  // Of an update the real server looks at the metadata twice.
  if (told.causes.is_array()) {
    std::set<json> seen;
    std::erase_if(told.causes.get_ref<json::array_t&>(), [&](const json& cause) { return !seen.insert(cause).second; });
  }
  return told;
}

std::string ParityServers::Difference(const ApiRequest& request) {
  const absl::StatusOr<ApiAnswer> real = AskReal(request), lab = AskLab(request);
  if (real.ok() && lab.ok() && *real == *lab) return "";
  if (!request.words && real.ok() && lab.ok() && real->code == lab->code && real->reason == lab->reason) return "";
  const auto told = [](const absl::StatusOr<ApiAnswer>& answer) {
    return answer.ok() ? answer->ToString() : answer.status().ToString();
  };
  return absl::StrCat(request.what, ": ", request.method, " ", request.path, "\n  real ", told(real), "\n  lab  ",
                      told(lab), "\n");
}

absl::Status ParityServers::Make(std::string_view path, const json& object) {
  const ApiRequest request{.what = "making", .method = "POST", .path = std::string(path), .body = object.dump()};
  TALES_ASSIGN_OR_RETURN(const ApiAnswer real, AskReal(request));
  TALES_ASSIGN_OR_RETURN(const ApiAnswer lab, AskLab(request));
  for (const auto& [who, answer] : {std::pair("real", real), std::pair("lab", lab)}) {
    if (answer.code != 201) return absl::UnknownError(absl::StrCat(who, ": ", path, ": ", answer.ToString()));
  }
  return absl::OkStatus();
}

absl::Status ParityServers::MakeNamespace(const std::string& name, const json& labels) {
  TALES_RETURN_IF_ERROR(
      Make("/api/v1/namespaces",
           {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}, {"labels", labels}}}}));
  return RetryUntil(Soon(), absl::StrCat("the service account of ", name), absl::Milliseconds(20), [&] {
    const absl::StatusOr<ApiAnswer> answer = AskReal(
        {.what = "", .method = "GET", .path = absl::StrCat("/api/v1/namespaces/", name, "/serviceaccounts/default")});
    if (!answer.ok()) return answer.status();
    return answer->code == 200 ? absl::OkStatus() : absl::UnavailableError(answer->ToString());
  });
}

}  // namespace tales::testing
