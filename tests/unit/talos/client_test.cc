// The client against a server of our own that misbehaves as no real one can be made to.
#include "harness/talos/client.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <atomic>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "harness/pki/authority.h"
#include "harness/talos/proto/cosi.grpc.pb.h"
#include "harness/talos/proto/machine.grpc.pb.h"
#include "harness/talos/resources.h"
#include "tests/support/status_matchers.h"

namespace tales::talos {
namespace {

using tales::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

using google::protobuf::Empty;

Deadline Soon() { return Deadline::After(absl::Seconds(10)); }

std::vector<std::string> Values(const grpc::ServerContext& context, const char* key) {
  std::vector<std::string> values;
  const auto range = context.client_metadata().equal_range(key);
  for (auto it = range.first; it != range.second; ++it) values.emplace_back(it->second.data(), it->second.size());
  return values;
}

// A call that never answers: until the client gives it up.
bool HangUntilCancelled(const grpc::ServerContext& context) {
  return RetryUntil(Deadline::After(absl::Seconds(30)), "the client to cancel", absl::Milliseconds(5),
                    [&] { return context.IsCancelled() ? absl::OkStatus() : absl::UnavailableError("it waits"); })
      .ok();
}

class FakeMachine : public machine::MachineService::Service {
 public:
  grpc::Status Version(grpc::ServerContext* context, const Empty*, machine::VersionResponse* response) override {
    ++calls;
    node = Values(*context, "node");
    nodes = Values(*context, "nodes");
    if (!status.ok()) return status;
    *response = version;
    return grpc::Status::OK;
  }
  // Answers for each node that is asked about, save "missing"; "dead" has only an error.
  grpc::Status ServiceList(grpc::ServerContext* context, const Empty*,
                           machine::ServiceListResponse* response) override {
    ++calls;
    for (const std::string& name : Values(*context, "nodes")) {
      if (name == "missing") continue;
      auto* message = response->add_messages();
      message->mutable_metadata()->set_hostname(name);
      if (name == "dead")
        message->mutable_metadata()->set_error("rpc error: code = Unavailable desc = no route to host");
      if (name == "broken") message->mutable_metadata()->set_error("something else");
    }
    response->add_messages();                                                // from nobody
    response->add_messages()->mutable_metadata()->set_hostname("stranger");  // nobody asked it
    return grpc::Status::OK;
  }
  grpc::Status Memory(grpc::ServerContext* context, const Empty*, machine::MemoryResponse*) override {
    cancelled = HangUntilCancelled(*context);
    return grpc::Status::CANCELLED;
  }
  grpc::Status Dmesg(grpc::ServerContext* context, const machine::DmesgRequest*,
                     grpc::ServerWriter<common::Data>* writer) override {
    common::Data data;
    data.set_bytes("first\n");
    writer->Write(data);
    cancelled = HangUntilCancelled(*context);
    return grpc::Status::CANCELLED;
  }
  grpc::Status Read(grpc::ServerContext*, const machine::ReadRequest*,
                    grpc::ServerWriter<common::Data>* writer) override {
    common::Data data;
    data.set_bytes(std::string(40 << 20, 'x'));  // more than 32 MiB in one message
    writer->Write(data);
    return grpc::Status::OK;
  }
  grpc::Status Kubeconfig(grpc::ServerContext*, const Empty*, grpc::ServerWriter<common::Data>* writer) override {
    common::Data data;
    data.set_bytes("not an archive");
    writer->Write(data);
    return grpc::Status::OK;
  }
  grpc::Status ServiceRestart(grpc::ServerContext*, const machine::ServiceRestartRequest*,
                              machine::ServiceRestartResponse*) override {
    ++calls;
    return {grpc::StatusCode::UNAVAILABLE, "going down"};
  }
  grpc::Status Logs(grpc::ServerContext*, const machine::LogsRequest*,
                    grpc::ServerWriter<common::Data>* writer) override {
    common::Data data;
    data.mutable_metadata()->set_error("rpc error: code = NotFound desc = no such log");
    writer->Write(data);
    return grpc::Status::OK;
  }

