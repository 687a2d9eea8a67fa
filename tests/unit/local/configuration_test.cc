// Everything that a control plane is given before it starts.
#include <filesystem>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "fixtures/local/credentials.h"
#include "fixtures/local/default_cluster.h"
#include "fixtures/local/faults.h"
#include "fixtures/local/programs.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/base/file.h"
#include "harness/pki/certificate.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(CredentialsTest, EachProvesWhatItIsFor) {
  ASSERT_OK_AND_ASSIGN(TemporaryFolder folder, TemporaryFolder::Make("tales-credentials-test"));
  ASSERT_OK_AND_ASSIGN(Credentials made, WriteCredentials(folder.path(), "https://127.0.0.1:6443"));
  ASSERT_OK_AND_ASSIGN(std::string etcd_ca, ReadFile(folder.path() / "etcd-ca.crt"));
  EXPECT_NE(made.ca_pem, etcd_ca);
  for (const auto& [name, ca] : std::map<std::string, std::string>{{"apiserver", made.ca_pem},
                                                                   {"controller-manager", made.ca_pem},
                                                                   {"scheduler", made.ca_pem},
                                                                   {"etcd", etcd_ca},
                                                                   {"etcd-client", etcd_ca}}) {
    ASSERT_OK_AND_ASSIGN(std::string pem, ReadFile(folder.path() / (name + ".crt")));
    ASSERT_OK_AND_ASSIGN(std::string key, ReadFile(folder.path() / (name + ".key")));
    ASSERT_OK_AND_ASSIGN(std::vector<pki::Certificate> certificates, pki::ParseCertificates(pem));
    EXPECT_OK(pki::VerifyChain(certificates[0], ca, absl::Now())) << name;
    EXPECT_OK(pki::KeyMatches(certificates[0], key)) << name;
  }
  for (const auto& file : std::filesystem::directory_iterator(folder.path())) {
    EXPECT_EQ(file.status().permissions() & std::filesystem::perms::others_all, std::filesystem::perms::none)
        << file.path();
  }
  ASSERT_OK_AND_ASSIGN(std::vector<pki::Certificate> admin, pki::ParseCertificates(made.administrator.certificate_pem));
  EXPECT_THAT(admin[0].organizations, ElementsAre("system:masters"));
}

TEST(PortsTest, AreDifferent) {
  ASSERT_OK_AND_ASSIGN(Ports ports, FreePorts());
  const std::set<int> all = {ports.etcd, ports.etcd_peer, ports.apiserver, ports.controller_manager, ports.scheduler};
  EXPECT_EQ(all.size(), 5u);
  EXPECT_THAT(all, ::testing::Each(Gt(1023)));
}

TEST(ProgramsTest, NothingListensBeyondLoopback) {
  const ControlPlanePrograms programs{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"};
  const Ports ports{1, 2, 3, 4, 5};
  EXPECT_THAT(EtcdCommand(programs, "/s", ports), Contains("--listen-client-urls=https://127.0.0.1:1"));
  EXPECT_THAT(EtcdCommand(programs, "/s", ports), Contains("--listen-peer-urls=https://127.0.0.1:2"));
  EXPECT_THAT(ApiServerCommand(programs, "/s", ports), Contains("--bind-address=127.0.0.1"));
  EXPECT_THAT(ControllerManagerCommand(programs, "/s", ports), Contains("--bind-address=127.0.0.1"));
  EXPECT_THAT(SchedulerCommand(programs, "/s", ports), Contains("--bind-address=127.0.0.1"));
}

TEST(ProgramsTest, ServicesHaveIpv6WhereNodesDo) {
  const ControlPlanePrograms programs{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"};
  NodeAccess nodes{.address = "10.6.0.1", .port = 3, .names = {}};
  EXPECT_THAT(ApiServerCommand(programs, "/s", {}, nodes), Contains("--service-cluster-ip-range=10.96.0.0/12"));
  nodes.services6 = "fd00:10:96::/112";
  EXPECT_THAT(ApiServerCommand(programs, "/s", {}, nodes),
              Contains("--service-cluster-ip-range=10.96.0.0/12,fd00:10:96::/112"));
}

TEST(DefaultClusterTest, IsTheCommittedFile) {
  ASSERT_OK_AND_ASSIGN(ClusterDefinition definition, DefaultLocalCluster());
  EXPECT_EQ(definition.fixture, "local");
  EXPECT_TRUE(definition.nodes_declared);
  EXPECT_THAT(definition.nodes, IsEmpty());
  EXPECT_EQ(definition.namespaces.at("cilium").enforce, "privileged");
}

TEST(WithoutMachinesTest, KeepsWhatAnApiServerCanBe) {
  ClusterDefinition wanted;
  wanted.fixture = "adopt";
  wanted.nodes.push_back({.name = "worker"});
  wanted.talos.version = "v1.9.4";
  wanted.vm.emplace();
  wanted.cilium.emplace();
  wanted.namespaces["cilium"].enforce = "privileged";
  const ClusterDefinition left = WithoutMachines(wanted);
  EXPECT_EQ(left.fixture, "local");
  EXPECT_THAT(left.nodes, IsEmpty());
  EXPECT_TRUE(left.nodes_declared);
  EXPECT_FALSE(left.vm.has_value());
  EXPECT_FALSE(left.cilium.has_value());
  EXPECT_THAT(left.namespaces, Not(IsEmpty()));
}

TEST(LocalFaultsTest, GoToWhoMakesThem) {
  ASSERT_OK_AND_ASSIGN(
      const LocalBreakage breakage,
      ParseLocalFaults({"local:api-group-off=apps/v1", "local:policies-not-enforced", "local:one-way-loss=a/b"}));
  EXPECT_THAT(breakage.apiserver_flags, ElementsAre("--runtime-config=apps/v1=false"));
  EXPECT_EQ(breakage.cilium_values.at("policyEnforcementMode"), "never");
  ASSERT_EQ(breakage.network.size(), 1u);
  EXPECT_EQ(breakage.network[0].target, "a/b");
  for (const char* bad : {"local:no-such", "lab:one-way-loss=a/b", "local:api-group-off=x;y"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseLocalFaults({bad}).status())) << bad;
  }
}

}  // namespace
}  // namespace tales
