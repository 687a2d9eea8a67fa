#include "fixtures/lab/machine_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/time/clock.h"
#include "fixtures/lab/default_cluster.h"
#include "harness/pki/certificate.h"
#include "tests/support/status_matchers.h"
#include "yaml-cpp/yaml.h"

namespace tales::lab {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::string Decoded(const YAML::Node& node) {
  std::string text;
  EXPECT_TRUE(absl::Base64Unescape(node.as<std::string>(), &text));
  return text;
}

class MachineConfigTest : public ::testing::Test {
 protected:
  MachineConfigTest() : definition_(*DefaultCluster()), secrets_(*ClusterSecrets::Mint()) {}
  YAML::Node Config(Role role) const { return YAML::Load(MachineConfigYaml(definition_, secrets_, role)); }

  ClusterDefinition definition_;
  ClusterSecrets secrets_;
};

TEST_F(MachineConfigTest, WhatTheDefinitionSays) {
  const YAML::Node config = Config(Role::kControlPlane);
  EXPECT_EQ(config["machine"]["type"].as<std::string>(), "controlplane");
  EXPECT_EQ(config["machine"]["install"]["extraKernelArgs"].as<std::vector<std::string>>(),
            std::vector<std::string>{"vga=792"});
  EXPECT_EQ(config["machine"]["install"]["image"].as<std::string>(), "ghcr.io/siderolabs/installer:v1.9.4");
  EXPECT_EQ(config["machine"]["kubelet"]["image"].as<std::string>(), "ghcr.io/siderolabs/kubelet:v1.32.2");
  EXPECT_EQ(config["cluster"]["controlPlane"]["endpoint"].as<std::string>(), "https://10.0.1.50:6443");
  EXPECT_EQ(config["cluster"]["apiServer"]["certSANs"][0].as<std::string>(), "10.0.1.50");
  EXPECT_EQ(config["cluster"]["network"]["cni"]["name"].as<std::string>(), "none");
  EXPECT_TRUE(config["cluster"]["proxy"]["disabled"].as<bool>());

  definition_.cilium.reset();
  definition_.config.reset();
  const YAML::Node plain = Config(Role::kControlPlane);
  EXPECT_FALSE(plain["cluster"]["network"]["cni"]);
  EXPECT_FALSE(plain["cluster"]["proxy"]["disabled"]);
  EXPECT_FALSE(plain["machine"]["install"]["extraKernelArgs"]);
  EXPECT_THAT(GeneratorOf(definition_, "config").patches, SizeIs(0));
}

TEST_F(MachineConfigTest, AWorkerHoldsNoKeyOfAnAuthority) {
  const YAML::Node config = Config(Role::kWorker);
  EXPECT_EQ(config["machine"]["ca"]["key"].as<std::string>(), "");
  EXPECT_EQ(config["cluster"]["ca"]["key"].as<std::string>(), "");
  for (const char* key : {"etcd", "aggregatorCA", "serviceAccount", "secretboxEncryptionSecret", "apiServer"})
    EXPECT_FALSE(config["cluster"][key]) << key;
  EXPECT_EQ(Decoded(config["machine"]["ca"]["crt"]), secrets_.os.certificate_pem());
}

TEST_F(MachineConfigTest, KeysUnderTheLabelsThatTalosReads) {
  const YAML::Node secrets = YAML::Load(SecretsYaml(secrets_));
  EXPECT_THAT(Decoded(secrets["certs"]["os"]["key"]), StartsWith("-----BEGIN ED25519 PRIVATE KEY-----\n"));
  for (const char* authority : {"etcd", "k8s", "k8saggregator"}) {
    const YAML::Node pair = secrets["certs"][authority];
    EXPECT_THAT(Decoded(pair["key"]), StartsWith("-----BEGIN EC PRIVATE KEY-----\n")) << authority;
    const std::vector<pki::Certificate> certificate = *pki::ParseCertificates(Decoded(pair["crt"]));
    EXPECT_OK(pki::KeyMatches(certificate.front(), Decoded(pair["key"])));
    EXPECT_OK(pki::VerifyChain(certificate.front(), certificate.front().pem, absl::Now()));
  }
  EXPECT_THAT(Decoded(secrets["certs"]["k8sserviceaccount"]["key"]), HasSubstr("EC PRIVATE KEY"));
  EXPECT_THAT(secrets["secrets"]["bootstraptoken"].as<std::string>(), MatchesRegex("[a-z0-9]{6}\\.[a-z0-9]{16}"));
  EXPECT_THAT(secrets["cluster"]["id"].as<std::string>(), MatchesRegex("[A-Za-z0-9_-]{43}="));
}

TEST_F(MachineConfigTest, TheGeneratorPinsWhatTalosctlWouldTakeFromItsOwnVersion) {
  const ConfigDefinition config = GeneratorOf(definition_, "config");
  EXPECT_THAT(config.generator_arguments,
              ::testing::IsSupersetOf({"--kubernetes-version=1.32.2", "--talos-version=v1.9.4",
                                       "--install-image=ghcr.io/siderolabs/installer:v1.9.4"}));
  EXPECT_EQ(config.kernel_arguments, std::vector<std::string>{"vga=792"});
  EXPECT_EQ(config.patches.at("controlplane"), std::vector<std::string>{R"({"cluster":{"proxy":{"disabled":true}}})"});
  // Kernel arguments, no CNI of Talos' own, and host DNS that leaves CoreDNS alone.
  EXPECT_THAT(config.patches.at("all"), SizeIs(3));
  EXPECT_EQ(config.secrets_file, "secrets.yaml");
}

TEST_F(MachineConfigTest, EachClusterHasItsOwnSecrets) {
  EXPECT_THAT(SecretsYaml(*ClusterSecrets::Mint()), Not(HasSubstr(secrets_.machine_token)));
}

}  // namespace
}  // namespace tales::lab
