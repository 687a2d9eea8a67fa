// Our Talos client against a server made of Talos' own stubs, as strict as apid: Ed25519, X25519 alone, TLS 1.3, a
// client certificate required.
#include <unistd.h>

#include <atomic>
#include <map>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/base/file.h"
#include "harness/base/subprocess.h"
#include "harness/talos/client.h"
#include "harness/talos/resources.h"
#include "tests/peers/build_peer.h"
#include "tests/support/status_matchers.h"

namespace tales::talos {
namespace {

using tales::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr std::string_view kWorker = "10.5.0.3", kDead = "10.5.0.4";

Deadline Soon() { return Deadline::After(absl::Seconds(15)); }

struct Peer {
  TemporaryFolder folder;
  Child process;
  std::string address;  // host:port
  Context context;
};

class TalosClientReal : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { built_ = new auto(tales::testing::BuildPeer(TALES_SOURCE_DIR, "talos", "server")); }
  static void TearDownTestSuite() { delete built_; }

  void SetUp() override {
    if (absl::IsFailedPrecondition(built_->status())) GTEST_SKIP() << built_->status().message();
    ASSERT_OK(*built_);
  }

  absl::StatusOr<Peer> Start(std::vector<std::string> arguments = {}) {
    TALES_ASSIGN_OR_RETURN(TemporaryFolder folder, TemporaryFolder::Make("talos-peer"));
    const std::filesystem::path log = folder.path() / "log";
    Child::Options options;
    options.command.argv = {(*built_)->string(), "-out", folder.path().string()};
    options.command.argv.insert(options.command.argv.end(), arguments.begin(), arguments.end());
    options.log_file = log;
    TALES_ASSIGN_OR_RETURN(Child child, Child::Start(options));
    std::string address;
    TALES_RETURN_IF_ERROR(RetryUntil(Soon(), "the peer", absl::Milliseconds(20), [&]() -> absl::Status {
      TALES_ASSIGN_OR_RETURN(const std::string text, ReadFile(log));
      const size_t start = text.find("ready "), end = text.find('\n', start);
      if (start == std::string::npos || end == std::string::npos) return absl::UnavailableError(text);
      address = text.substr(start + 6, end - start - 6);
      return absl::OkStatus();
    }));
    TALES_ASSIGN_OR_RETURN(const TalosConfig config, LoadTalosConfig(folder.path() / "talosconfig"));
    TALES_ASSIGN_OR_RETURN(Context context, SelectContext(config, ""));
    return Peer{std::move(folder), std::move(child), address, std::move(context)};
  }

  static absl::StatusOr<std::filesystem::path>* built_;
};
absl::StatusOr<std::filesystem::path>* TalosClientReal::built_ = nullptr;

TEST_F(TalosClientReal, UnaryCallsThroughX25519Only) {
  ASSERT_OK_AND_ASSIGN(const Peer peer, Start());
  ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(peer.context, {}));
  EXPECT_THAT(client->roles(), ElementsAre("os:admin"));
  ASSERT_OK_AND_ASSIGN(const machine::Version version, client->Version(kWorker, Soon()));
  EXPECT_EQ(version.version().tag(), "v1.9.4");
  EXPECT_TRUE(version.features().rbac());
  ASSERT_OK_AND_ASSIGN(const machine::ServiceList services, client->Services(kWorker, Soon()));
  ASSERT_EQ(services.services_size(), 2);
  EXPECT_FALSE(services.services(1).health().healthy());
  EXPECT_EQ(services.services(1).health().last_message(), "on 10.5.0.3");
  EXPECT_EQ(services.services(1).events().events(0).state(), "Running");
  ASSERT_OK_AND_ASSIGN(const machine::Memory memory, client->Memory("127.0.0.1", Soon()));
  EXPECT_EQ(memory.meminfo().memtotal(), 4u << 20);
  EXPECT_EQ(memory.meminfo().swaptotal(), 3u);
  ASSERT_OK_AND_ASSIGN(const machine::Mounts mounts, client->Mounts("127.0.0.1", Soon()));
  EXPECT_EQ(mounts.stats(0).mounted_on(), "/var");
  ASSERT_OK_AND_ASSIGN(const machine::SystemStat stat, client->SystemStat("127.0.0.1", Soon()));
  EXPECT_EQ(stat.boot_time(), 1700000000u);
  EXPECT_EQ(stat.irq_size(), 3);
  EXPECT_EQ(stat.process_created(), 42u);
  ASSERT_OK_AND_ASSIGN(const machine::EtcdMembers members, client->EtcdMembers("127.0.0.1", Soon()));
  EXPECT_EQ(members.members(0).id(), 0xdeadbeefcafe0001u);
  EXPECT_THAT(members.members(0).peer_urls(), ElementsAre("https://10.5.0.2:2380"));
  ASSERT_OK_AND_ASSIGN(const machine::EtcdStatus etcd, client->EtcdStatus("127.0.0.1", Soon()));
  EXPECT_EQ(etcd.member_status().member_id(), etcd.member_status().leader());
  EXPECT_EQ(etcd.member_status().raft_applied_index(), 99u);
  ASSERT_OK_AND_ASSIGN(const machine::EtcdAlarm alarms, client->EtcdAlarms("127.0.0.1", Soon()));
  EXPECT_EQ(alarms.member_alarms(0).alarm(), machine::EtcdMemberAlarm::NOSPACE);
  ASSERT_OK_AND_ASSIGN(const machine::ServiceRestart restart, client->ServiceRestart("127.0.0.1", "kubelet", Soon()));
  EXPECT_THAT(restart.resp(), HasSubstr("kubelet"));
  ASSERT_OK_AND_ASSIGN(const talos_time::Time time, client->Time("127.0.0.1", Soon()));
  EXPECT_EQ(time.remotetime().seconds(), 101);
}

