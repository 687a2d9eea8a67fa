#include "harness/kube/client.h"

#include <atomic>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "harness/kube/errors.h"
#include "harness/kube/transport.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kube/test_server.h"

namespace tales::kube {
namespace {

using ::tales::testing::StatusIs;
using ::testing::AllOf;
using testing::Answer;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Request;
using testing::Response;
using testing::TestServer;

Deadline Soon() { return Deadline::After(absl::Seconds(20)); }

std::unique_ptr<Client> ClientOf(const TestServer& server) {
  auto client = Client::Open({.server = server.url()});
  return client.ok() ? *std::move(client) : nullptr;
}

std::string StatusBody(int code, std::string reason, std::string message) {
  return Json({{"kind", "Status"}, {"status", "Failure"}, {"code", code}, {"reason", reason}, {"message", message}})
      .dump();
}

TEST(ClientTest, DeletesByForceOnlyWhereItIsAsked) {
  std::string asked;
  TestServer server({}, [&asked](const Request& r) {
    asked = absl::StrCat(r.method, " ", r.target);
    return Answer(200, "{}");
  });
  ASSERT_OK(ClientOf(server)->Delete(kPods, "n", "p", Soon()));
  EXPECT_EQ(asked, "DELETE /api/v1/namespaces/n/pods/p?propagationPolicy=Background");
  ASSERT_OK(ClientOf(server)->Delete(kPods, "n", "p", Soon(), /*grace_seconds=*/0));
  EXPECT_EQ(asked, "DELETE /api/v1/namespaces/n/pods/p?propagationPolicy=Background&gracePeriodSeconds=0");
}

TEST(ClientTest, GetsAnObject) {
  TestServer server({},
                    [](const Request& r) { return Answer(200, absl::StrCat(R"({"target":")", r.target, R"("})")); });
  ASSERT_OK_AND_ASSIGN(const Json pod, ClientOf(server)->Get(kPods, "a b", "p", Soon()));
  EXPECT_EQ(pod["target"], "/api/v1/namespaces/a%20b/pods/p");
  ASSERT_OK_AND_ASSIGN(const Json set, ClientOf(server)->Get(kDaemonSets, "cilium", "cilium", Soon()));
  EXPECT_EQ(set["target"], "/apis/apps/v1/namespaces/cilium/daemonsets/cilium");
  ASSERT_OK_AND_ASSIGN(const Json node, ClientOf(server)->Get(kNodes, "", "n", Soon()));
  EXPECT_EQ(node["target"], "/api/v1/nodes/n");
}

struct ErrorCase {
  int http;
  std::string reason;
  absl::StatusCode code;
};
void PrintTo(const ErrorCase& one, std::ostream* out) { *out << one.http << " " << one.reason; }
class ClientErrorTest : public ::testing::TestWithParam<ErrorCase> {};

TEST_P(ClientErrorTest, SaysWhoWasAskedForWhatAndTheServersWords) {
  TestServer server({}, [](const Request&) {
    return Answer(GetParam().http, StatusBody(GetParam().http, GetParam().reason, "the server's own words"));
  });
  const absl::Status status = ClientOf(server)->Get(kPods, "n", "p", Deadline::After(absl::Milliseconds(900))).status();
  EXPECT_THAT(status, StatusIs(GetParam().code, AllOf(HasSubstr("GET /api/v1/namespaces/n/pods/p at http://127.0.0.1:"),
                                                      HasSubstr("the server's own words"))));
  EXPECT_EQ(ServerMessage(status), GetParam().http == 429 ? ServerMessage(status) : "the server's own words");
}
INSTANTIATE_TEST_SUITE_P(All, ClientErrorTest,
                         ::testing::Values(ErrorCase{404, "NotFound", absl::StatusCode::kNotFound},
                                           ErrorCase{401, "Unauthorized", absl::StatusCode::kPermissionDenied},
                                           ErrorCase{403, "Forbidden", absl::StatusCode::kPermissionDenied},
                                           ErrorCase{409, "AlreadyExists", absl::StatusCode::kAlreadyExists},
                                           ErrorCase{409, "Conflict", absl::StatusCode::kAborted},
                                           ErrorCase{410, "Expired", absl::StatusCode::kOutOfRange},
                                           ErrorCase{400, "BadRequest", absl::StatusCode::kInvalidArgument},
                                           ErrorCase{422, "Invalid", absl::StatusCode::kInvalidArgument},
                                           ErrorCase{429, "TooManyRequests", absl::StatusCode::kResourceExhausted},
                                           ErrorCase{500, "InternalError", absl::StatusCode::kUnavailable}),
                         [](const auto& info) { return absl::StrCat(info.param.http, info.param.reason); });

TEST(ClientTest, ListsInChunksAndStartsAgainWhenTheTokenExpires) {
  std::atomic<int> expired = 0;
  TestServer server({}, [&](const Request& r) {
    if (absl::StrContains(r.target, "continue=B")) {
      if (expired++ == 0) return Answer(410, StatusBody(410, "Expired", "too old"));
      return Answer(200, R"({"metadata":{},"items":[{"n":3}]})");
    }
    return Answer(200, R"({"metadata":{"continue":"B"},"items":[{"n":1},{"n":2}]})");
  });
  ASSERT_OK_AND_ASSIGN(const std::vector<Json> items,
                       ClientOf(server)->List(kPods, "", {.label_selector = "a=b", .chunk = 2}, Soon()));
  ASSERT_EQ(items.size(), 3);
  EXPECT_EQ(items[2]["n"], 3);
  EXPECT_EQ(expired, 2);
}

TEST(ClientTest, AListThatIsNoListIsAnError) {
  for (const char* body : {"[]", "3", "{}", R"({"items":3})"}) {
    TestServer server({}, [&](const Request&) { return Answer(200, body); });
    EXPECT_THAT(ClientOf(server)->List(kPods, "", {}, Soon()),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("no list")))
        << body;
  }
}

TEST(ClientTest, DryRunAndWarnings) {
  TestServer server({}, [](const Request& r) {
    EXPECT_EQ(r.target, "/api/v1/namespaces/n/pods?fieldManager=tales&dryRun=All");
    return Answer(
        201, "{}",
        "Warning: 299 - \"would violate \\\"restricted:latest\\\"\", 199 x \"no\"\r\nWarning: 299 k8s \"second\"\r\n");
  });
  ASSERT_OK_AND_ASSIGN(const Reply reply, ClientOf(server)->Create(kPods, "n", Json::object(), true, Soon()));
  EXPECT_EQ(reply.http_status, 201);
  EXPECT_THAT(reply.warnings, ElementsAre("would violate \"restricted:latest\"", "second"));
}

TEST(ClientTest, HostileWarningHeaders) {
  for (const char* value : {"", "299", "299 -", "299 - \"", "299 - \"a\\", "299 - a", "\"\"", "  ,,,"}) {
    EXPECT_TRUE(ParseWarningHeader(value).empty()) << value;
  }
}

TEST(ClientTest, WaitsWhenTheServerIsBusy) {
  std::atomic<int> asked = 0;
  TestServer server({}, [&](const Request&) {
    return asked++ == 0 ? Answer(429, StatusBody(429, "TooManyRequests", "busy"), "Retry-After: 1\r\n")
                        : Answer(200, "{}");
  });
  EXPECT_OK(ClientOf(server)->Get(kPods, "n", "p", Soon()));
  asked = 0;
  EXPECT_THAT(ClientOf(server)->Get(kPods, "n", "p", Deadline::After(absl::Milliseconds(500))),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("asks to wait 1s")));
}

