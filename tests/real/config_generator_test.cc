// Suite config on what Talos' own generator makes: by talosctl where there is one, and by a Go program on the module
// that talosctl is made of.
#include <filesystem>
#include <functional>

#include "absl/strings/str_cat.h"
#include "harness/base/subprocess.h"
#include "harness/operator/generator.h"
#include "harness/operator/secrets.h"
#include "suites/config/checks.h"
#include "suites/config/rules.h"
#include "tests/peers/build_peer.h"
#include "tests/unit/config/documents.h"
#include "tests/unit/config/operator_folder.h"

namespace tales::config {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr char kNoCni[] = R"({"cluster": {"network": {"cni": {"name": "none"}}}})";
constexpr char kNoProxy[] = R"({"cluster": {"proxy": {"disabled": true}}})";
constexpr char kVga[] = R"({"machine": {"install": {"extraKernelArgs": ["vga=792"]}}})";

// By what the files are made: "talosctl" or "module".
class ConfigGeneratorReal : public ::testing::TestWithParam<std::string> {
 protected:
  static void SetUpTestSuite() { built_ = new auto(tales::testing::BuildPeer(TALES_SOURCE_DIR, "generator", ".")); }
  static void TearDownTestSuite() { delete built_; }

  void SetUp() override {
    if (by_talosctl()) {
      if (!FindProgram("talosctl").ok()) GTEST_SKIP() << "talosctl is not on PATH";
    } else {
      if (absl::IsFailedPrecondition(built_->status())) GTEST_SKIP() << built_->status().message();
      ASSERT_OK(*built_);
    }
    Program(by_talosctl() ? std::vector<std::string>{"talosctl", "gen", "secrets", "--force"}
                          : std::vector<std::string>{Peer(), "secrets", "secrets.yaml"});
    ConfigDefinition& config = *folder_.definition.config;
    if (by_talosctl()) {
      config.generator_arguments = {"--install-disk=/dev/sda", "--install-image=ghcr.io/siderolabs/installer:v1.9.4"};
      config.patches = {{"all", {kNoCni, kVga}}, {"controlplane", {kNoProxy}}};
    } else {
      config.generator_command = {folder_.Script(
          "gen.sh", absl::StrCat("exec ", Peer(), " config -secrets secrets.yaml -kernel-argument vga=792 -patch '",
                                 kNoCni, "' -patch-control-plane '", kNoProxy, "'"))};
    }
    for (const char* file : {"controlplane.yaml", "worker.yaml", "talosconfig"}) {
      std::filesystem::remove(folder_.work() / file);
    }
    Program(GeneratorCommand(folder_.Loaded(), "secrets.yaml"));
  }

  bool by_talosctl() const { return GetParam() == "talosctl"; }
  static std::string Peer() { return (*built_)->string(); }
  // Runs it in the operator's folder.
  void Program(std::vector<std::string> argv) const {
    const Command command{.argv = std::move(argv), .working_folder = folder_.work()};
    const absl::StatusOr<Finished> finished = tales::Run(command, Deadline::After(absl::Seconds(50)));
    ASSERT_OK(finished);
    ASSERT_TRUE(finished->ok()) << command.ToString() << "\n" << finished->error_output;
  }
  Secrets ReadSecrets() const {
    const absl::StatusOr<Secrets> secrets = ParseSecrets(folder_.Read("secrets.yaml"), "secrets.yaml");
    EXPECT_OK(secrets);
    return secrets.value_or(Secrets{});
  }
  // Nothing that is secret is in what an outcome says.
  void ExpectNoSecretIn(const std::string& said) const {
    for (const auto& [path, value] : ReadSecrets().values) {
      if (path == "cluster.id" || path.ends_with(".crt")) continue;
      EXPECT_THAT(said, Not(HasSubstr(value))) << path;
    }
  }