TEST_F(TalosClientReal, ManyNodesOneOfThemDead) {
  ASSERT_OK_AND_ASSIGN(const Peer peer, Start());
  ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(peer.context, {}));
  PerNode<machine::Version> versions =
      client->Versions({"127.0.0.1", std::string(kWorker), std::string(kDead)}, Soon());
  ASSERT_EQ(versions.size(), 3u);
  EXPECT_OK(versions.at("127.0.0.1"));
  EXPECT_OK(versions.at(std::string(kWorker)));
  EXPECT_THAT(versions.at(std::string(kDead)),
              StatusIs(absl::StatusCode::kUnavailable,
                       AllOf(StartsWith("Version of 10.5.0.4 via 127.0.0.1:"), HasSubstr("no route to host"))));
  EXPECT_THAT(client->Version(kDead, Soon()), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("no route to host")));
}

TEST_F(TalosClientReal, Streams) {
  ASSERT_OK_AND_ASSIGN(const Peer peer, Start());
  ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(peer.context, {}));
  ASSERT_OK_AND_ASSIGN(const std::string cmdline, client->Read("127.0.0.1", "/proc/cmdline", Soon()));
  EXPECT_EQ(cmdline, "console=tty0 vga=792\n");
  EXPECT_THAT(client->Read("127.0.0.1", "/none", Soon()),
              StatusIs(absl::StatusCode::kNotFound, StartsWith("Read /none of 127.0.0.1 via 127.0.0.1:")));
  EXPECT_THAT(client->Read("127.0.0.1", "/secret", Soon()),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("needs role os:admin")));
  EXPECT_THAT(client->Read("127.0.0.1", "/endless", Soon(), 100'000),
              StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("longer than 100000 bytes")));
  std::string dmesg;
  EXPECT_OK(client->Dmesg(
      "127.0.0.1", [&](std::string_view chunk) { return dmesg += chunk, true; }, Soon()));
  EXPECT_EQ(std::count(dmesg.begin(), dmesg.end(), '\n'), 3);
  std::string first;
  EXPECT_OK(client->Dmesg(
      "127.0.0.1", [&](std::string_view chunk) { return first += chunk, false; }, Soon()));
  EXPECT_EQ(std::count(first.begin(), first.end(), '\n'), 1);
  std::string logs;
  EXPECT_OK(client->Logs(
      "127.0.0.1", "kubelet", -1, [&](std::string_view chunk) { return logs += chunk, true; }, Soon()));
  EXPECT_EQ(logs, "system/kubelet CONTAINERD tail -1\n");
  ASSERT_OK_AND_ASSIGN(const std::string kubeconfig, client->Kubeconfig("127.0.0.1", Soon()));
  EXPECT_THAT(kubeconfig, StartsWith("apiVersion: v1\n"));
  EXPECT_GT(kubeconfig.size(), 50'000u);
}

TEST_F(TalosClientReal, CosiGetListWatch) {
  ASSERT_OK_AND_ASSIGN(const Peer peer, Start());
  ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(peer.context, {}));
  ASSERT_OK_AND_ASSIGN(const std::vector<Resource> members, client->List(kWorker, kMember, Soon()));
  ASSERT_THAT(members, SizeIs(1));
  EXPECT_EQ(members[0].id, "control");
  EXPECT_EQ(members[0].labels.at("kind"), "test");
  EXPECT_THAT(members[0].yaml_spec, AllOf(HasSubstr("127.0.0.1"), HasSubstr("controlplane")));
  EXPECT_GT(members[0].created, absl::Now() - absl::Minutes(5));
  ASSERT_OK_AND_ASSIGN(const Resource status, client->Get(kWorker, kMachineStatus, "machine", Soon()));
  EXPECT_THAT(status.yaml_spec, AllOf(HasSubstr("stage: running"), HasSubstr("nodeReady")));
  EXPECT_THAT(client->Get(kWorker, kMachineStatus, "none", Soon()),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("none")));
  std::vector<EventType> types;
  std::string last, error;
  EXPECT_OK(client->Watch(
      kWorker, kMachineStatus,
      [&](const ResourceEvent& event) {
        types.push_back(event.type);
        if (event.type == EventType::kUpdated) last = event.resource.yaml_spec;
        error = event.error;
        return event.type != EventType::kErrored;
      },
      Soon()));
  EXPECT_THAT(types,
              ElementsAre(EventType::kCreated, EventType::kBootstrapped, EventType::kUpdated, EventType::kErrored));
  EXPECT_THAT(last, HasSubstr("ready: true"));
  EXPECT_THAT(error, HasSubstr("buffer overrun"));
  EXPECT_THAT(client->Watch(
                  kWorker, kService, [](const ResourceEvent& e) { return e.type != EventType::kErrored; }, Soon()),
              tales::testing::IsOk());
}

