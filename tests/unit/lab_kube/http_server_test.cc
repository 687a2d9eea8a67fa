// The server on a real socket: what waits in it ends with it.
#include "fixtures/lab/kube/http_server.h"

#include <future>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "harness/kube/client.h"
#include "harness/pki/authority.h"
#include "tests/support/status_matchers.h"

namespace tales::lab::kube {
namespace {

class HttpServerTest : public ::testing::Test {
 protected:
  void Serve(std::function<Response(const Request&)> handler) {
    ASSERT_OK_AND_ASSIGN(const pki::Authority authority, pki::Authority::Mint("kubernetes", "", pki::KeyType::kEcP256));
    ASSERT_OK_AND_ASSIGN(const pki::KeyPair server, authority.Issue({.addresses = {"127.0.0.1"}, .server_auth = true}));
    ASSERT_OK_AND_ASSIGN(const pki::KeyPair user, authority.Issue({.common_name = "user", .client_auth = true}));
    ASSERT_OK_AND_ASSIGN(server_, HttpServer::Start({.address = "127.0.0.1",
                                                     .certificate_pem = server.certificate_pem,
                                                     .key_pem = server.key_pem,
                                                     .client_ca_pem = authority.certificate_pem(),
                                                     .handler = std::move(handler)}));
    ASSERT_OK_AND_ASSIGN(client_,
                         tales::kube::Client::Open({.server = absl::StrCat("https://127.0.0.1:", server_->port()),
                                                    .ca_pem = authority.certificate_pem(),
                                                    .certificate_pem = user.certificate_pem,
                                                    .key_pem = user.key_pem}));
  }
  std::future<absl::Status> Ask() {
    return std::async(std::launch::async,
                      [this] { return client_->GetRaw("/ask", Deadline::After(absl::Seconds(60))).status(); });
  }

  std::unique_ptr<HttpServer> server_;
  std::unique_ptr<tales::kube::Client> client_;
};

TEST_F(HttpServerTest, AnAnswerThatIsLateDoesNotHoldItUp) {
  Serve([](const Request&) { return Response::Text("here"); });
  EXPECT_OK(Ask().get());
  server_->SetDelay(absl::Milliseconds(200));
  const absl::Time start = absl::Now();
  EXPECT_OK(Ask().get());
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(200));
  server_->SetDelay(absl::Hours(1));
  std::future<absl::Status> asked = Ask();
  EXPECT_EQ(asked.wait_for(std::chrono::milliseconds(300)), std::future_status::timeout);
  server_->Stop();
  EXPECT_FALSE(asked.get().ok());
  EXPECT_LT(absl::Now() - start, absl::Seconds(30));
}

TEST_F(HttpServerTest, AStreamThatPausesEndsWithIt) {
  std::promise<void> pauses;
  std::promise<bool> open;
  Serve([&](const Request&) {
    Response response = Response::Text("");
    response.stream = [&](ChunkSink& sink) {
      EXPECT_TRUE(sink.Write("first\n"));
      EXPECT_TRUE(sink.OpenAfter(absl::Milliseconds(1)));
      pauses.set_value();
      open.set_value(sink.OpenAfter(absl::Hours(1)));
    };
    return response;
  });
  std::future<absl::Status> asked = Ask();
  pauses.get_future().wait();
  const absl::Time start = absl::Now();
  server_->Stop();
  EXPECT_FALSE(open.get_future().get());
  EXPECT_LT(absl::Now() - start, absl::Seconds(30));
  asked.wait();
}

}  // namespace
}  // namespace tales::lab::kube