TEST(ClientTest, BodiesThatAreNotWhole) {
  TestServer cut({}, [](const Request&) { return Answer(200, R"({"items": [{"a")"); });
  EXPECT_THAT(ClientOf(cut)->Get(kPods, "n", "p", Soon()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("not whole JSON")));
  TestServer dropped({}, [](const Request&) {
    return Response{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", Response::kDrop};
  });
  EXPECT_THAT(ClientOf(dropped)->Get(kPods, "n", "p", Soon()),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("connection broke")));
  TestServer deep({}, [](const Request&) { return Answer(200, std::string(1'000'000, '[')); });
  EXPECT_THAT(ClientOf(deep)->Get(kPods, "n", "p", Soon()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("deeper than")));
  TestServer garbage({}, [](const Request&) { return Response{"SSH-2.0-x\r\n", Response::kDrop}; });
  EXPECT_THAT(ClientOf(garbage)->Get(kPods, "n", "p", Soon()),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("GET /api")));
}

TEST(ClientTest, AHangingBodyEndsWithTheDeadline) {
  TestServer server({}, [](const Request&) {
    return Response{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", Response::kHang};
  });
  const absl::Time begin = absl::Now();
  EXPECT_THAT(ClientOf(server)->Get(kPods, "n", "p", Deadline::After(absl::Milliseconds(300))),
              StatusIs(absl::StatusCode::kDeadlineExceeded,
                       ContainsRegex("connected, but no complete answer within (0[.][3-9]|[1-4][.][0-9])s")));
  EXPECT_LT(absl::Now() - begin, absl::Seconds(5));
}

TEST(ClientTest, NobodyListens) {
  std::string url;
  {
    url = TestServer({}, [](const Request&) { return Answer(200, "{}"); }).url();
  }
  ASSERT_OK_AND_ASSIGN(const auto client, Client::Open({.server = url}));
  EXPECT_THAT(client->Get(kPods, "n", "p", Soon()),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("Failed to connect")));
}

