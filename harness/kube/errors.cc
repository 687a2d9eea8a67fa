#include "harness/kube/errors.h"

#include <openssl/x509_vfy.h>

#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"

namespace tales::kube {
namespace {

constexpr char kMessagePayload[] = "tales.kube/message";
constexpr size_t kExcerpt = 300;

std::string Excerpt(std::string_view text) {
  std::string line(text.substr(0, kExcerpt));
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return text.size() > kExcerpt ? line + "..." : line;
}

std::string Field(const nlohmann::json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

absl::StatusCode CodeOf(int http_status, std::string_view reason) {
  switch (http_status) {
    case 400:
    case 405:
    case 406:
    case 415:
    case 422:
      return absl::StatusCode::kInvalidArgument;
    case 401:
    case 403:
      return absl::StatusCode::kPermissionDenied;
    case 404:
      return absl::StatusCode::kNotFound;
    case 409:
      return reason == "AlreadyExists" ? absl::StatusCode::kAlreadyExists : absl::StatusCode::kAborted;
    case 410:
      return absl::StatusCode::kOutOfRange;
    case 429:
      return absl::StatusCode::kResourceExhausted;
    default:
      return http_status >= 500 ? absl::StatusCode::kUnavailable : absl::StatusCode::kUnknown;
  }
}

// What a failed verification means to a person, with OpenSSL's own reason behind it.
std::string VerificationFailure(const TransferFailure& failure) {
  switch (failure.verify_result) {
    // The chain was good, or not looked at yet: libcurl compares the name first.
    case X509_V_OK:
    case X509_V_ERR_UNSPECIFIED:
      return absl::StrCat("TLS: wrong name: ", failure.detail);
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "TLS: the server's certificate, or its authority's, has expired by the clock of this machine; Talos "
             "renews a "
             "server's certificate while the node runs, so compare the clocks first, then see until when the authority "
             "holds";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "TLS: the server's certificate is not valid yet: one of the two clocks is wrong";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return absl::StrCat("TLS: unknown authority: the server's certificate is not from the authority in ",
                          failure.trust_source, " (", X509_verify_cert_error_string(failure.verify_result), ")",
                          failure.trust_source == "the kubeconfig"
                              ? "; is the kubeconfig of another cluster, or of an earlier build?"
                              : "");
    case X509_V_ERR_APPLICATION_VERIFICATION:
      return absl::StrCat("TLS: the server shows the certificate ", failure.shown_sha256, ", not the one of ",
                          failure.trust_source, "; is it the right server, and has its certificate been renewed?");
    default:
      return absl::StrCat("TLS: ", X509_verify_cert_error_string(failure.verify_result));
  }
}

}  // namespace

absl::Status FromHttp(int http_status, std::string_view body) {
  if (http_status < 400) return absl::OkStatus();
  std::string message, reason;
  const nlohmann::json status = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (status.is_object() && Field(status, "kind") == "Status") {
    message = Field(status, "message");
    reason = Field(status, "reason");
  }
  const absl::StatusCode code = CodeOf(http_status, reason);
  const std::string words = message.empty() ? Excerpt(body) : message;
  absl::Status result(code, absl::StrCat("HTTP ", http_status, words.empty() ? "" : ": ", words));
  if (!message.empty()) result.SetPayload(kMessagePayload, absl::Cord(message));
  return result;
}

std::string ServerMessage(const absl::Status& status) {
  const auto payload = status.GetPayload(kMessagePayload);
  return payload.has_value() ? std::string(*payload) : std::string();
}

absl::Status FromTransfer(const TransferFailure& failure) {
  const std::string waited = absl::StrFormat("%.1fs", failure.seconds_total);
  const std::string detail = failure.detail.empty() ? curl_easy_strerror(failure.code) : failure.detail;
  if (absl::StrContains(detail, "CONNECT")) {
    return absl::UnavailableError(absl::StrCat("the proxy does not let us through: ", detail));
  }
  switch (failure.code) {
    case CURLE_OPERATION_TIMEDOUT:
      if (failure.seconds_connect == 0) {
        return absl::DeadlineExceededError(absl::StrCat("no connection within ", waited));
      }
      if (failure.tls && failure.seconds_tls == 0) {
        return absl::DeadlineExceededError(absl::StrCat("connected, but no TLS handshake within ", waited));
      }
      return absl::DeadlineExceededError(absl::StrCat("connected, but no complete answer within ", waited));
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return absl::FailedPreconditionError(VerificationFailure(failure));
    case CURLE_SSL_CERTPROBLEM:
      return absl::FailedPreconditionError(absl::StrCat("TLS: our client certificate or key is not usable: ", detail));
    case CURLE_SSL_CACERT_BADFILE:
      return absl::FailedPreconditionError(absl::StrCat("TLS: the certificate authority is not usable: ", detail));
    case CURLE_SSL_CONNECT_ERROR:
      // A server that is just going away breaks off in the handshake: that says nothing of its TLS.
      if (absl::StrContains(detail, "SSL_ERROR_SYSCALL") || absl::StrContains(detail, "Recv failure") ||
          absl::StrContains(detail, "Send failure")) {
        return absl::UnavailableError(absl::StrCat("the connection broke in the TLS handshake: ", detail));
      }
      return absl::FailedPreconditionError(absl::StrCat("TLS: ", detail));
    case CURLE_SSL_CIPHER:
      return absl::FailedPreconditionError(absl::StrCat("TLS: ", detail));
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
      return absl::UnavailableError(detail);
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      // A server that refuses our certificate says so by an alert, which arrives as a failure to read.
      if (absl::StrContains(detail, "alert")) {
        return absl::FailedPreconditionError(absl::StrCat("TLS: the server refuses our credentials: ", detail));
      }
      return absl::UnavailableError(absl::StrCat("the connection broke: ", detail));
    case CURLE_URL_MALFORMAT:
      return absl::InvalidArgumentError(detail);
    default:
      return absl::UnavailableError(detail);
  }
}

}  // namespace tales::kube
