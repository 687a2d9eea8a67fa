// Which way the client goes: directly, by the kubeconfig's proxy, by the environment's.
#include <array>
#include <cstdlib>
#include <optional>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "harness/kube/client.h"
#include "harness/kube/transport.h"
#include "harness/pki/authority.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kube/connect_proxy.h"
#include "tests/unit/kube/test_server.h"

namespace tales::kube {
namespace {

using ::tales::testing::StatusIs;
using ::testing::AllOf;
using testing::Answer;
using testing::ConnectProxy;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::Request;
using testing::TestServer;

Deadline Soon() { return Deadline::After(absl::Seconds(20)); }

// Sets the variables that name proxies, and restores them.
class Environment {
 public:
  explicit Environment(std::initializer_list<std::pair<const char*, std::string>> values) {
    for (const char* name : kNames) {
      const char* value = std::getenv(name);
      before_.emplace_back(value == nullptr ? std::nullopt : std::optional<std::string>(value));
      unsetenv(name);
    }
    for (const auto& [name, value] : values) setenv(name, value.c_str(), 1);
  }
  ~Environment() {
    for (size_t i = 0; i < before_.size(); ++i) {
      before_[i].has_value() ? setenv(kNames[i], before_[i]->c_str(), 1) : unsetenv(kNames[i]);
    }
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  static constexpr std::array kNames = {"HTTPS_PROXY", "https_proxy", "HTTP_PROXY",
                                        "http_proxy",  "NO_PROXY",    "no_proxy"};
  std::vector<std::optional<std::string>> before_;
};

class ProxyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(const pki::Authority authority, pki::Authority::Mint("kubernetes", "", pki::KeyType::kEcP256));
    ASSERT_OK_AND_ASSIGN(
        const pki::KeyPair pair,
        authority.Issue({.dns_names = {"kubernetes.localhost"}, .addresses = {"127.0.0.1"}, .server_auth = true}));
    authority_ = authority.certificate_pem();
    server_ = std::make_unique<TestServer>(TestServer::Options{.certificate = pair, .client_authority = ""},
                                           [](const Request& request) {
                                             if (request.target.find("/exec") == std::string::npos) {
                                               return Answer(200, "{}");
                                             }
                                             testing::Response response;
                                             response.messages = {"\x01hi", "\x03{\"status\":\"Success\"}"};
                                             return response;
                                           });
  }
  // No address of ours by its looks, and libcurl needs nobody to resolve it.
  Access Named(std::string proxy_url = "") const {
    return {.server = absl::StrCat("https://kubernetes.localhost:", server_->port()),
            .ca_pem = authority_,
            .proxy_url = std::move(proxy_url)};
  }
  Access Loopback(std::string proxy_url = "") const {
    return {.server = server_->url(), .ca_pem = authority_, .proxy_url = std::move(proxy_url)};
  }
  static absl::Status Ask(Access access) {
    auto client = Client::Open(std::move(access));
    return client.ok() ? (*client)->Get(kPods, "n", "p", Soon()).status() : client.status();
  }

  std::string authority_;
  std::unique_ptr<TestServer> server_;
};

TEST_F(ProxyTest, TheKubeconfigsIsUsedForEveryAddress) {
  const Environment environment({{"NO_PROXY", "*"}, {"HTTPS_PROXY", "http://127.0.0.1:1"}});
  const ConnectProxy proxy(server_->port());
  EXPECT_OK(Ask(Named("http://me:secret@" + proxy.address())));
  EXPECT_OK(Ask(Loopback("http://" + proxy.address())));
  EXPECT_THAT(proxy.requests(), ElementsAre(AllOf(HasSubstr("CONNECT kubernetes.localhost:"),
                                                  HasSubstr("Proxy-Authorization: Basic bWU6c2VjcmV0")),
                                            HasSubstr(absl::StrCat("CONNECT 127.0.0.1:", server_->port()))));
}

TEST_F(ProxyTest, TheEnvironmentsIsNotForOurselves) {
  const ConnectProxy proxy(server_->port());
  const Environment environment({{"https_proxy", "http://" + proxy.address()}});
  EXPECT_OK(Ask(Loopback()));
  EXPECT_THAT(proxy.requests(), IsEmpty());
  EXPECT_OK(Ask(Named()));
  EXPECT_THAT(proxy.requests(), ElementsAre(HasSubstr("CONNECT kubernetes.localhost:")));
}

TEST_F(ProxyTest, WhatNoProxyExcepts) {
  const ConnectProxy proxy(server_->port());
  for (const char* exceptions :
       {"kubernetes.localhost", ".localhost", "localhost", "10.0.0.0/8,kubernetes.localhost", "*"}) {
    const Environment environment({{"HTTPS_PROXY", "http://" + proxy.address()}, {"NO_PROXY", exceptions}});
    EXPECT_OK(Ask(Named())) << exceptions;
  }
  EXPECT_THAT(proxy.requests(), IsEmpty());
  const Environment environment({{"HTTPS_PROXY", "http://" + proxy.address()}, {"NO_PROXY", "other.test,10.0.0.0/8"}});
  EXPECT_OK(Ask(Named()));
  EXPECT_THAT(proxy.requests(), ElementsAre(HasSubstr("CONNECT kubernetes.localhost:")));
}

TEST_F(ProxyTest, ExecGoesThroughIt) {
  const ConnectProxy proxy(server_->port());
  ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(Named("http://" + proxy.address())));
  ASSERT_OK_AND_ASSIGN(const ExecResult result, client->Exec("n", "p", "", {"x"}, Soon()));
  EXPECT_EQ(result.output, "hi");
  EXPECT_THAT(proxy.requests(), ElementsAre(HasSubstr("CONNECT kubernetes.localhost:")));
}

TEST_F(ProxyTest, SaysThatItIsTheProxy) {
  const ConnectProxy refusing(server_->port(), "407 Proxy Authentication Required");
  EXPECT_THAT(Ask(Named("http://me:secret@" + refusing.address())),
              StatusIs(absl::StatusCode::kUnavailable,
                       AllOf(HasSubstr("the proxy does not let us through"), HasSubstr("407"),
                             HasSubstr("proxy-url of the kubeconfig names the proxy http://127.0.0.1:"),
                             Not(HasSubstr("secret")))));
  const Environment environment({{"HTTPS_PROXY", "http://127.0.0.1:1"}});
  EXPECT_THAT(Ask(Named()),
              StatusIs(absl::StatusCode::kUnavailable,
                       AllOf(HasSubstr("HTTPS_PROXY names the proxy http://127.0.0.1:1"), HasSubstr("NO_PROXY"))));
}

TEST(ChooseProxyTest, AsClientGoDoes) {
  const Environment environment(
      {{"HTTPS_PROXY", "http://a"}, {"https_proxy", "http://b"}, {"HTTP_PROXY", "http://c"}, {"no_proxy", "x"}});
  EXPECT_EQ(ChooseProxy({}, true, "10.0.0.1").url, "http://a");
  EXPECT_EQ(ChooseProxy({}, false, "10.0.0.1").url, "http://c");
  EXPECT_EQ(ChooseProxy({}, true, "10.0.0.1").exceptions, "x");
  for (const char* host : {"localhost", "127.0.0.1", "127.7.0.1", "[::1]"}) {
    EXPECT_EQ(ChooseProxy({}, true, host).url, "") << host;
  }
  EXPECT_EQ(ChooseProxy({.proxy_url = "socks5://p"}, true, "10.0.0.1").exceptions, "");
}

}  // namespace
}  // namespace tales::kube
