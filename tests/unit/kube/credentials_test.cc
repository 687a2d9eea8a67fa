// What lets us in: token files, and plugins that are asked again when what they gave is no longer good.
#include "harness/kube/credentials.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "harness/base/file.h"
#include "harness/kube/client.h"
#include "harness/pki/authority.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kube/test_server.h"

namespace tales::kube {
namespace {

using ::tales::testing::StatusIs;
using ::testing::AllOf;
using testing::Answer;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Request;
using testing::TestServer;

constexpr char kV1[] = "client.authentication.k8s.io/v1";

Deadline Soon() { return Deadline::After(absl::Seconds(20)); }

testing::Response Refusal() {
  return Answer(401, R"({"kind":"Status","code":401,"reason":"Unauthorized","message":"Unauthorized"})");
}

TEST(CredentialTest, TokenFileIsReadAgain) {
  ASSERT_OK_AND_ASSIGN(TemporaryFolder folder, TemporaryFolder::Make("token"));
  TestServer server({}, [](const Request& r) {
    return Answer(200, Json({{"auth", r.headers.at("authorization")}}).dump());
  });
  ASSERT_OK(WriteFileAtomically(folder.path() / "token", "one\n", 0600));
  ASSERT_OK_AND_ASSIGN(const auto client,
                       Client::Open({.server = server.url(), .token_file = folder.path() / "token"}));
  ASSERT_OK_AND_ASSIGN(const Json first, client->Get(kPods, "n", "p", Soon()));
  EXPECT_EQ(first["auth"], "Bearer one");
  ASSERT_OK(WriteFileAtomically(folder.path() / "token", "two\n", 0600));
  ASSERT_OK_AND_ASSIGN(const Json second, client->Get(kPods, "n", "p", Soon()));
  EXPECT_EQ(second["auth"], "Bearer two");
}

// A plugin in a folder of its own that counts its calls in $n.
class PluginTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = TemporaryFolder::Make("plugin");
    ASSERT_OK(folder);
    folder_.emplace(*std::move(folder));
  }
  // `status`: what the plugin gives, a shell's here-document.
  Access WithPlugin(const std::string& server, const std::string& status) {
    return WithScript(server, absl::StrCat(R"(cat <<EOF
{"kind":"ExecCredential","apiVersion":")",
                                           kV1, R"(","status":)", status, "}\nEOF\n"));
  }
  Access WithScript(const std::string& server, const std::string& script) {
    EXPECT_OK(WriteFileAtomically(
        folder_->path() / "plugin",
        absl::StrCat("#!/bin/sh\ncd \"$1\"; echo x >> calls; n=$(wc -l < calls)\n"
                     "case \"$KUBERNETES_EXEC_INFO\" in *'\"interactive\":false'*) ;; *) exit 9;; esac\n",
                     script),
        0700));
    Access access{.server = server};
    access.exec_argv = {folder_->path() / "plugin", folder_->path()};
    access.exec_api_version = kV1;
    return access;
  }
  int Calls() {
    const auto text = ReadFile(folder_->path() / "calls");
    return text.ok() ? static_cast<int>(text->size() / 2) : 0;
  }
  std::optional<TemporaryFolder> folder_;
};

TEST_F(PluginTest, IsAskedOnceAndAgainWhenRefused) {
  TestServer server({}, [](const Request& r) {
    return r.headers.at("authorization") == "Bearer t2" ? Answer(200, "{}") : Refusal();
  });
  ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(WithPlugin(server.url(), R"({"token":"t$n"})")));
  EXPECT_OK(client->Get(kPods, "n", "p", Soon()));
  EXPECT_OK(client->Get(kPods, "n", "p", Soon()));
  EXPECT_EQ(Calls(), 2);
}

TEST_F(PluginTest, AnExecThatIsRefusedAsksAgainToo) {
  TestServer server({}, [](const Request& r) {
    if (r.headers.at("authorization") != "Bearer t2") return Refusal();
    testing::Response response;
    response.messages = {"\x01hi", "\x03{\"status\":\"Success\"}"};
    return response;
  });
  ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(WithPlugin(server.url(), R"({"token":"t$n"})")));
  ASSERT_OK_AND_ASSIGN(const ExecResult result, client->Exec("n", "p", "", {"x"}, Soon()));
  EXPECT_EQ(result.output, "hi");
  EXPECT_EQ(Calls(), 2);
}

TEST_F(PluginTest, WhatNobodyAcceptsIsRefusedAfterOneMoreTry) {
  TestServer server({}, [](const Request&) { return Refusal(); });
  ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(WithPlugin(server.url(), R"({"token":"t$n"})")));
  EXPECT_THAT(client->Get(kPods, "n", "p", Soon()),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("Unauthorized")));
  EXPECT_EQ(Calls(), 2);
}

