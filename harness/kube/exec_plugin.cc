#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "harness/base/file.h"
#include "harness/base/how_it_ended.h"
#include "harness/base/status.h"
#include "harness/base/subprocess.h"
#include "harness/kube/credentials.h"
#include "nlohmann/json.hpp"

namespace tales::kube {
namespace {

using Json = nlohmann::json;

std::string Field(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

}  // namespace

absl::StatusOr<Credential> ParseExecCredential(std::string_view text, std::string_view api_version) {
  const Json root = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) return absl::InvalidArgumentError("its output is not a JSON object");
  if (Field(root, "kind") != "ExecCredential") return absl::InvalidArgumentError("its output is not an ExecCredential");
  if (Field(root, "apiVersion") != api_version) {
    return absl::InvalidArgumentError(
        absl::StrCat("it answered in apiVersion \"", Field(root, "apiVersion"), "\", asked for \"", api_version, "\""));
  }
  const auto status = root.find("status");
  if (status == root.end() || !status->is_object()) return absl::InvalidArgumentError("its output has no status");
  Credential credential;
  credential.token = Field(*status, "token");
  credential.certificate_pem = Field(*status, "clientCertificateData");
  credential.key_pem = Field(*status, "clientKeyData");
  if (credential.certificate_pem.empty() != credential.key_pem.empty()) {
    return absl::InvalidArgumentError("it gave one of clientCertificateData and clientKeyData without the other");
  }
  if (credential.token.empty() && credential.certificate_pem.empty()) {
    return absl::InvalidArgumentError("it gave neither a token nor a client certificate");
  }
  if (const std::string expires = Field(*status, "expirationTimestamp"); !expires.empty()) {
    std::string error;
    if (!absl::ParseTime(absl::RFC3339_full, expires, &credential.expires, &error)) {
      return absl::InvalidArgumentError(absl::StrCat("expirationTimestamp \"", expires, "\": ", error));
    }
  }
  return credential;
}

std::string ExecInfo(const Access& access) {
  Json info = {{"apiVersion", access.exec_api_version}, {"kind", "ExecCredential"}, {"spec", {{"interactive", false}}}};
  if (access.exec_provide_cluster_info) {
    Json cluster = {{"server", access.server}};
    if (!access.ca_pem.empty()) cluster["certificate-authority-data"] = absl::Base64Escape(access.ca_pem);
    if (access.insecure) cluster["insecure-skip-tls-verify"] = true;
    if (!access.tls_server_name.empty()) cluster["tls-server-name"] = access.tls_server_name;
    if (!access.proxy_url.empty()) cluster["proxy-url"] = access.proxy_url;
    info["spec"]["cluster"] = std::move(cluster);
  }
  return info.dump(-1, ' ', false, Json::error_handler_t::replace);
}

absl::StatusOr<Credential> CredentialSource::RunPlugin(Deadline deadline) const {
  Command command;
  command.argv = access_.exec_argv;
  for (const auto& [key, value] : access_.exec_environment) command.environment[key] = value;
  command.environment["KUBERNETES_EXEC_INFO"] = ExecInfo(access_);
  command.output_limit = 1 << 20;
  const std::string what = absl::StrCat("asking exec plugin ", access_.exec_argv.front(), " for a credential");
  absl::StatusOr<Finished> finished = Run(command, deadline);
  if (absl::IsNotFound(finished.status())) {
    return absl::NotFoundError(absl::StrCat(what, ": ", finished.status().message(),
                                            "; install it, or give a kubeconfig that needs no plugin"));
  }
  if (!finished.ok()) return Annotate(finished.status(), what);
  if (!finished->ok()) {
    const std::string_view words = absl::StripAsciiWhitespace(std::string_view(finished->error_output));
    return absl::PermissionDeniedError(
        absl::StrCat(what, ": it ", HowItEnded(*finished), words.empty() ? "" : ": ", words.substr(0, 300)));
  }
  absl::StatusOr<Credential> credential = ParseExecCredential(finished->output, access_.exec_api_version);
  if (!credential.ok()) return Annotate(credential.status(), what);
  return credential;
}

absl::StatusOr<Credential> CredentialSource::Current(Deadline deadline) {
  if (!access_.exec_argv.empty()) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!cached_.has_value() || cached_->expires <= absl::Now()) {
      cached_.reset();
      TALES_ASSIGN_OR_RETURN(cached_, RunPlugin(deadline));
      if (cached_->certificate_pem.empty()) {
        cached_->certificate_pem = access_.certificate_pem;
        cached_->key_pem = access_.key_pem;
      }
    }
    return *cached_;
  }
  Credential credential{.token = access_.token, .certificate_pem = access_.certificate_pem, .key_pem = access_.key_pem};
  if (!access_.token_file.empty()) {
    absl::StatusOr<std::string> token = ReadFile(access_.token_file, 1 << 20);
    if (token.ok()) {
      credential.token = std::string(absl::StripAsciiWhitespace(*token));
    } else if (credential.token.empty()) {
      return Annotate(token.status(), "token file of the kubeconfig");
    }
  }
  return credential;
}

bool CredentialSource::Refuse(const Credential& credential) {
  if (access_.exec_argv.empty()) return false;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (cached_.has_value() && cached_->token == credential.token &&
      cached_->certificate_pem == credential.certificate_pem) {
    cached_.reset();
  }
  return true;
}

}  // namespace tales::kube