  std::atomic<int> calls = 0;
  std::atomic<bool> cancelled = false;
  grpc::Status status;
  machine::VersionResponse version;
  std::vector<std::string> node, nodes;
};

struct FakeServer {
  FakeMachine machine;
  int port = 0;
  std::unique_ptr<grpc::Server> server;
  std::string address() const { return absl::StrCat("127.0.0.1:", port); }
  ~FakeServer() {
    if (server != nullptr) server->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(200));
  }
};

class ClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(const auto authority, pki::Authority::Mint("talos", "talos", pki::KeyType::kEd25519));
    ASSERT_OK_AND_ASSIGN(server_pair_, authority.Issue({.addresses = {"127.0.0.1"}, .server_auth = true}));
    ASSERT_OK_AND_ASSIGN(const auto pair, authority.Issue({.organizations = {"os:operator"}, .client_auth = true}));
    context_ = {.name = "t",
                .ca_pem = authority.certificate_pem(),
                .certificate_pem = pair.certificate_pem,
                .key_pem = pair.key_pem};
    Serve(one_);
    one_.machine.version.add_messages()->mutable_version()->set_tag("v1.9.4");
    ASSERT_OK_AND_ASSIGN(client_, Client::Open(context_, {.endpoints = {one_.address()}}));
  }
  void Serve(FakeServer& fake) const {
    grpc::SslServerCredentialsOptions options(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    options.pem_root_certs = context_.ca_pem;
    options.pem_key_cert_pairs = {{server_pair_.key_pem, server_pair_.certificate_pem}};
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(options), &fake.port);
    builder.RegisterService(&fake.machine);
    builder.SetMaxSendMessageSize(-1);
    fake.server = builder.BuildAndStart();
    ASSERT_NE(fake.server, nullptr);
  }
  pki::KeyPair server_pair_;
  Context context_;
  FakeServer one_;
  std::unique_ptr<Client> client_;
};

TEST_F(ClientTest, NamesTheNodeInTheMetadata) {
  ASSERT_OK(client_->Version("10.0.1.100", Soon()));
  EXPECT_THAT(one_.machine.node, ElementsAre("10.0.1.100"));
  EXPECT_THAT(one_.machine.nodes, IsEmpty());
  ASSERT_OK(client_->VersionVia(one_.address(), "10.0.1.101", Soon()));
  EXPECT_THAT(one_.machine.node, ElementsAre("10.0.1.101"));
  client_->Versions({"b", "a", "b"}, Soon());
  EXPECT_THAT(one_.machine.node, IsEmpty());
  EXPECT_THAT(one_.machine.nodes, ElementsAre("a", "b"));
}

TEST_F(ClientTest, RolesInclude) {
  EXPECT_THAT(client_->roles(), ElementsAre("os:operator"));
  EXPECT_TRUE(client_->HasRole("os:reader"));
  EXPECT_FALSE(client_->HasRole("os:admin"));
}

TEST_F(ClientTest, SaysWhatHelps) {
  const auto said = [&](grpc::StatusCode code, const char* text) {
    one_.machine.status = grpc::Status(code, text);
    return client_->Version("n", Soon()).status();
  };
  EXPECT_THAT(said(grpc::StatusCode::PERMISSION_DENIED, "not authorized"),
              StatusIs(absl::StatusCode::kPermissionDenied,
                       AllOf(StartsWith(absl::StrCat("Version of n via ", one_.address(), ": needs role os:reader")),
                             HasSubstr("has os:operator"))));
  EXPECT_THAT(said(grpc::StatusCode::PERMISSION_DENIED, "no request forwarding"),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("is a worker and does not forward")));
  EXPECT_THAT(said(grpc::StatusCode::UNIMPLEMENTED, "API is not implemented in maintenance mode"),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("n is in maintenance mode")));
  EXPECT_THAT(said(grpc::StatusCode::UNKNOWN, ""),
              StatusIs(absl::StatusCode::kUnknown, HasSubstr("failed without a reason")));
}

TEST_F(ClientTest, AReplyWithTooFewOrTooManyMessagesIsAnError) {
  one_.machine.version.add_messages();
  EXPECT_THAT(client_->Version("n", Soon()), StatusIs(absl::StatusCode::kInternal, HasSubstr("holds 2 messages")));
  one_.machine.version.Clear();
  EXPECT_THAT(client_->Version("n", Soon()), StatusIs(absl::StatusCode::kInternal, HasSubstr("holds 0 messages")));
}

