#include "harness/kube/transport.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "harness/base/status.h"
#include "harness/kube/errors.h"

namespace tales::kube {
namespace {

constexpr size_t kIdleConnections = 64;
// Sent and not acknowledged for so long: the server's machine is gone (it was powered off), not slow.
constexpr int kUnacknowledgedMs = 10'000;

struct Transfer {
  CURL* handle;
  const HttpRequest& request;
  HttpAnswer answer;
  bool stopped = false;  // by the sink
  bool too_long = false;
  bool received = false;
};

size_t OnHeader(char* data, size_t size, size_t count, void* user) {
  Transfer& transfer = *static_cast<Transfer*>(user);
  const std::string_view line(data, size * count);
  if (!transfer.received && transfer.request.answered) {
    long status = 0;
    curl_easy_getinfo(transfer.handle, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 200 && status < 300) transfer.request.answered();
  }
  transfer.received = true;
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return line.size();
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = absl::StripAsciiWhitespace(line.substr(colon + 1));
  if (absl::EqualsIgnoreCase(name, "Warning")) {
    for (std::string& warning : ParseWarningHeader(value)) transfer.answer.warnings.push_back(std::move(warning));
  } else if (int seconds = 0; absl::EqualsIgnoreCase(name, "Retry-After") && absl::SimpleAtoi(value, &seconds)) {
    transfer.answer.retry_after = absl::Seconds(std::max(seconds, 0));
  } else if (absl::EqualsIgnoreCase(name, "Location")) {
    transfer.answer.location = std::string(value);
  }
  return line.size();
}

size_t OnBody(char* data, size_t size, size_t count, void* user) {
  Transfer& transfer = *static_cast<Transfer*>(user);
  const std::string_view chunk(data, size * count);
  long status = 0;
  curl_easy_getinfo(transfer.handle, CURLINFO_RESPONSE_CODE, &status);
  if (transfer.request.sink && status >= 200 && status < 300) {
    transfer.stopped = !transfer.request.sink(chunk);
    return transfer.stopped ? 0 : chunk.size();
  }
  transfer.too_long = transfer.answer.body.size() + chunk.size() > transfer.request.limit;
  if (transfer.too_long) return 0;
  transfer.answer.body.append(chunk);
  return chunk.size();
}

int OnSocket(void*, curl_socket_t socket, curlsocktype) {
  setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &kUnacknowledgedMs, sizeof(kUnacknowledgedMs));
  return CURL_SOCKOPT_OK;
}

long Milliseconds(Deadline deadline) {
  const absl::Duration remaining = deadline.remaining();
  if (remaining > absl::Hours(24 * 20)) return 0;  // libcurl: none
  return std::max<long>(1, absl::ToInt64Milliseconds(remaining));
}

void SetBlob(CURL* handle, CURLoption option, const std::string& data) {
  curl_blob blob{.data = const_cast<char*>(data.data()), .len = data.size(), .flags = CURL_BLOB_COPY};
  curl_easy_setopt(handle, option, &blob);
}

TransferFailure FailureOf(CURL* handle, CURLcode code, const char* error_text, bool tls) {
  TransferFailure failure{.code = code, .detail = error_text, .tls = tls};
  curl_easy_getinfo(handle, CURLINFO_SSL_VERIFYRESULT, &failure.verify_result);
  curl_easy_getinfo(handle, CURLINFO_CONNECT_TIME, &failure.seconds_connect);
  curl_easy_getinfo(handle, CURLINFO_APPCONNECT_TIME, &failure.seconds_tls);
  curl_easy_getinfo(handle, CURLINFO_TOTAL_TIME, &failure.seconds_total);
  // A kept connection took no time to make; that it was there shows in the request's having been sent.
  double sent = 0;
  curl_easy_getinfo(handle, CURLINFO_PRETRANSFER_TIME, &sent);
  if (sent > 0) {
    failure.seconds_connect = std::max(failure.seconds_connect, sent);
    failure.seconds_tls = std::max(failure.seconds_tls, sent);
  }
  return failure;
}

bool IsDeadConnection(CURLcode code) {
  return code == CURLE_GOT_NOTHING || code == CURLE_RECV_ERROR || code == CURLE_SEND_ERROR || code == CURLE_HTTP2 ||
         code == CURLE_HTTP2_STREAM;
}

std::string UrlPart(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return "";
  std::string result = text;
  curl_free(text);
  return result;
}

bool IsLoopback(std::string_view host) {
  return host == "localhost" || host == "[::1]" || absl::StartsWith(host, "127.");
}

std::string Environment(const char* upper, const char* lower) {
  for (const char* name : {upper, lower}) {
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
  }
  return "";
}

// Without what stands before an @: that may be a password.
std::string Presentable(const std::string& url) {
  const size_t scheme = url.find("://"), at = url.rfind('@');
  if (at == std::string::npos) return url;
  const size_t begin = scheme == std::string::npos ? 0 : scheme + 3;
  return at < begin ? url : absl::StrCat(url.substr(0, begin), url.substr(at + 1));
}

}  // namespace