  static absl::StatusOr<std::filesystem::path>* built_;
  OperatorFolder folder_;
};
absl::StatusOr<std::filesystem::path>* ConfigGeneratorReal::built_ = nullptr;

TEST_P(ConfigGeneratorReal, AFolderThatWasJustGeneratedPasses) {
  for (const Check& check : {Reproducible(), Talosconfig(), InputsPinned(), Committed(), SecretsConsistent(),
                             SecretsProtected(), Valid(), Endpoint(), CiliumReady()}) {
    const std::string said = Said(folder_.Look(check));
    EXPECT_THAT(said, HasSubstr("passed")) << check.id;
    ExpectNoSecretIn(said);
  }
  EXPECT_THAT(Said(folder_.Look(Committed())), HasSubstr("byte for byte"));
}

// What the README says: two runs give the same machine configurations and never the same talosconfig.
TEST_P(ConfigGeneratorReal, OnlyTheTalosconfigIsNewEachTime) {
  const ClusterDefinition definition = folder_.Loaded();
  const absl::StatusOr<Generated> first = Generate(definition, ReadSecrets(), Deadline::After(absl::Seconds(25)));
  ASSERT_OK(first);
  const absl::StatusOr<Generated> second = Generate(definition, ReadSecrets(), Deadline::After(absl::Seconds(25)));
  ASSERT_OK(second);
  EXPECT_EQ(first->controlplane, second->controlplane);
  EXPECT_EQ(first->worker, second->worker);
  EXPECT_NE(first->talosconfig, second->talosconfig);
  EXPECT_THAT(Said(folder_.Look(Talosconfig())), HasSubstr("agree in all but the client key"));
}

TEST_P(ConfigGeneratorReal, WhatWasEditedByHandIsAPath) {
  folder_.Change("controlplane.yaml", "        certSANs:\n            - 10.0.1.50\n",
                 "        certSANs:\n            - 10.0.1.50\n            - kube.example.org\n");
  folder_.Change("worker.yaml", "dnsDomain: cluster.local", "dnsDomain: home.lan");
  const std::string token = ReadSecrets().values.at("secrets.bootstraptoken");
  folder_.Change("worker.yaml", token, "aaaaaa.0123456789abcdef");
  const std::string said = Said(folder_.Look(Committed()));
  EXPECT_THAT(said,
              AllOf(HasSubstr("cluster.apiServer.certSANs[1]: \"kube.example.org\" in the kept controlplane.yaml only"),
                    HasSubstr("cluster.network.dnsDomain: \"home.lan\" in the kept worker.yaml, \"cluster.local\""),
                    HasSubstr("cluster.token: (secret) differs"), Not(HasSubstr("0123456789abcdef"))));
  ExpectNoSecretIn(said);
}

TEST_P(ConfigGeneratorReal, CommentsAreNoDifferenceInMeaning) {
  folder_.Change("worker.yaml", "machine:\n", "# edited by hand\nmachine:\n");
  EXPECT_THAT(Said(folder_.Look(Committed())), AllOf(HasSubstr("passed"), HasSubstr("worker.yaml: the same meaning")));
}

TEST_P(ConfigGeneratorReal, SecretsOfAnotherClusterAreNoticedEverywhere) {
  const std::string before = folder_.Read("secrets.yaml");
  Program(by_talosctl() ? std::vector<std::string>{"talosctl", "gen", "secrets", "--force"}
                        : std::vector<std::string>{Peer(), "secrets", "secrets.yaml"});
  ASSERT_NE(folder_.Read("secrets.yaml"), before);
  for (const Check& check : {SecretsConsistent(), Committed(), Talosconfig()}) {
    const std::string said = Said(folder_.Look(check));
    EXPECT_THAT(said, HasSubstr("failed")) << check.id;
    ExpectNoSecretIn(said);
  }
  EXPECT_THAT(Said(folder_.Look(SecretsConsistent())),
              HasSubstr("worker.yaml: other values at cluster.id, cluster.secret, cluster.token, machine.token, "
                        "cluster.ca.crt, machine.ca.crt"));
}

// What our rules refuse, Talos refuses; what Talos takes, they do.
TEST_P(ConfigGeneratorReal, OurRulesAgreeWithTalosOwn) {
  if (absl::IsFailedPrecondition(built_->status())) GTEST_SKIP() << built_->status().message();
  ASSERT_OK(*built_);
  const std::string whole = folder_.Read("worker.yaml");
  const auto talos_takes = [&](const std::string& text) {
    folder_.Write("worker.yaml", text);
    const absl::StatusOr<Finished> finished =
        tales::Run({.argv = {Peer(), "validate", "worker.yaml"}, .working_folder = folder_.work()},
                   Deadline::After(absl::Seconds(20)));
    EXPECT_OK(finished);
    return finished.ok() && finished->ok();
  };
  const auto we_take = [&](const std::string& text) {
    return JudgeStructure(Parsed(text), Role::kWorker, folder_.definition, "worker.yaml", "").empty();
  };
  EXPECT_TRUE(talos_takes(whole));
  EXPECT_TRUE(we_take(whole));
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"type: worker", "type: wroker"},
           {"        key: \"\"", "        key: c2VjcmV0LWtleQ=="},
           {"disk: /dev/sda", "disk: \"\""},
           {"    network: {}", "    network: {interfaces: [{interface: eth0, vip: {ip: 10.0.1.49}}]}"},
           {"endpoint: https://10.0.1.50:6443", "endpoint: \"\""}}) {
    const std::string broken = Changed(whole, from, to);
    EXPECT_FALSE(talos_takes(broken)) << to;
    EXPECT_FALSE(we_take(broken)) << to;
  }
}

TEST_P(ConfigGeneratorReal, WhatIsNotPinnedIsNamed) {
  if (by_talosctl()) {
    folder_.definition.config->generator_arguments = {"--install-disk=/dev/sda"};
    EXPECT_THAT(Said(folder_.Look(InputsPinned())),
                HasSubstr("add --install-image=ghcr.io/siderolabs/installer:v1.9.4"));
  }
  folder_.definition.kubernetes.version = "v1.31.5";
  EXPECT_THAT(Said(folder_.Look(InputsPinned())),
              AllOf(HasSubstr("controlplane.yaml: cluster.apiServer.image of version v1.31.5"),
                    HasSubstr("worker.yaml: machine.kubelet.image: ghcr.io/siderolabs/kubelet:v1.32.2")));
}

INSTANTIATE_TEST_SUITE_P(By, ConfigGeneratorReal, ::testing::Values("talosctl", "module"),
                         [](const auto& made) { return made.param; });

}  // namespace
}  // namespace tales::config
