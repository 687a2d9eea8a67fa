#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "harness/base/status.h"
#include "harness/pki/certificate.h"
#include "harness/pki/openssl.h"

namespace tales::pki {
namespace {

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

struct Address {
  sockaddr_storage storage = {};
  socklen_t size = 0;
};

struct Resolution {
  std::mutex mutex;
  std::condition_variable done;
  std::optional<absl::StatusOr<std::vector<Address>>> result;
};

absl::StatusOr<std::vector<Address>> ResolveNow(const std::string& host, int port, int flags) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), absl::StrCat(port).c_str(), &hints, &found); error != 0) {
    return absl::UnavailableError(absl::StrCat("resolving the name: ", gai_strerror(error)));
  }
  std::vector<Address> addresses;
  for (const addrinfo* i = found; i != nullptr; i = i->ai_next) {
    Address address;
    address.size = i->ai_addrlen;
    std::copy_n(reinterpret_cast<const char*>(i->ai_addr), i->ai_addrlen, reinterpret_cast<char*>(&address.storage));
    addresses.push_back(address);
  }
  freeaddrinfo(found);
  return addresses;
}

absl::StatusOr<std::vector<Address>> Resolve(const std::string& host, int port, Deadline deadline) {
  if (auto numeric = ResolveNow(host, port, AI_NUMERICHOST); numeric.ok()) return numeric;
  // getaddrinfo() knows no deadline: it gets a thread of its own, which is left behind when it takes too long.
  auto resolution = std::make_shared<Resolution>();
  std::thread([resolution, host, port] {
    auto result = ResolveNow(host, port, 0);
    const std::lock_guard lock(resolution->mutex);
    resolution->result = std::move(result);
    resolution->done.notify_one();
  }).detach();
  std::unique_lock lock(resolution->mutex);
  const auto limit = deadline.AtMost(absl::Minutes(1)).ToSteadyClock();
  if (!resolution->done.wait_until(lock, limit, [&] { return resolution->result.has_value(); })) {
    return absl::DeadlineExceededError("resolving the name took too long");
  }
  return *resolution->result;
}

absl::Status Await(int fd, short events, Deadline deadline) {
  while (true) {
    const absl::Duration left = std::min(deadline.remaining(), absl::Hours(1));
    pollfd poll_for = {fd, events, 0};
    const int n =
        poll(&poll_for, 1, static_cast<int>(absl::ToInt64Milliseconds(absl::Ceil(left, absl::Milliseconds(1)))));
    if (n > 0) return absl::OkStatus();
    if (n < 0 && errno != EINTR) return absl::ErrnoToStatus(errno, "poll");
    if (deadline.passed()) return absl::DeadlineExceededError("no answer in time");
  }
}

absl::StatusOr<Socket> Connect(const Address& address, Deadline deadline) {
  Socket socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.fd() < 0) return absl::UnavailableError(absl::StrCat("socket: ", strerror(errno)));
  int error = 0;
  if (connect(socket.fd(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0) error = errno;
  if (error == EINPROGRESS) {
    if (absl::Status status = Await(socket.fd(), POLLOUT, deadline); !status.ok())
      return Annotate(status, "connecting");
    socklen_t size = sizeof error;
    getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
  }
  if (error != 0) return absl::UnavailableError(absl::StrCat("connecting: ", strerror(error)));
  return socket;
}

absl::StatusOr<Socket> ConnectToAny(const std::vector<Address>& addresses, Deadline deadline) {
  absl::Status last = absl::UnavailableError("the name has no address");
  for (const Address& address : addresses) {
    absl::StatusOr<Socket> socket = Connect(address, deadline);
    if (socket.ok()) return socket;
    last = socket.status();
  }
  return last;
}

// What OpenSSL's callbacks saw during the handshake.
struct Seen {
  std::vector<X509Ptr> chain;
  bool asked = false;
};

int KeepChain(X509_STORE_CTX* store, void* argument) {
  auto* seen = static_cast<Seen*>(argument);
  const STACK_OF(X509)* chain = X509_STORE_CTX_get0_untrusted(store);
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    X509* certificate = sk_X509_value(chain, i);
    X509_up_ref(certificate);
    seen->chain.emplace_back(certificate);
  }
  return 1;  // the caller judges
}

int NoteRequest(SSL*, void* argument) {  // a client's is called when the server's CertificateRequest came
  static_cast<Seen*>(argument)->asked = true;
  return 1;
}

absl::StatusOr<SslContextPtr> MakeContext(std::string_view certificate_pem, std::string_view key_pem, Seen* seen) {
  SslContextPtr context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr) return absl::InternalError(absl::StrCat("TLS: ", TakeOpenSslError()));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_cert_verify_callback(context.get(), KeepChain, seen);
  SSL_CTX_set_cert_cb(context.get(), NoteRequest, seen);
  SSL_CTX_set_security_level(context.get(), 0);  // also a weak certificate is to be seen
  static constexpr unsigned char kProtocols[] = "\x02h2\x08http/1.1";
  SSL_CTX_set_alpn_protos(context.get(), kProtocols, sizeof kProtocols - 1);
  if (certificate_pem.empty()) return context;
  TALES_ASSIGN_OR_RETURN(std::vector<X509Ptr> certificates, ParseX509(certificate_pem));
  TALES_ASSIGN_OR_RETURN(KeyPtr key, ParsePrivateKey(key_pem));
  bool ok = SSL_CTX_use_certificate(context.get(), certificates[0].get()) == 1 &&
            SSL_CTX_use_PrivateKey(context.get(), key.get()) == 1;
  for (size_t i = 1; ok && i < certificates.size(); ++i) {
    ok = SSL_CTX_add1_chain_cert(context.get(), certificates[i].get()) == 1;
  }
  if (!ok) return absl::InvalidArgumentError(absl::StrCat("client certificate: ", TakeOpenSslError()));
  return context;
}