Proxy ChooseProxy(const Access& access, bool tls, std::string_view host) {
  if (!access.proxy_url.empty()) {
    return {.url = access.proxy_url, .exceptions = "", .source = "proxy-url of the kubeconfig"};
  }
  if (IsLoopback(host)) return {};
  Proxy proxy{.url = tls ? Environment("HTTPS_PROXY", "https_proxy") : Environment("HTTP_PROXY", "http_proxy"),
              .exceptions = Environment("NO_PROXY", "no_proxy"),
              .source = tls ? "HTTPS_PROXY" : "HTTP_PROXY"};
  return proxy.url.empty() ? Proxy{} : proxy;
}

std::vector<std::string> ParseWarningHeader(std::string_view value) {
  std::vector<std::string> warnings;
  size_t at = 0;
  const auto skip = [&](char c) {
    while (at < value.size() && value[at] == c) ++at;
  };
  while (at < value.size()) {
    skip(' ');
    const size_t code_end = std::min(value.find(' ', at), value.size());
    const std::string_view code = value.substr(at, code_end - at);
    at = code_end;
    skip(' ');
    at = std::min(value.find(' ', at), value.size());  // the agent
    skip(' ');
    if (at >= value.size() || value[at] != '"') return warnings;
    std::string text;
    for (++at; at < value.size() && value[at] != '"'; ++at) {
      if (value[at] == '\\' && at + 1 < value.size()) ++at;
      text += value[at];
    }
    if (at >= value.size()) return warnings;  // cut off
    ++at;
    if (code == "299") warnings.push_back(std::move(text));
    // A date may follow; the next warning comes after a comma.
    at = std::min(value.find(',', at), value.size());
    if (at < value.size()) ++at;
  }
  return warnings;
}

struct Transport::Handle {
  CURL* curl = curl_easy_init();
  std::string certificate_pem;  // that it was prepared with
  char error_text[CURL_ERROR_SIZE] = "";
  ~Handle() { curl_easy_cleanup(curl); }
};

Transport::Transport(const Access& access) : access_(access), credentials_(access) {}