TEST(ClientTest, AConnectionThatDiedMeanwhileIsReplaced) {
  TestServer server({}, [](const Request&) {
    Response response = Answer(200, "{}");
    response.then = Response::kDrop;
    return response;
  });
  const auto client = ClientOf(server);
  for (int i = 0; i < 3; ++i) EXPECT_OK(client->Get(kPods, "n", "p", Soon()));
}

TEST(ClientTest, ConnectionsAreReused) {
  TestServer server({}, [](const Request&) { return Answer(200, "{}"); });
  const auto client = ClientOf(server);
  for (int i = 0; i < 5; ++i) EXPECT_OK(client->Get(kPods, "n", "p", Soon()));
  EXPECT_EQ(server.connections(), 1);
}

TEST(ClientTest, WatchGoesOnUntilItHasSeenEnough) {
  std::atomic<int> watches = 0;
  TestServer server({}, [&](const Request& r) {
    if (watches++ == 0) {
      EXPECT_THAT(r.target, HasSubstr("resourceVersion=5"));
      return Answer(200,
                    "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"resourceVersion\":\"6\"}}}\n"
                    "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"9\"}}}\n");
    }
    EXPECT_THAT(r.target, HasSubstr("resourceVersion=9"));
    return Answer(200, "{\"type\":\"DELETED\",\"object\":{\"metadata\":{\"resourceVersion\":\"10\"}}}\n");
  });
  std::vector<std::string> seen;
  EXPECT_OK(ClientOf(server)->Watch(
      kPods, "n", {}, "5",
      [&](const WatchEvent& event) {
        seen.push_back(event.type);
        return event.type != "DELETED";
      },
      Soon()));
  EXPECT_THAT(seen, ElementsAre("ADDED", "BOOKMARK", "DELETED"));
}

TEST(ClientTest, WatchThatIsTooOldMustBeListedAgain) {
  TestServer server({}, [&](const Request&) {
    return Answer(200, absl::StrCat(R"({"type":"ERROR","object":)",
                                    StatusBody(410, "Expired", "too old resource version"), "}\n"));
  });
  EXPECT_THAT(ClientOf(server)->Watch(
                  kPods, "n", {}, "5", [](const WatchEvent&) { return true; }, Soon()),
              StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("too old resource version")));
  TestServer garbage({}, [&](const Request&) { return Answer(200, "{\"type\":3}\n"); });
  EXPECT_THAT(ClientOf(garbage)->Watch(
                  kPods, "n", {}, "5", [](const WatchEvent&) { return true; }, Soon()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("no type")));
}

TEST(ClientTest, LogsComeInChunksUntilEnough) {
  TestServer server({}, [](const Request& r) {
    EXPECT_THAT(r.target, HasSubstr("/log?container=c&tailLines=7&follow=true"));
    return Response{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfirst", Response::kHang};
  });
  std::string seen;
  EXPECT_OK(ClientOf(server)->Logs(
      "n", "p", {.container = "c", .tail_lines = 7, .follow = true},
      [&](std::string_view chunk) {
        seen.append(chunk);
        return false;
      },
      Soon()));
  EXPECT_EQ(seen, "first");
}

TEST(ExecTest, GivesOutputAndExitCode) {
  const std::string failure =
      R"({"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"3"}]}})";
  TestServer server({}, [&](const Request& r) {
    EXPECT_THAT(
        r.target,
        HasSubstr("/api/v1/namespaces/n/pods/p/exec?container=c&command=sh&command=-c&command=exit%203&stdout=true"));
    EXPECT_THAT(r.headers.at("sec-websocket-protocol"), HasSubstr("v5.channel.k8s.io"));
    return Response{.bytes = "",
                    .messages = {"\x01out",
                                 "\x02"
                                 "err",
                                 "\x01put", "\x03" + failure}};
  });
  ASSERT_OK_AND_ASSIGN(const ExecResult result, ClientOf(server)->Exec("n", "p", "c", {"sh", "-c", "exit 3"}, Soon()));
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_EQ(result.output, "output");
  EXPECT_EQ(result.error_output, "err");
}

TEST(ExecTest, SaysWhyItCouldNotRun) {
  TestServer refused(
      {}, [](const Request&) { return Answer(403, StatusBody(403, "Forbidden", "pods \"p\" is forbidden")); });
  EXPECT_THAT(ClientOf(refused)->Exec("n", "p", "", {"x"}, Soon()),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("pods \"p\" is forbidden")));
  TestServer broken({}, [](const Request&) { return Response{.bytes = "", .messages = {"\x01out"}}; });
  EXPECT_THAT(ClientOf(broken)->Exec("n", "p", "", {"x"}, Soon()),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("before the command's end")));
  TestServer hanging({}, [](const Request&) { return Response{"", Response::kHang}; });
  EXPECT_THAT(ClientOf(hanging)->Exec("n", "p", "", {"x"}, Deadline::After(absl::Milliseconds(300))),
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("deadline")));
}

class TlsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto minted = pki::Authority::Mint("kubernetes", "", pki::KeyType::kEcP256);
    ASSERT_OK(minted);
    authority_ = std::make_unique<pki::Authority>(*std::move(minted));
  }
  TestServer::Options Options(std::vector<std::string> names, std::vector<std::string> addresses,
                              absl::Duration lifetime = absl::Hours(1)) {
    auto pair = authority_->Issue({.common_name = "kube-apiserver",
                                   .dns_names = names,
                                   .addresses = addresses,
                                   .server_auth = true,
                                   .lifetime = lifetime});
    EXPECT_OK(pair);
    return {.certificate = *pair, .client_authority = ""};
  }
  static Response Hello(const Request& r) {
    return Answer(200, Json({{"name", r.client_name}, {"host", r.headers.at("host")}}).dump());
  }
  absl::StatusOr<Json> Ask(Access access) {
    auto client = Client::Open(std::move(access));
    if (!client.ok()) return client.status();
    return (*client)->Get(kPods, "n", "p", Soon());
  }
  std::unique_ptr<pki::Authority> authority_;
};

TEST_F(TlsTest, ShowsItsCertificate) {
  TestServer::Options options = Options({}, {"127.0.0.1"});
  options.client_authority = authority_->certificate_pem();
  TestServer server(options, Hello);
  ASSERT_OK_AND_ASSIGN(const pki::KeyPair admin, authority_->Issue({.common_name = "admin", .client_auth = true}));
  ASSERT_OK_AND_ASSIGN(const Json hello, Ask({.server = server.url(),
                                              .ca_pem = authority_->certificate_pem(),
                                              .certificate_pem = admin.certificate_pem,
                                              .key_pem = admin.key_pem}));
  EXPECT_EQ(hello["name"], "admin");
  EXPECT_FALSE(Ask({.server = server.url(), .ca_pem = authority_->certificate_pem()}).ok());
}

TEST_F(TlsTest, TellsFailuresApart) {
  constexpr absl::StatusCode kCode = absl::StatusCode::kFailedPrecondition;
  TestServer good(Options({}, {"127.0.0.1"}), Hello), named(Options({"kubernetes"}, {}), Hello);
  TestServer old(Options({}, {"127.0.0.1"}, -absl::Hours(1)), Hello);
  ASSERT_OK_AND_ASSIGN(const pki::Authority other, pki::Authority::Mint("kubernetes", "", pki::KeyType::kEcP256));
  EXPECT_THAT(Ask({.server = good.url(), .ca_pem = other.certificate_pem()}),
              StatusIs(kCode, HasSubstr("unknown authority")));
  EXPECT_THAT(Ask({.server = good.url()}), StatusIs(kCode, HasSubstr("unknown authority")));
  EXPECT_THAT(Ask({.server = old.url(), .ca_pem = authority_->certificate_pem()}),
              StatusIs(kCode, HasSubstr("has expired")));
  EXPECT_THAT(Ask({.server = named.url(), .ca_pem = authority_->certificate_pem()}),
              StatusIs(kCode, HasSubstr("wrong name")));
  EXPECT_OK(Ask({.server = old.url(), .insecure = true}));
  ASSERT_OK_AND_ASSIGN(
      const Json hello,
      Ask({.server = named.url(), .ca_pem = authority_->certificate_pem(), .tls_server_name = "kubernetes"}));
  EXPECT_EQ(hello["host"], absl::StrCat("127.0.0.1:", named.port()));
}

TEST_F(TlsTest, ExecUsesTheSameTls) {
  TestServer server(Options({}, {"127.0.0.1"}), [](const Request&) {
    return Response{.bytes = "", .messages = {"\x01hi", "\x03{\"status\":\"Success\"}"}};
  });
  ASSERT_OK_AND_ASSIGN(const auto client,
                       Client::Open({.server = server.url(), .ca_pem = authority_->certificate_pem()}));
  ASSERT_OK_AND_ASSIGN(const ExecResult result, client->Exec("n", "p", "", {"x"}, Soon()));
  EXPECT_EQ(result.output, "hi");
  ASSERT_OK_AND_ASSIGN(const pki::Authority other, pki::Authority::Mint("kubernetes", "", pki::KeyType::kEcP256));
  ASSERT_OK_AND_ASSIGN(const auto stranger, Client::Open({.server = server.url(), .ca_pem = other.certificate_pem()}));
  EXPECT_THAT(stranger->Exec("n", "p", "", {"x"}, Soon()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("unknown authority")));
}

}  // namespace
}  // namespace tales::kube
