// Command lines as data, and each of their flags in what the real talosctl offers.
#include "fixtures/docker/talosctl_cluster.h"

#include <cstdlib>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/base/file.h"
#include "harness/base/subprocess.h"
#include "harness/definition/cluster_file.h"
#include "tests/support/status_matchers.h"

namespace tales::docker {
namespace {

using ::tales::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

ClusterDefinition Shipped() {
  const char* source = std::getenv("TALES_SOURCE");
  const auto definition =
      LoadClusterFile(std::filesystem::path(source == nullptr ? "." : source) / "fixtures/clusters/docker.yaml");
  EXPECT_OK(definition);
  return definition.value_or(ClusterDefinition{});
}

const Place kPlace{.state = "/run/state", .talosconfig = "/run/talosconfig"};

TEST(TalosctlCluster, TheShippedFileIsWhatTalosctlMakes) {
  const ClusterDefinition definition = Shipped();
  ASSERT_OK(CheckDeclaration(definition));
  EXPECT_EQ(absl::StrJoin(CreateCommand(definition, kPlace), " "),
            "talosctl cluster create --provisioner docker --name tales-docker --state /run/state --talosconfig "
            "/run/talosconfig --docker-host-ip 127.0.0.1 --skip-kubeconfig --cidr 10.5.0.0/24 --image "
            "ghcr.io/siderolabs/talos:v1.9.4 --talos-version v1.9.4 --kubernetes-version 1.32.2 --controlplanes 1 "
            "--workers 1 --wait-timeout 15m");
  EXPECT_EQ(absl::StrJoin(DestroyCommand(definition, kPlace), " "),
            "talosctl cluster destroy --provisioner docker --name tales-docker --state /run/state");
  EXPECT_EQ(
      absl::StrJoin(KubeconfigCommand(definition, kPlace, "/run/kubeconfig"), " "),
      "talosctl kubeconfig /run/kubeconfig --merge=false --force --talosconfig /run/talosconfig --nodes 10.5.0.2");
}

// Everything that a cluster file can say of it.
ClusterDefinition Full() {
  ClusterDefinition definition = Shipped();
  definition.vm = VmDefinition{.memory = "4GiB", .cpus = 2};
  definition.config = ConfigDefinition{};
  definition.config->patches = {{"all", {"@/p.yaml", "{\"machine\": {}}"}}, {"controlplane", {"x"}}, {"worker", {"y"}}};
  return definition;
}

TEST(TalosctlCluster, PatchesMemoryAndProcessors) {
  EXPECT_THAT(absl::StrJoin(CreateCommand(Full(), kPlace), " "),
              HasSubstr("--memory 4096 --memory-workers 4096 --cpus 2.0 --cpus-workers 2.0 --config-patch @/p.yaml "
                        "--config-patch {\"machine\": {}} --config-patch-control-plane x --config-patch-worker y"));
}

TEST(TalosctlCluster, WhatItWouldNotMakeIsRefused) {
  const auto refused = [](const std::function<void(ClusterDefinition&)>& change) {
    ClusterDefinition definition = Shipped();
    change(definition);
    return CheckDeclaration(definition);
  };
  EXPECT_THAT(refused([](auto& d) { d.nodes[1].name = "worker"; }),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("would make {name: tales-docker-worker-1, address: 10.5.0.3}"),
                             HasSubstr("{name: worker,"))));
  EXPECT_THAT(refused([](auto& d) { d.nodes[0].address = "10.5.0.50"; }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("address: 10.5.0.2")));
  EXPECT_THAT(refused([](auto& d) { d.nodes[0].address = "fd00::2"; }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not an IPv4")));
  EXPECT_THAT(refused([](auto& d) { d.talos.version.clear(); }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("talos.version")));
  EXPECT_THAT(refused([](auto& d) { d.nodes.clear(); }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no control plane")));
  EXPECT_THAT(refused([](auto& d) { d.config = ConfigDefinition{.kernel_arguments = {"vga=792"}}; }),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("this host's kernel")));
}

TEST(TalosctlCluster, TheRealTalosctlHasEveryFlag) {
  if (!FindProgram("talosctl").ok()) GTEST_SKIP() << "talosctl is not on PATH";
  const auto expect_known = [](const std::vector<std::string>& argv, const std::vector<std::string>& verb) {
    Command help{.argv = {"talosctl"}};
    help.argv.insert(help.argv.end(), verb.begin(), verb.end());
    help.argv.push_back("--help");
    const auto finished = tales::Run(help, Deadline::After(absl::Seconds(30)));
    ASSERT_OK(finished);
    size_t flags = 0;
    for (const std::string& word : argv) {
      if (!absl::StartsWith(word, "--")) continue;
      const std::string flag = word.substr(0, word.find('='));
      EXPECT_THAT(finished->output, HasSubstr(absl::StrCat(" ", flag, " "))) << absl::StrJoin(verb, " ");
      ++flags;
    }
    EXPECT_GT(flags, 2u);
  };
  expect_known(CreateCommand(Full(), kPlace), {"cluster", "create"});
  expect_known(DestroyCommand(Full(), kPlace), {"cluster", "destroy"});
  expect_known(KubeconfigCommand(Full(), kPlace, "/k"), {"kubeconfig"});
}

// It reads the whole command line, and then finds no engine.
TEST(TalosctlCluster, TheRealTalosctlTakesTheCommandLine) {
  if (!FindProgram("talosctl").ok()) GTEST_SKIP() << "talosctl is not on PATH";
  const TemporaryFolder folder = *TemporaryFolder::Make("docker");
  const Place place{.state = folder.path() / "state", .talosconfig = folder.path() / "talosconfig"};
  ClusterDefinition definition = Full();
  definition.config->patches = {{"all", {"{\"machine\": {\"sysctls\": {\"vm.max_map_count\": \"262144\"}}}"}}};
  Command create{.argv = CreateCommand(definition, place)};
  create.environment = {{"DOCKER_HOST", absl::StrCat("unix://", (folder.path() / "none.sock").string())},
                        {"HOME", folder.path().string()}};
  const auto finished = tales::Run(create, Deadline::After(absl::Seconds(50)));
  ASSERT_OK(finished);
  EXPECT_NE(finished->exit_code, 0);
  EXPECT_THAT(finished->error_output,
              AllOf(HasSubstr("Cannot connect to the Docker daemon"), ::testing::Not(HasSubstr("unknown flag"))));
}

}  // namespace
}  // namespace tales::docker