// The TLS engine works on memory and the socket is ours: send() can be told to raise no SIGPIPE, OpenSSL cannot.
absl::Status Flush(BIO* outgoing, int fd, Deadline deadline) {
  char buffer[16 << 10];
  for (int size = BIO_read(outgoing, buffer, sizeof buffer); size > 0;
       size = BIO_read(outgoing, buffer, sizeof buffer)) {
    for (int sent = 0; sent < size;) {
      const ssize_t n = send(fd, buffer + sent, static_cast<size_t>(size - sent), MSG_NOSIGNAL);
      if (n > 0) {
        sent += static_cast<int>(n);
      } else if (n < 0 && errno == EAGAIN) {
        TALES_RETURN_IF_ERROR(Await(fd, POLLOUT, deadline));
      } else if (n < 0 && errno != EINTR) {
        return absl::UnavailableError(absl::StrCat("the server closed the connection: ", strerror(errno)));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status Receive(BIO* incoming, int fd, Deadline deadline) {
  char buffer[16 << 10];
  while (true) {
    TALES_RETURN_IF_ERROR(Await(fd, POLLIN, deadline));
    const ssize_t n = recv(fd, buffer, sizeof buffer, 0);
    if (n > 0) {
      BIO_write(incoming, buffer, static_cast<int>(n));
      return absl::OkStatus();
    }
    if (n == 0) return absl::UnavailableError("the server closed the connection");
    if (errno != EINTR && errno != EAGAIN) return absl::UnavailableError(absl::StrCat("reading: ", strerror(errno)));
  }
}

absl::Status Handshake(SSL* ssl, BIO* incoming, BIO* outgoing, int fd, Deadline deadline) {
  while (true) {
    ERR_clear_error();
    const int result = SSL_connect(ssl);
    const int error = SSL_get_error(ssl, result);
    const std::string reason = TakeOpenSslError();
    const absl::Status flushed = Flush(outgoing, fd, deadline);
    if (result == 1) return absl::OkStatus();
    if (error != SSL_ERROR_WANT_READ) return absl::UnavailableError(reason);
    TALES_RETURN_IF_ERROR(flushed);
    TALES_RETURN_IF_ERROR(Receive(incoming, fd, deadline));
  }
}

absl::StatusOr<ServerCertificates> Fetch(const std::string& host, int port, std::string_view certificate_pem,
                                         std::string_view key_pem, Deadline deadline) {
  TALES_ASSIGN_OR_RETURN(std::vector<Address> addresses, Resolve(host, port, deadline));
  Seen seen;
  TALES_ASSIGN_OR_RETURN(SslContextPtr context, MakeContext(certificate_pem, key_pem, &seen));
  TALES_ASSIGN_OR_RETURN(Socket socket, ConnectToAny(addresses, deadline));
  SslPtr ssl(SSL_new(context.get()));
  if (ssl == nullptr) return absl::InternalError(absl::StrCat("TLS: ", TakeOpenSslError()));
  BIO* incoming = BIO_new(BIO_s_mem());
  BIO* outgoing = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl.get(), incoming, outgoing);  // owns both
  char numeric[sizeof(in6_addr)];
  const bool is_name =
      inet_pton(AF_INET, host.c_str(), numeric) != 1 && inet_pton(AF_INET6, host.c_str(), numeric) != 1;
  if (is_name) SSL_set_tlsext_host_name(ssl.get(), host.c_str());
  const absl::Status handshake = Handshake(ssl.get(), incoming, outgoing, socket.fd(), deadline);
  // Once the server has asked for a certificate it has proved that its own is its own; that it then hangs up on a
  // client without one (TLS 1.2 does so inside the handshake) takes nothing from what was seen.
  if (!handshake.ok() && !(seen.asked && !seen.chain.empty())) return Annotate(handshake, "TLS handshake");
  ERR_clear_error();
  ServerCertificates result{.chain = {}, .asked_for_client_certificate = seen.asked};
  for (const X509Ptr& certificate : seen.chain) {
    TALES_ASSIGN_OR_RETURN(Certificate described, Describe(certificate.get()));
    result.chain.push_back(std::move(described));
  }
  if (result.chain.empty()) return absl::UnavailableError("the server showed no certificate");
  return result;
}

}  // namespace

absl::StatusOr<ServerCertificates> FetchServerCertificates(std::string_view host, int port,
                                                           std::string_view client_cert_pem,
                                                           std::string_view client_key_pem, Deadline deadline) {
  auto result = Fetch(std::string(host), port, client_cert_pem, client_key_pem, deadline);
  if (result.ok()) return result;
  return Annotate(result.status(), absl::StrCat("asking ", host, ":", port, " for its certificate"));
}

}  // namespace tales::pki