TEST_F(TalosClientReal, WorkerForwardsNothingAndHasNoEtcd) {
  ASSERT_OK_AND_ASSIGN(const Peer control, Start());
  ASSERT_OK_AND_ASSIGN(const Peer worker, Start({"-worker", "-role", "os:reader"}));
  ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(worker.context, {}));
  EXPECT_FALSE(client->HasRole("os:operator"));
  EXPECT_OK(client->VersionVia(worker.address, "127.0.0.1", Soon()));
  EXPECT_THAT(client->VersionVia(worker.address, kWorker, Soon()),
              StatusIs(absl::StatusCode::kPermissionDenied,
                       AllOf(HasSubstr("no request forwarding"), HasSubstr("is a worker"))));
  ASSERT_OK_AND_ASSIGN(const auto other, Client::Open(control.context, {}));
  EXPECT_THAT(other->EtcdMembers(kWorker, Soon()),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("is a worker")));
  // An endpoint that is not one of ours, under another authority.
  EXPECT_THAT(other->VersionVia(worker.address, kWorker, Soon()),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("not signed by the authority")));
}

TEST_F(TalosClientReal, TheNextEndpointTakesOver) {
  ASSERT_OK_AND_ASSIGN(const Peer peer, Start());
  ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(peer.context, {.endpoints = {"127.0.0.1:1", peer.address}}));
  for (int i = 0; i < 3; ++i) EXPECT_OK(client->Version(kWorker, Soon()));
  ASSERT_OK_AND_ASSIGN(const auto none, Client::Open(peer.context, {.endpoints = {"127.0.0.1:1", "127.0.0.1:2"}}));
  EXPECT_THAT(none->Version(kWorker, Soon()),
              StatusIs(absl::StatusCode::kUnavailable, AllOf(StartsWith("Version of 10.5.0.3 via 127.0.0.1:1: "),
                                                             HasSubstr("refused"), HasSubstr("127.0.0.1:2: "))));
}

TEST_F(TalosClientReal, SaysWhyTlsFails) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"-expired"}, "certificate expired at"},
      {{"-certificate-for", "127.0.0.9"}, "its certificate is for 127.0.0.9, control, not for 127.0.0.1"},
      {{"-maintenance"}, "maintenance mode"},
  };
  for (const auto& [arguments, why] : cases) {
    SCOPED_TRACE(why);
    ASSERT_OK_AND_ASSIGN(const Peer peer, Start(arguments));
    ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(peer.context, {}));
    EXPECT_THAT(client->Version("127.0.0.1", Soon()), ::testing::Not(tales::testing::IsOk()));
    EXPECT_THAT(client->Version("127.0.0.1", Soon()).status().message(), HasSubstr(why));
  }
}

TEST_F(TalosClientReal, MaintenanceMode) {
  ASSERT_OK_AND_ASSIGN(const Peer peer, Start({"-maintenance"}));
  ASSERT_OK_AND_ASSIGN(const auto client, MaintenanceClient::Open(peer.address, "", Soon()));
  ASSERT_OK_AND_ASSIGN(const std::vector<Resource> members, client->List(kMember, Soon()));
  EXPECT_THAT(members, SizeIs(1));
  ASSERT_OK_AND_ASSIGN(const std::string details, client->ApplyConfiguration("version: v1alpha1\n", true, Soon()));
  EXPECT_EQ(details, "mode AUTO, dry run true\na warning");
  EXPECT_THAT(client->ApplyConfiguration("junk", true, Soon()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("unknown config version")));
  EXPECT_THAT(MaintenanceClient::Open(peer.address, "AAAA", Soon()),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("not AAAA")));
  ASSERT_OK_AND_ASSIGN(const Peer configured, Start());
  EXPECT_THAT(MaintenanceClient::Open(configured.address, "", Soon()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("configured already")));
}

}  // namespace
}  // namespace tales::talos