absl::StatusOr<std::unique_ptr<Transport>> Transport::Make(const Access& access) {
  static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (initialized != CURLE_OK) return absl::InternalError(curl_easy_strerror(initialized));
  std::unique_ptr<Transport> transport(new Transport(access));
  CURLU* url = curl_url();
  const CURLUcode parsed = curl_url_set(url, CURLUPART_URL, access.server.c_str(), 0);
  if (parsed != CURLUE_OK) {
    curl_url_cleanup(url);
    return absl::InvalidArgumentError(absl::StrCat("server \"", access.server, "\": ", curl_url_strerror(parsed)));
  }
  const std::string scheme = UrlPart(url, CURLUPART_SCHEME), host = UrlPart(url, CURLUPART_HOST);
  const std::string port = UrlPart(url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  std::string path = UrlPart(url, CURLUPART_PATH);
  curl_url_cleanup(url);
  while (absl::EndsWith(path, "/")) path.pop_back();
  transport->tls_ = scheme == "https";
  transport->proxy_ = ChooseProxy(access, transport->tls_, host);
  std::string name = host;
  if (transport->tls_ && !access.tls_server_name.empty() && access.tls_server_name != host) {
    name = access.tls_server_name;
    transport->host_header_ = absl::StrCat(host, ":", port);
    transport->connect_to_ = curl_slist_append(nullptr, absl::StrCat(name, ":", port, ":", host, ":", port).c_str());
  }
  transport->base_url_ = absl::StrCat(scheme, "://", name, ":", port, path);
  return transport;
}

Transport::~Transport() {
  idle_.clear();
  curl_slist_free_all(connect_to_);
}

void Transport::Prepare(CURL* handle, const Credential& credential, char* error_text) {
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, error_text);
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(handle, CURLOPT_SOCKOPTFUNCTION, OnSocket);
  curl_easy_setopt(handle, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "tales");
  if (connect_to_ != nullptr) curl_easy_setopt(handle, CURLOPT_CONNECT_TO, connect_to_);
  // Both always set: libcurl would ask the environment for what is not.
  curl_easy_setopt(handle, CURLOPT_PROXY, proxy_.url.c_str());
  curl_easy_setopt(handle, CURLOPT_NOPROXY, proxy_.exceptions.c_str());
  if (!tls_) return;
  // Debian's libcurl would trust the system's authorities beside the cluster's.
  if (!access_.ca_pem.empty()) {
    curl_easy_setopt(handle, CURLOPT_CAINFO, nullptr);
    curl_easy_setopt(handle, CURLOPT_CAPATH, nullptr);
    SetBlob(handle, CURLOPT_CAINFO_BLOB, access_.ca_pem);
  }
  if (access_.insecure) {
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (!access_.pinned_sha256.empty()) {
    // No authority is asked, so none is read from the system's store: that would cost more than all the rest.
    curl_easy_setopt(handle, CURLOPT_CAINFO, nullptr);
    curl_easy_setopt(handle, CURLOPT_CAPATH, nullptr);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(handle, CURLOPT_SSL_CTX_FUNCTION, OnTlsContext);
    curl_easy_setopt(handle, CURLOPT_SSL_CTX_DATA, this);
  }
  if (!credential.certificate_pem.empty()) {
    curl_easy_setopt(handle, CURLOPT_SSLCERTTYPE, "PEM");
    curl_easy_setopt(handle, CURLOPT_SSLKEYTYPE, "PEM");
    SetBlob(handle, CURLOPT_SSLCERT_BLOB, credential.certificate_pem);
    SetBlob(handle, CURLOPT_SSLKEY_BLOB, credential.key_pem);
  }
}

CURLcode Transport::OnTlsContext(CURL*, void* context, void* transport) {
  SSL_CTX_set_cert_verify_callback(static_cast<SSL_CTX*>(context), OnCertificate, transport);
  return CURLE_OK;
}

int Transport::OnCertificate(X509_STORE_CTX* store, void* transport) {
  Transport& self = *static_cast<Transport*>(transport);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  X509* leaf = X509_STORE_CTX_get0_cert(store);
  if (leaf != nullptr && X509_digest(leaf, EVP_sha256(), digest, &length) == 1) {
    const std::string shown = absl::StrCat(
        "sha256:", absl::BytesToHexString(std::string_view(reinterpret_cast<const char*>(digest), length)));
    if (shown == self.access_.pinned_sha256) {
      X509_STORE_CTX_set_error(store, X509_V_OK);
      return 1;
    }
    const std::lock_guard<std::mutex> lock(self.mutex_);
    self.shown_sha256_ = shown;
  }
  X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
  return 0;
}

std::string Transport::Authorization(const Credential& credential) const {
  if (!credential.token.empty()) return absl::StrCat("Bearer ", credential.token);
  if (access_.username.empty()) return "";
  return absl::StrCat("Basic ", absl::Base64Escape(absl::StrCat(access_.username, ":", access_.password)));
}

std::unique_ptr<Transport::Handle> Transport::Take(const Credential& credential) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    while (!idle_.empty()) {
      std::unique_ptr<Handle> handle = std::move(idle_.back());
      idle_.pop_back();
      if (handle->certificate_pem == credential.certificate_pem) return handle;
    }
  }
  auto handle = std::make_unique<Handle>();
  handle->certificate_pem = credential.certificate_pem;
  Prepare(handle->curl, credential, handle->error_text);
  curl_easy_setopt(handle->curl, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_2TLS});
  curl_easy_setopt(handle->curl, CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(handle->curl, CURLOPT_WRITEFUNCTION, OnBody);
  return handle;
}

absl::Status Transport::Failed(CURL* handle, CURLcode code, const char* error_text) const {
  TransferFailure failure = FailureOf(handle, code, error_text, tls_);
  failure.trust_source = access_.trust_source;
  if (!access_.pinned_sha256.empty()) {
    const std::lock_guard<std::mutex> lock(mutex_);
    failure.shown_sha256 = shown_sha256_;
  }
  absl::Status status = FromTransfer(failure);
  const bool on_the_way = tls_ ? failure.seconds_tls == 0 : failure.seconds_connect == 0;
  if (proxy_.url.empty() || !on_the_way || !(absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status))) {
    return status;
  }
  return absl::Status(status.code(),
                      absl::StrCat(status.message(), " (", proxy_.source, " names the proxy ", Presentable(proxy_.url),
                                   proxy_.source == "HTTPS_PROXY" || proxy_.source == "HTTP_PROXY"
                                       ? "; what is to be reached without it goes into NO_PROXY)"
                                       : ")"));
}

void Transport::GiveBack(std::unique_ptr<Handle> handle) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (idle_.size() < kIdleConnections) idle_.push_back(std::move(handle));
}

