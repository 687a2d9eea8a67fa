// HTTP to one API server, by libcurl: connections, credentials, deadlines, retries. Knows nothing of objects.
#pragma once

#include <curl/curl.h>
#include <openssl/types.h>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "harness/base/deadline.h"
#include "harness/kube/credentials.h"
#include "harness/kube/kubeconfig.h"

namespace tales::kube {

struct HttpRequest {
  std::string method = "GET";
  std::string path;  // with query
  std::string content_type, body;
  std::vector<std::string> headers;  // more of them: "X-Name: value"
  bool idempotent = true;            // may be sent again when a kept connection turns out to be dead
  bool once = false;                 // never sent again, not even where the server says that it did not work on it
  size_t limit = 256 << 20;          // of the answer, in bytes; ResourceExhausted beyond
  // Takes the body of a 2xx answer as it comes instead of keeping it; false ends the transfer (which is no error).
  std::function<bool(std::string_view)> sink;
  std::function<void()> answered;  // called when a 2xx answer begins; may be empty
};

struct HttpAnswer {
  int status = 0;
  std::string body;                   // empty where a sink took it
  std::vector<std::string> warnings;  // text of Warning headers with code 299
  std::optional<absl::Duration> retry_after;
  std::string location;  // of a redirect, which is not followed
};

// The text of a Warning header's value (RFC 7234 5.5: code, agent, quoted text); nullopt unless its code is 299. A
// value may hold several warnings.
std::vector<std::string> ParseWarningHeader(std::string_view value);

// The way to the server, chosen as client-go does.
struct Proxy {
  std::string url;         // "": none
  std::string exceptions;  // as in NO_PROXY
  std::string source;      // who says so, for messages: "proxy-url of the kubeconfig", "HTTPS_PROXY"
};
// What the kubeconfig says, for whatever address; else HTTPS_PROXY (or HTTP_PROXY) without what NO_PROXY excepts, and
// never for ourselves. Either case of the names. ALL_PROXY is not asked: kubectl does not.
Proxy ChooseProxy(const Access& access, bool tls, std::string_view host);

// Thread-safe: each request uses an idle connection or a new one.
class Transport {
 public:
  static absl::StatusOr<std::unique_ptr<Transport>> Make(const Access& access);  // `access` must outlive it
  ~Transport();

  // The answer, whatever its status; an error where there is none. 401 (once, with a plugin) and 429 are dealt with
  // here.
  absl::StatusOr<HttpAnswer> Perform(const HttpRequest& request, Deadline deadline);

  // A connection with TLS done, for a protocol of the caller's, and the headers that let it in; used by exec.
  class Raw {
   public:
    explicit Raw(CURL* handle) : handle_(handle) {}
    ~Raw() { curl_easy_cleanup(handle_); }
    Raw(const Raw&) = delete;
    Raw& operator=(const Raw&) = delete;
    CURL* handle() const { return handle_; }
    std::string target_prefix;  // path of the server's URL
    std::string host;           // for the Host header
    std::string authorization;  // "" or the header's value
    Credential credential;
    std::unique_ptr<char[]> error_text = std::make_unique<char[]>(CURL_ERROR_SIZE);

   private:
    CURL* handle_;
  };
  absl::StatusOr<std::unique_ptr<Raw>> Connect(Deadline deadline);

  CredentialSource& credentials() { return credentials_; }

 private:
  struct Handle;
  explicit Transport(const Access& access);
  // Sets all that does not change from one request to the next.
  void Prepare(CURL* handle, const Credential& credential, char* error_text);
  absl::StatusOr<HttpAnswer> PerformOnce(const HttpRequest& request, const Credential& credential, Deadline deadline);
  std::unique_ptr<Handle> Take(const Credential& credential);
  void GiveBack(std::unique_ptr<Handle> handle);
  std::string Authorization(const Credential& credential) const;
  absl::Status Failed(CURL* handle, CURLcode code, const char* error_text) const;
  static CURLcode OnTlsContext(CURL* handle, void* context, void* transport);
  static int OnCertificate(X509_STORE_CTX* store, void* transport);

  const Access& access_;
  CredentialSource credentials_;
  std::string base_url_;     // where requests go: named after tls-server-name where there is one
  std::string host_header_;  // "" or the server's own, where base_url_ is named otherwise
  bool tls_ = true;
  Proxy proxy_;
  curl_slist* connect_to_ = nullptr;  // from base_url_'s name back to the server
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Handle>> idle_;
  std::string shown_sha256_;  // of the certificate that was not the pinned one
};

}  // namespace tales::kube
