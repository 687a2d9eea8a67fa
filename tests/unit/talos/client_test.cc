// The client against a server of our own that misbehaves as no real one can be made to.
#include "harness/talos/client.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <openssl/sha.h>

#include <atomic>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "harness/base/file.h"
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
  grpc::Status Reboot(grpc::ServerContext*, const machine::RebootRequest* request,
                      machine::RebootResponse* response) override {
    ++calls;
    reboot = *request;
    if (!status.ok()) return status;
    response->add_messages()->set_actor_id("actor");
    return grpc::Status::OK;
  }
  grpc::Status Bootstrap(grpc::ServerContext*, const machine::BootstrapRequest*,
                         machine::BootstrapResponse* response) override {
    ++calls;
    if (!status.ok()) return status;
    response->add_messages();
    return grpc::Status::OK;
  }
  grpc::Status Shutdown(grpc::ServerContext*, const machine::ShutdownRequest* request,
                        machine::ShutdownResponse* response) override {
    ++calls;
    forced = request->force();
    response->add_messages();
    return status;
  }
  grpc::Status Reset(grpc::ServerContext*, const machine::ResetRequest* request,
                     machine::ResetResponse* response) override {
    ++calls;
    reset = *request;
    response->add_messages();
    return status;
  }
  grpc::Status Upgrade(grpc::ServerContext*, const machine::UpgradeRequest* request,
                       machine::UpgradeResponse* response) override {
    ++calls;
    upgrade = *request;
    response->add_messages();
    return status;
  }
  grpc::Status EtcdRemoveMemberByID(grpc::ServerContext*, const machine::EtcdRemoveMemberByIDRequest* request,
                                    machine::EtcdRemoveMemberByIDResponse* response) override {
    ++calls;
    removed = request->member_id();
    response->add_messages();
    return status;
  }
  grpc::Status EtcdSnapshot(grpc::ServerContext*, const machine::EtcdSnapshotRequest*,
                            grpc::ServerWriter<common::Data>* writer) override {
    ++calls;
    common::Data data;
    for (const std::string& chunk : snapshot) {
      data.set_bytes(chunk);
      writer->Write(data);
    }
    return status;
  }
  grpc::Status ApplyConfiguration(grpc::ServerContext*, const machine::ApplyConfigurationRequest* request,
                                  machine::ApplyConfigurationResponse* response) override {
    ++calls;
    if (!status.ok()) return status;
    auto* message = response->add_messages();
    message->set_mode(request->mode());
    message->set_mode_details(request->dry_run() ? "dry" : request->data());
    return grpc::Status::OK;
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
  machine::RebootRequest reboot;
  machine::ResetRequest reset;
  machine::UpgradeRequest upgrade;
  bool forced = false;
  uint64_t removed = 0;
  std::vector<std::string> snapshot;
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

TEST_F(ClientTest, ChangesSayWhatTheyWere) {
  EXPECT_OK(client_->Bootstrap("n", Soon()));
  EXPECT_OK(client_->Reboot("n", machine::RebootRequest::POWERCYCLE, Soon()));
  EXPECT_EQ(one_.machine.reboot.mode(), machine::RebootRequest::POWERCYCLE);
  EXPECT_OK(client_->Shutdown("n", true, Soon()));
  EXPECT_TRUE(one_.machine.forced);
  machine::ResetRequest reset;
  reset.set_reboot(true);
  EXPECT_OK(client_->Reset("n", reset, Soon()));
  EXPECT_TRUE(one_.machine.reset.reboot());
  machine::UpgradeRequest upgrade;
  upgrade.set_image("example.org/installer:v1.9.5");
  EXPECT_OK(client_->Upgrade("n", upgrade, Soon()));
  EXPECT_EQ(one_.machine.upgrade.image(), "example.org/installer:v1.9.5");
  EXPECT_OK(client_->EtcdRemoveMember("n", 0xfedcba9876543210, Soon()));
  EXPECT_EQ(one_.machine.removed, 0xfedcba9876543210);
  machine::ApplyConfigurationRequest apply;
  apply.set_data("machine: {}");
  apply.set_mode(machine::ApplyConfigurationRequest::STAGED);
  ASSERT_OK_AND_ASSIGN(auto applied, client_->ApplyConfiguration("n", apply, Soon()));
  EXPECT_EQ(applied.mode_details(), "machine: {}");
  apply.set_dry_run(true);
  ASSERT_OK_AND_ASSIGN(applied, client_->ApplyConfiguration("n", apply, Soon()));
  EXPECT_EQ(applied.mode_details(), "dry");
  one_.machine.status = grpc::Status(grpc::StatusCode::ALREADY_EXISTS, "etcd data directory is not empty");
  EXPECT_THAT(client_->Bootstrap("n", Soon()),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("etcd data directory is not empty")));
}

TEST_F(ClientTest, ChangesAreSentOnce) {
  FakeServer two;
  Serve(two);
  one_.machine.status = two.machine.status = grpc::Status(grpc::StatusCode::UNAVAILABLE, "going down");
  ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(context_, {.endpoints = {one_.address(), two.address()}}));
  const auto sent = [&](const absl::Status& status) {
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnavailable, HasSubstr("going down")));
    return one_.machine.calls.exchange(0) + two.machine.calls.exchange(0);
  };
  EXPECT_EQ(sent(client->Bootstrap("n", Soon())), 1);
  EXPECT_EQ(sent(client->Reboot("n", machine::RebootRequest::DEFAULT, Soon())), 1);
  EXPECT_EQ(sent(client->Shutdown("n", false, Soon())), 1);
  EXPECT_EQ(sent(client->Reset("n", {}, Soon())), 1);
  EXPECT_EQ(sent(client->Upgrade("n", {}, Soon())), 1);
  EXPECT_EQ(sent(client->EtcdRemoveMember("n", 1, Soon())), 1);
  EXPECT_EQ(sent(client->ApplyConfiguration("n", {}, Soon()).status()), 1);
}

TEST_F(ClientTest, ASnapshotIsKeptWhenItIsWhole) {
  const std::string sum(32, 'x');
  ASSERT_OK_AND_ASSIGN(const TemporaryFolder folder, TemporaryFolder::Make("snapshot"));
  const std::filesystem::path to = folder.path() / "etcd.snapshot";
  one_.machine.snapshot = {"et", "cd", sum};
  EXPECT_THAT(client_->EtcdSnapshot("n", to, Soon()),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("36 bytes that came are no whole snapshot")));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  unsigned char right[32];
  SHA256(reinterpret_cast<const unsigned char*>("etcd"), 4, right);
  const std::string whole(reinterpret_cast<char*>(right), sizeof right);
  one_.machine.snapshot = {"etc", "d" + whole.substr(0, 7), whole.substr(7)};
  ASSERT_OK(client_->EtcdSnapshot("n", to, Soon()));
  ASSERT_OK_AND_ASSIGN(const std::string content, ReadFile(to));
  EXPECT_EQ(content, "etcd" + whole);
  EXPECT_EQ(std::filesystem::status(to).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  one_.machine.snapshot = {};
  EXPECT_FALSE(client_->EtcdSnapshot("n", to, Soon()).ok());
  EXPECT_THAT(client_->EtcdSnapshot("n", folder.path() / "no" / "where", Soon()),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("EtcdSnapshot of n")));
  ASSERT_OK_AND_ASSIGN(const std::string kept, ReadFile(to));
  EXPECT_EQ(kept, content) << "a failed one must not replace it";
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
