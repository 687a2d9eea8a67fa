#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <string>
#include <thread>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/pki/authority.h"
#include "harness/pki/certificate.h"
#include "harness/pki/openssl.h"
#include "tests/support/status_matchers.h"

namespace tales::pki {
namespace {

using tales::testing::StatusIs;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// Listens on 127.0.0.1 and serves one connection: by TLS, or by doing nothing.
class Server {
 public:
  enum class Kind { kTls, kSilent, kHangUp, kGarbage };
  struct Options {
    Kind kind = Kind::kTls;
    int verify = SSL_VERIFY_NONE;
    int max_version = TLS1_3_VERSION;
  };

  Server(const Authority& authority, Options options) : options_(options) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    listen(listener_, 4);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    if (options.kind == Kind::kTls) MakeContext(authority);
    if (options.kind != Kind::kSilent) thread_ = std::thread([this] { Serve(); });
  }
  ~Server() {
    shutdown(listener_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    close(listener_);
  }
  int port() const { return port_; }
  bool rejected() {
    thread_.join();
    return rejected_;
  }

 private:
  void MakeContext(const Authority& authority) {
    auto pair = authority.Issue({.common_name = "server", .addresses = {"127.0.0.1"}, .server_auth = true});
    ASSERT_OK(pair);
    context_.reset(SSL_CTX_new(TLS_server_method()));
    SSL_CTX_set_max_proto_version(context_.get(), options_.max_version);
    auto chain = ParseX509(pair->certificate_pem + authority.certificate_pem());
    ASSERT_OK(chain);
    auto key = ParsePrivateKey(pair->key_pem);
    ASSERT_OK(key);
    ASSERT_EQ(SSL_CTX_use_certificate(context_.get(), (*chain)[0].get()), 1);
    ASSERT_EQ(SSL_CTX_use_PrivateKey(context_.get(), key->get()), 1);
    ASSERT_EQ(SSL_CTX_add1_chain_cert(context_.get(), (*chain)[1].get()), 1);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), (*chain)[1].get());
    SSL_CTX_set_verify(context_.get(), options_.verify, nullptr);
  }
  void Serve() {
    const int fd = accept(listener_, nullptr, nullptr);
    if (fd < 0) return;
    if (options_.kind == Kind::kGarbage) {
      send(fd, "HTTP/1.1 400 Bad Request\r\n\r\n", 28, MSG_NOSIGNAL);
    }
    if (options_.kind == Kind::kTls) {
      SslPtr ssl(SSL_new(context_.get()));
      SSL_set_fd(ssl.get(), fd);
      rejected_ = SSL_accept(ssl.get()) != 1;
    }
    close(fd);
  }

  Options options_;
  int listener_ = -1;
  int port_ = 0;
  SslContextPtr context_;
  bool rejected_ = false;
  std::thread thread_;
};

class ServerCertificatesTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { signal(SIGPIPE, SIG_IGN); }  // for the server above; the client raises none
  void SetUp() override {
    auto minted = Authority::Mint("ca", "talos", KeyType::kEd25519);
    ASSERT_OK(minted);
    authority_ = std::make_unique<Authority>(*std::move(minted));
  }
  absl::StatusOr<ServerCertificates> Ask(int port, const KeyPair& client = {}) {
    return FetchServerCertificates("127.0.0.1", port, client.certificate_pem, client.key_pem,
                                   Deadline::After(absl::Seconds(10)));
  }
  std::unique_ptr<Authority> authority_;
};

TEST_F(ServerCertificatesTest, TakesTheChainOfAnyServer) {
  Server server(*authority_, {});
  ASSERT_OK_AND_ASSIGN(ServerCertificates found, Ask(server.port()));
  ASSERT_THAT(found.chain, SizeIs(2));
  EXPECT_EQ(found.chain[0].common_name, "server");
  EXPECT_THAT(found.chain[0].addresses, ElementsAre("127.0.0.1"));
  EXPECT_EQ(found.chain[1].common_name, "ca");
  EXPECT_FALSE(found.asked_for_client_certificate);
  EXPECT_OK(VerifyChain(found.chain[0], authority_->certificate_pem(), absl::Now()));
}

TEST_F(ServerCertificatesTest, NoticesThatACertificateIsAskedFor) {
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Server server(*authority_, {.verify = SSL_VERIFY_PEER, .max_version = version});
    ASSERT_OK_AND_ASSIGN(ServerCertificates found, Ask(server.port()));
    EXPECT_TRUE(found.asked_for_client_certificate);
    EXPECT_FALSE(server.rejected());
  }
}

TEST_F(ServerCertificatesTest, ARefusalOfAClientWithoutCertificateHidesNothing) {
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Server server(*authority_, {.verify = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, .max_version = version});
    ASSERT_OK_AND_ASSIGN(ServerCertificates found, Ask(server.port()));
    EXPECT_TRUE(found.asked_for_client_certificate);
    EXPECT_THAT(found.chain, SizeIs(2));
    EXPECT_TRUE(server.rejected());
  }
}

TEST_F(ServerCertificatesTest, ShowsTheClientsCertificate) {
  ASSERT_OK_AND_ASSIGN(KeyPair client, authority_->Issue({.common_name = "me", .client_auth = true}));
  Server server(*authority_, {.verify = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT});
  ASSERT_OK_AND_ASSIGN(ServerCertificates found, Ask(server.port(), client));
  EXPECT_TRUE(found.asked_for_client_certificate);
  EXPECT_FALSE(server.rejected());
}

TEST_F(ServerCertificatesTest, SaysWhatIsWrongWithTheClientsCertificate) {
  Server server(*authority_, {});
  EXPECT_THAT(Ask(server.port(), {.certificate_pem = "nonsense", .key_pem = "nonsense"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no certificate in the PEM text")));
}

TEST_F(ServerCertificatesTest, NobodyListens) {
  int port = 0;
  { port = Server(*authority_, {.kind = Server::Kind::kSilent}).port(); }
  EXPECT_THAT(Ask(port), StatusIs(absl::StatusCode::kUnavailable,
                                  AllOf(HasSubstr("asking 127.0.0.1:"), HasSubstr("Connection refused"))));
}

TEST_F(ServerCertificatesTest, SilenceEndsAtTheDeadline) {
  Server server(*authority_, {.kind = Server::Kind::kSilent});
  const absl::Time start = absl::Now();
  EXPECT_THAT(FetchServerCertificates("127.0.0.1", server.port(), "", "", Deadline::After(absl::Milliseconds(100))),
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("no answer in time")));
  EXPECT_LT(absl::Now() - start, absl::Seconds(5));
}

TEST_F(ServerCertificatesTest, WhatIsNotTlsIsUnavailable) {
  for (Server::Kind kind : {Server::Kind::kHangUp, Server::Kind::kGarbage}) {
    Server server(*authority_, {.kind = kind});
    EXPECT_THAT(Ask(server.port()), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("TLS handshake")));
  }
}

TEST_F(ServerCertificatesTest, ANameThatDoesNotResolve) {
  auto found = FetchServerCertificates("tales.invalid", 443, "", "", Deadline::After(absl::Seconds(5)));
  // Without a resolver the deadline may come first.
  EXPECT_THAT(found.status().code(), AnyOf(absl::StatusCode::kUnavailable, absl::StatusCode::kDeadlineExceeded));
  EXPECT_THAT(std::string(found.status().message()), HasSubstr("resolving the name"));
}

}  // namespace
}  // namespace tales::pki