TEST_F(PluginTest, IsAskedAgainWhenWhatItGaveHasExpired) {
  TestServer server({}, [](const Request&) { return Answer(200, "{}"); });
  ASSERT_OK_AND_ASSIGN(
      const auto client,
      Client::Open(WithPlugin(server.url(), R"({"token":"t","expirationTimestamp":"2020-01-01T00:00:00Z"})")));
  for (int i = 0; i < 3; ++i) EXPECT_OK(client->Get(kPods, "n", "p", Soon()));
  EXPECT_EQ(Calls(), 3);
}

TEST_F(PluginTest, ItsCertificateIsShownAndRenewed) {
  ASSERT_OK_AND_ASSIGN(const pki::Authority authority, pki::Authority::Mint("kubernetes", "", pki::KeyType::kEcP256));
  ASSERT_OK_AND_ASSIGN(const pki::KeyPair server_pair,
                       authority.Issue({.addresses = {"127.0.0.1"}, .server_auth = true}));
  // The first is another's, whom the server does not let in.
  for (const char* name : {"1", "2"}) {
    ASSERT_OK_AND_ASSIGN(const pki::KeyPair pair,
                         authority.Issue({.common_name = absl::StrCat("user", name), .client_auth = true}));
    const Json status = {{"clientCertificateData", pair.certificate_pem}, {"clientKeyData", pair.key_pem}};
    ASSERT_OK(WriteFileAtomically(folder_->path() / name,
                                  Json({{"kind", "ExecCredential"}, {"apiVersion", kV1}, {"status", status}}).dump(),
                                  0600));
  }
  TestServer server({.certificate = server_pair, .client_authority = authority.certificate_pem()},
                    [](const Request& r) { return r.client_name == "user2" ? Answer(200, "{}") : Refusal(); });
  Access access = WithScript(server.url(), "cat $n\n");
  access.ca_pem = authority.certificate_pem();
  ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(access));
  EXPECT_OK(client->Get(kPods, "n", "p", Soon()));
  EXPECT_OK(client->Get(kPods, "n", "p", Soon()));
  EXPECT_EQ(Calls(), 2);
}

TEST_F(PluginTest, SaysWhichPluginFailedAndHow) {
  const auto ask = [&](const Access& access, Deadline deadline = Soon()) {
    const auto client = Client::Open(access);
    return client.ok() ? (*client)->Get(kPods, "n", "p", deadline).status() : client.status();
  };
  TestServer server({}, [](const Request&) { return Answer(200, "{}"); });
  EXPECT_THAT(ask(WithScript(server.url(), "echo 'no session: run login' >&2; exit 4\n")),
              StatusIs(absl::StatusCode::kPermissionDenied,
                       AllOf(HasSubstr("/plugin for a credential"), HasSubstr("exit code 4"),
                             HasSubstr("no session: run login"))));
  EXPECT_THAT(ask(WithScript(server.url(), "echo nonsense\n")),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not a JSON object")));
  const absl::Time begin = absl::Now();
  EXPECT_THAT(ask(WithScript(server.url(), "sleep 30\n"), Deadline::After(absl::Milliseconds(300))),
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("/plugin for a credential")));
  EXPECT_LT(absl::Now() - begin, absl::Seconds(5));
  Access missing = WithScript(server.url(), "");
  missing.exec_argv = {"no-such-login-plugin"};
  EXPECT_THAT(ask(missing), StatusIs(absl::StatusCode::kNotFound,
                                     AllOf(HasSubstr("asking exec plugin no-such-login-plugin for a credential"),
                                           HasSubstr("install it"))));
  // A secret in what it says is for the redactor; a credential never gets that far.
  EXPECT_THAT(ask(WithPlugin(server.url(), R"({"clientKeyData":"abc"})")),
              StatusIs(absl::StatusCode::kInvalidArgument, Not(HasSubstr("abc"))));
}

TEST(CredentialTest, WhatAPluginMaySay) {
  const auto with = [&](const std::string& status) {
    return absl::StrCat(R"({"kind":"ExecCredential","apiVersion":")", kV1, R"(","status":)", status, "}");
  };
  ASSERT_OK_AND_ASSIGN(const Credential good,
                       ParseExecCredential(with(R"({"token":"t","expirationTimestamp":"2030-01-01T00:00:00Z"})"), kV1));
  EXPECT_EQ(good.token, "t");
  EXPECT_EQ(good.expires, absl::FromCivil(absl::CivilSecond(2030, 1, 1), absl::UTCTimeZone()));
  for (const std::string& text : {std::string(), std::string("{"), std::string("[]"), std::string("{}"), with("3"),
                                  with("{}"), with(R"({"token":3})"), with(R"({"clientKeyData":"x"})"),
                                  with(R"({"token":"t","expirationTimestamp":"soon"})")}) {
    EXPECT_THAT(ParseExecCredential(text, kV1), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr(""))) << text;
  }
  EXPECT_FALSE(ParseExecCredential(with(R"({"token":"t"})"), "client.authentication.k8s.io/v1beta1").ok());
}

}  // namespace
}  // namespace tales::kube
