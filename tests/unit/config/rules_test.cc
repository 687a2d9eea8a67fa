#include "suites/config/rules.h"

#include "absl/strings/str_cat.h"
#include "harness/operator/secrets.h"
#include "suites/config/pins.h"
#include "tests/unit/config/documents.h"
#include "tests/unit/config/operator_folder.h"

namespace tales::config {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class RulesTest : public ::testing::Test {
 protected:
  // What is wrong with the file of a role after one text was replaced, "PATH: FOUND" a problem.
  std::vector<std::string> After(Role role, std::string_view from, std::string_view to) {
    const MachineConfig config = Parsed(Changed(folder_.minted().ConfigYaml(role), from, to));
    std::vector<std::string> found;
    for (const Problem& problem : JudgeStructure(config, role, folder_.definition, "f", "generate anew")) {
      EXPECT_FALSE(problem.expected.empty() || problem.next.empty());
      found.push_back(problem.found.substr(3));
    }
    return found;
  }
  OperatorFolder folder_;
};

TEST_F(RulesTest, WholeFilesBreakNoRule) {
  EXPECT_THAT(After(Role::kControlPlane, "/dev/sda", "/dev/vda"), IsEmpty());
  EXPECT_THAT(After(Role::kWorker, "/dev/sda", "/dev/vda"), IsEmpty());
}

TEST_F(RulesTest, EachRuleByItsPath) {
  const Role worker = Role::kWorker, control_plane = Role::kControlPlane;
  EXPECT_THAT(After(worker, "type: worker", "type: controlplane"), ElementsAre("machine.type: controlplane"));
  EXPECT_THAT(After(worker, "debug:", "debgu:"), ElementsAre("debgu: not a key of v1alpha1"));
  EXPECT_THAT(After(worker, "    token: mmmmmm.0123456789abcdef\n", ""), ElementsAre("machine.token: nothing"));
  EXPECT_THAT(After(worker, "https://10.0.1.50:6443", "10.0.1.50:6443"),
              ElementsAre("cluster.controlPlane.endpoint: \"10.0.1.50:6443\""));
  EXPECT_THAT(After(worker, "https://10.0.1.50:6443", "https://10.0.1.50"),
              ElementsAre("cluster.controlPlane.endpoint: \"https://10.0.1.50\""));
  EXPECT_THAT(After(worker, "        disk: /dev/sda\n", ""), ElementsAre("machine.install: neither"));
  EXPECT_THAT(After(worker, "disk: /dev/sda", "diskSelector: {size: '> 10GB'}"), IsEmpty());
  EXPECT_THAT(After(worker, "vga=792", "vga=795"), ElementsAre("machine.install.extraKernelArgs: vga=795"));
  EXPECT_THAT(After(worker, "installer:v1.9.4", "installer"),
              ElementsAre("machine.install.image: \"ghcr.io/siderolabs/installer\""));
  EXPECT_THAT(After(worker, "installer:v1.9.4", "installer@sha256:00"), IsEmpty());
  EXPECT_THAT(After(worker, "10.244.0.0/16", "10.244.0.0"),
              ElementsAre("cluster.network.podSubnets[0]: \"10.244.0.0\""));
  EXPECT_THAT(
      After(worker, "10.244.0.0/16", "10.96.0.0/16"),
      ElementsAre(
          "cluster.network.serviceSubnets[0]: 10.96.0.0/12 overlaps 10.96.0.0/16 of cluster.network.podSubnets[0]"));
  EXPECT_THAT(After(worker, "10.244.0.0/16", "10.0.0.0/16"),
              ElementsAre("cluster.network.podSubnets[0]: 10.0.0.0/16 holds 10.0.1.50 of control",
                          "cluster.network.podSubnets[0]: 10.0.0.0/16 holds 10.0.1.100 of worker"));
  EXPECT_THAT(After(worker, "10.244.0.0/16", "fd00:10:244::/56"), IsEmpty());
  EXPECT_THAT(After(worker, "    install:", "    network: {interfaces: [{vip: {ip: 10.0.1.49}}]}\n    install:"),
              ElementsAre("machine.network.interfaces[0].vip: one"));
  EXPECT_THAT(After(control_plane, "    serviceAccount: {key: ", "    serviceAccount: {kez: "),
              ElementsAre("cluster.serviceAccount.key: nothing"));
  EXPECT_THAT(After(control_plane, "    serviceAccount: {key: ", "    serviceAccount: {key: A"),
              ElementsAre("cluster.serviceAccount.key: something else"));
}

TEST_F(RulesTest, AWorkerHasNoKeyOfAnAuthority) {
  EXPECT_THAT(After(Role::kWorker, "key: ''", "key: c2VjcmV0LWtleQ=="), ElementsAre("machine.ca.key: a value"));
}

TEST_F(RulesTest, NoMessageHoldsASecret) {
  const MachineConfig config =
      Parsed(Changed(folder_.minted().ConfigYaml(Role::kControlPlane), "key: ", "key: c2VjcmV0"));
  for (const Problem& problem : JudgeStructure(config, Role::kWorker, folder_.definition, "f", "n")) {
    EXPECT_THAT(absl::StrCat(problem.expected, problem.found), Not(HasSubstr("c2VjcmV0")));
  }
}

TEST(EndpointPartsTest, HostAndPort) {
  EndpointParts parts;
  ASSERT_TRUE(SplitEndpoint("https://10.0.1.50:6443", parts));
  EXPECT_EQ(parts.host, "10.0.1.50");
  EXPECT_EQ(parts.port, 6443);
  ASSERT_TRUE(SplitEndpoint("https://[fd00::1]:6443/", parts));
  EXPECT_EQ(parts.host, "fd00::1");
  for (const char* wrong : {"", "https://", "https://x", "http://x:1", "https://x:0", "https://x:65536",
                            "https://[fd00::1", "https://[fd00::1]", "https://:6443"}) {
    EXPECT_FALSE(SplitEndpoint(wrong, parts)) << wrong;
  }
}

TEST(PinsTest, TagsAndVersions) {
  EXPECT_EQ(TagOf("ghcr.io/siderolabs/kubelet:v1.32.2"), "v1.32.2");
  EXPECT_EQ(TagOf("registry.example:5000/kubelet"), "");
  EXPECT_EQ(TagOf("registry.example:5000/kubelet:v1@sha256:00"), "v1");
  EXPECT_EQ(VersionIn("Client:\nTalos v1.9.4\n"), "v1.9.4");
  EXPECT_EQ(VersionIn("Client:\n\tTag:         v1.10.0-beta.1\n\tGo version: go1.23"), "v1.10.0-beta.1");
  EXPECT_EQ(VersionIn("no version here, dev1.2"), "");
}

}  // namespace
}  // namespace tales::config