absl::StatusOr<HttpAnswer> Transport::PerformOnce(const HttpRequest& request, const Credential& credential,
                                                  Deadline deadline) {
  std::unique_ptr<Handle> handle = Take(credential);
  CURL* curl = handle->curl;
  curl_easy_setopt(curl, CURLOPT_URL, absl::StrCat(base_url_, request.path).c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
  if (!request.body.empty()) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
  }
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method == "GET" ? nullptr : request.method.c_str());
  curl_slist* headers = curl_slist_append(nullptr, "Accept: application/json, */*");
  headers = curl_slist_append(headers, "Expect:");
  if (!request.body.empty()) headers = curl_slist_append(headers, ("Content-Type: " + request.content_type).c_str());
  for (const std::string& header : request.headers) headers = curl_slist_append(headers, header.c_str());
  if (!host_header_.empty()) headers = curl_slist_append(headers, ("Host: " + host_header_).c_str());
  if (const std::string value = Authorization(credential); !value.empty()) {
    headers = curl_slist_append(headers, ("Authorization: " + value).c_str());
  }
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);

  absl::StatusOr<HttpAnswer> result = absl::InternalError("not sent");
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (deadline.passed()) {
      result = absl::DeadlineExceededError("the deadline had passed before it was sent");
      break;
    }
    Transfer transfer{.handle = curl, .request = request};
    handle->error_text[0] = '\0';
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, Milliseconds(deadline));
    // On a kept connection that turns out to be dead libcurl sends by itself once more, whatever the method.
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, attempt == 0 && !request.once ? 0L : 1L);
    const CURLcode code = curl_easy_perform(curl);
    if (code == CURLE_OK || transfer.stopped) {
      long status = 0;
      curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
      transfer.answer.status = static_cast<int>(status);
      result = std::move(transfer.answer);
      break;
    }
    if (transfer.too_long) {
      result = absl::ResourceExhaustedError(absl::StrCat("the answer is longer than ", request.limit, " bytes"));
      break;
    }
    result = Failed(curl, code, handle->error_text);
    long connects = 0;
    curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &connects);
    if (!request.idempotent || request.once || transfer.received || connects > 0 || !IsDeadConnection(code)) break;
  }
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, nullptr);
  curl_slist_free_all(headers);
  if (result.ok()) GiveBack(std::move(handle));
  return result;
}

absl::StatusOr<HttpAnswer> Transport::Perform(const HttpRequest& request, Deadline deadline) {
  bool renewed = false;
  while (true) {
    TALES_ASSIGN_OR_RETURN(const Credential credential, credentials_.Current(deadline));
    TALES_ASSIGN_OR_RETURN(HttpAnswer answer, PerformOnce(request, credential, deadline));
    if (answer.status == 401 && !renewed && credentials_.Refuse(credential)) {
      renewed = true;
      continue;
    }
    // 429: the request was not worked on. 503 with Retry-After: the server is starting or stopping.
    const bool again =
        answer.status == 429 || (answer.status == 503 && answer.retry_after.has_value() && request.idempotent);
    const absl::Duration pause = std::max(answer.retry_after.value_or(absl::Seconds(1)), absl::Milliseconds(50));
    if (!again || request.once || pause >= deadline.remaining()) return answer;
    absl::SleepFor(pause);
  }
}

absl::StatusOr<std::unique_ptr<Transport::Raw>> Transport::Connect(Deadline deadline) {
  TALES_ASSIGN_OR_RETURN(const Credential credential, credentials_.Current(deadline));
  if (deadline.passed()) return absl::DeadlineExceededError("the deadline had passed before connecting");
  auto raw = std::make_unique<Raw>(curl_easy_init());
  raw->credential = credential;
  raw->authorization = Authorization(credential);
  const size_t authority = base_url_.find("://") + 3;
  const size_t path = std::min(base_url_.find('/', authority), base_url_.size());
  raw->host = host_header_.empty() ? base_url_.substr(authority, path - authority) : host_header_;
  raw->target_prefix = base_url_.substr(path);
  raw->error_text[0] = '\0';
  Prepare(raw->handle(), credential, raw->error_text.get());
  curl_easy_setopt(raw->handle(), CURLOPT_URL, base_url_.c_str());
  curl_easy_setopt(raw->handle(), CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  curl_easy_setopt(raw->handle(), CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(raw->handle(), CURLOPT_HTTPPROXYTUNNEL, 1L);
  curl_easy_setopt(raw->handle(), CURLOPT_TIMEOUT_MS, Milliseconds(deadline));
  const CURLcode code = curl_easy_perform(raw->handle());
  if (code != CURLE_OK) return Failed(raw->handle(), code, raw->error_text.get());
  return raw;
}

}  // namespace tales::kube