TEST_F(ClientTest, ErrorsOfSingleNodesInsideAnOkReply) {
  const auto all = client_->ServicesOf({"good", "dead", "broken", "missing"}, Soon());
  ASSERT_EQ(all.size(), 4u);
  EXPECT_OK(all.at("good"));
  EXPECT_THAT(all.at("dead"), StatusIs(absl::StatusCode::kUnavailable,
                                       AllOf(StartsWith("ServiceList of dead via "), HasSubstr("no route to host"))));
  EXPECT_THAT(all.at("broken"), StatusIs(absl::StatusCode::kUnknown, HasSubstr("something else")));
  EXPECT_THAT(all.at("missing"), StatusIs(absl::StatusCode::kInternal, HasSubstr("missing from the reply")));
}

TEST_F(ClientTest, AThousandNodesFitIntoTheHeadersOfAServer) {
  std::vector<std::string> names;
  for (int i = 0; i < 1000; ++i) names.push_back(absl::StrCat("10.0.", i / 250, ".", i % 250));
  const auto all = client_->ServicesOf(names, Soon());
  EXPECT_EQ(all.size(), 1000u);
  for (const auto& [name, services] : all) EXPECT_OK(services) << name;
}

TEST_F(ClientTest, DeadlinesCancelWhatHangs) {
  EXPECT_THAT(client_->Memory("n", Deadline::After(absl::Milliseconds(200))),
              StatusIs(absl::StatusCode::kDeadlineExceeded,
                       AllOf(StartsWith("Memory of n via "), HasSubstr("no answer within the deadline"))));
  EXPECT_OK(RetryUntil(Soon(), "the server to notice", absl::Milliseconds(10),
                       [&] { return one_.machine.cancelled ? absl::OkStatus() : absl::UnavailableError("not yet"); }));
  std::string text;
  EXPECT_THAT(
      client_->Dmesg(
          "n", [&](std::string_view chunk) { return text += chunk, true; }, Deadline::After(absl::Milliseconds(300))),
      StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("Dmesg of n")));
  EXPECT_EQ(text, "first\n");
  EXPECT_OK(client_->Dmesg(
      "n", [](std::string_view) { return false; }, Soon()));
}

TEST_F(ClientTest, HugeAndBrokenAnswers) {
  EXPECT_THAT(client_->Read("n", "/x", Soon(), 100 << 20),
              StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("larger than is taken")));
  EXPECT_THAT(client_->Kubeconfig("n", Soon()),
              StatusIs(absl::StatusCode::kInvalidArgument, StartsWith("Kubeconfig of n: not a tar.gz")));
  EXPECT_THAT(client_->Logs(
                  "n", "kubelet", -1, [](std::string_view) { return true; }, Soon()),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("no such log")));
}

TEST_F(ClientTest, ReadsGoToTheNextEndpointAndChangesDoNot) {
  FakeServer two;
  Serve(two);
  two.machine.version = one_.machine.version;
  one_.machine.status = grpc::Status(grpc::StatusCode::UNAVAILABLE, "no route to host");
  ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(context_, {.endpoints = {one_.address(), two.address()}}));
  EXPECT_OK(client->Version("n", Soon()));
  EXPECT_EQ(two.machine.calls, 1);
  one_.machine.calls = two.machine.calls = 0;
  EXPECT_THAT(client->ServiceRestart("n", "kubelet", Soon()),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("going down")));
  EXPECT_EQ(one_.machine.calls + two.machine.calls, 1);
}

// The first call may still find the old connection breaking; from then on nobody listens.
TEST_F(ClientTest, AnEndpointThatIsGoneIsUnavailable) {
  ASSERT_OK(client_->Version("n", Soon()));
  one_.server->Shutdown(std::chrono::system_clock::now());
  EXPECT_THAT(client_->Version("n", Soon()).status(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("Version of n")));
  EXPECT_OK(RetryUntil(Deadline::After(absl::Seconds(10)), "a refused connection", absl::Milliseconds(20), [&] {
    const absl::Status status = client_->Version("n", Soon()).status();
    return absl::StrContains(status.message(), "refused") ? absl::OkStatus() : absl::UnavailableError(status.message());
  }));
}

TEST_F(ClientTest, OpenRefusesWhatCannotWork) {
  EXPECT_THAT(Client::Open(context_, {}), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("has no endpoints")));
  EXPECT_THAT(Client::Open(context_, {.endpoints = {"a:b"}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("a:b")));
  Context other = context_;
  other.key_pem = server_pair_.key_pem;
  EXPECT_FALSE(Client::Open(other, {.endpoints = {"127.0.0.1"}}).ok());
}

}  // namespace
}  // namespace tales::talos
