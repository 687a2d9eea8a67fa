// Both ends of gRPC in this program agree with a peer that takes X25519 and nothing else, as apid and Go clients in its
// likeness do. Without harness/talos/tls_groups.cc both tests fail in the handshake.
#include <arpa/inet.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "harness/pki/authority.h"
#include "harness/talos/proto/machine.grpc.pb.h"
#include "tests/support/status_matchers.h"

namespace tales::talos {
namespace {

using ContextPtr = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

ContextPtr X25519Only(const pki::KeyPair& pair, const std::string& ca) {
  ContextPtr context(SSL_CTX_new(TLS_method()), SSL_CTX_free);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  EXPECT_EQ(SSL_CTX_set1_groups_list(context.get(), "X25519"), 1);
  const auto bio = [](const std::string& text) { return BIO_new_mem_buf(text.data(), static_cast<int>(text.size())); };
  BIO* certificate_bio = bio(pair.certificate_pem);
  BIO* key_bio = bio(pair.key_pem);
  BIO* ca_bio = bio(ca);
  X509* certificate = PEM_read_bio_X509(certificate_bio, nullptr, nullptr, nullptr);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(key_bio, nullptr, nullptr, nullptr);
  X509* authority = PEM_read_bio_X509(ca_bio, nullptr, nullptr, nullptr);
  SSL_CTX_use_certificate(context.get(), certificate);
  SSL_CTX_use_PrivateKey(context.get(), key);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), authority);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  X509_free(certificate);
  X509_free(authority);
  EVP_PKEY_free(key);
  BIO_free(certificate_bio);
  BIO_free(key_bio);
  BIO_free(ca_bio);
  return context;
}

class TlsGroups : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(const auto authority, pki::Authority::Mint("talos", "talos", pki::KeyType::kEd25519));
    ca_ = authority.certificate_pem();
    ASSERT_OK_AND_ASSIGN(server_, authority.Issue({.addresses = {"127.0.0.1"}, .server_auth = true}));
    ASSERT_OK_AND_ASSIGN(client_, authority.Issue({.organizations = {"os:admin"}, .client_auth = true}));
  }
  std::string ca_;
  pki::KeyPair server_, client_;
};

TEST_F(TlsGroups, ClientAgreesWithAServerThatTakesX25519Only) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(listener, 1), 0);
  ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);

  grpc::SslCredentialsOptions options{ca_, client_.key_pem, client_.certificate_pem};
  const auto channel =
      grpc::CreateChannel(absl::StrCat("127.0.0.1:", ntohs(address.sin_port)), grpc::SslCredentials(options));
  // A channel makes progress only while somebody waits for it.
  std::thread waiting([&] { channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(2)); });
  pollfd ready{listener, POLLIN, 0};
  EXPECT_EQ(poll(&ready, 1, 10'000), 1);
  const int connection = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
  EXPECT_GE(connection, 0);
  const timeval limit{10, 0};
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  const ContextPtr context = X25519Only(server_, ca_);
  SSL_CTX_set_alpn_select_cb(
      context.get(),
      [](SSL*, const unsigned char** out, unsigned char* length, const unsigned char*, unsigned int, void*) {
        *out = reinterpret_cast<const unsigned char*>("h2");
        *length = 2;
        return SSL_TLSEXT_ERR_OK;
      },
      nullptr);
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
  SSL_set_fd(ssl.get(), connection);
  EXPECT_EQ(SSL_accept(ssl.get()), 1);
  close(connection);
  close(listener);
  waiting.join();
}

TEST_F(TlsGroups, ServerAgreesWithAClientThatOffersX25519Only) {
  grpc::SslServerCredentialsOptions options(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = ca_;
  options.pem_key_cert_pairs = {{server_.key_pem, server_.certificate_pem}};
  machine::MachineService::Service service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(options), &port);
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  ASSERT_NE(server, nullptr);

  const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  ASSERT_EQ(connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  const timeval limit{10, 0};
  setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  const ContextPtr context = X25519Only(client_, ca_);
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
  const unsigned char alpn[] = {2, 'h', '2'};
  SSL_set_alpn_protos(ssl.get(), alpn, sizeof alpn);
  SSL_set_fd(ssl.get(), connection);
  EXPECT_EQ(SSL_connect(ssl.get()), 1);
  close(connection);
  server->Shutdown(std::chrono::system_clock::now());
}

}  // namespace
}  // namespace tales::talos
