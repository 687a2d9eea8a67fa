// Real talosctl on the lab. Where it contradicts the lab, the lab is wrong.
#include "tests/lab/talosctl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "harness/base/file.h"
#include "tests/support/status_matchers.h"
#include "yaml-cpp/yaml.h"

namespace tales::lab {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class TalosctlTest : public TalosctlFixture {};

TEST_F(TalosctlTest, VersionOfBothNodes) {
  EXPECT_THAT(Output({"version", "-n", absl::StrCat(control_, ",", worker_)}),
              AllOf(HasSubstr("v1.9.4"), HasSubstr(control_), HasSubstr(worker_), HasSubstr("RBAC")));
}

TEST_F(TalosctlTest, HealthByTheServerAndByTheClient) {
  for (const char* server : {"--server=true", "--server=false"}) {
    const Finished finished = Talosctl({"health", server, "--wait-timeout", "20s", "-n", control_});
    EXPECT_EQ(finished.exit_code, 0) << finished.error_output;
    EXPECT_THAT(finished.error_output, HasSubstr("waiting for all k8s nodes to report schedulable: OK"));
  }
}

TEST_F(TalosctlTest, Services) {
  EXPECT_THAT(Output({"services", "-n", worker_}),
              AllOf(HasSubstr("kubelet"), HasSubstr("udevd"), Not(HasSubstr("etcd"))));
  EXPECT_THAT(Output({"service", "etcd", "-n", control_}),
              AllOf(HasSubstr("Running"), HasSubstr("Health check successful")));
}

TEST_F(TalosctlTest, AStoppedKubeletIsSeenByTalosAndByKubernetes) {
  Output({"service", "kubelet", "stop", "-n", worker_});
  EXPECT_THAT(Output({"services", "-n", worker_}), HasSubstr("Finished"));
  EXPECT_THAT(Output({"get", "machinestatus", "-o", "yaml", "-n", worker_}), HasSubstr("kubelet not running"));
  if (FindProgram("kubectl").ok()) {
    EXPECT_THAT(lab_->RunClient({"kubectl", "get", "node", "worker"}).output, HasSubstr("NotReady"));
  }
  Output({"service", "kubelet", "start", "-n", worker_});
  EXPECT_THAT(Output({"get", "machinestatus", "-n", worker_}), HasSubstr("true"));
}

TEST_F(TalosctlTest, ResourcesByTheirAliases) {
  EXPECT_THAT(Output({"get", "members"}),
              AllOf(HasSubstr("control"), HasSubstr("worker"), HasSubstr("Talos (v1.9.4)")));
  EXPECT_THAT(Output({"get", "machinestatus"}), HasSubstr("running"));
  EXPECT_THAT(Output({"get", "rd"}), HasSubstr("members.cluster.talos.dev"));
  EXPECT_THAT(Output({"get", "namespaces"}), HasSubstr("controlplane"));
  EXPECT_THAT(Output({"get", "staticpodstatus", "-o", "yaml"}), HasSubstr("kube-system/kube-scheduler-control"));
  EXPECT_THAT(Output({"get", "addresses", "-n", worker_}), HasSubstr(worker_));
  EXPECT_THAT(Output({"get", "mountstatus", "EPHEMERAL"}), HasSubstr("/dev/sda6"));
  EXPECT_NE(Talosctl({"get", "nothings"}).exit_code, 0);
}

TEST_F(TalosctlTest, Etcd) {
  EXPECT_THAT(Output({"etcd", "members"}),
              AllOf(HasSubstr("control"), HasSubstr(absl::StrCat("https://", control_, ":2380"))));
  EXPECT_THAT(Output({"etcd", "status"}), HasSubstr("false"));
  Output({"etcd", "alarm", "list"});
  // talosctl opens the database that it was sent, and checks its pages.
  const std::filesystem::path snapshot = lab_->folder() / "etcd.snapshot";
  const Finished saved = Talosctl({"etcd", "snapshot", snapshot.string()});
  EXPECT_EQ(saved.exit_code, 0) << saved.output << saved.error_output;
  EXPECT_THAT(saved.output + saved.error_output, AllOf(HasSubstr("revision 0"), HasSubstr("total keys 0")));
  const Finished on_worker = Talosctl({"etcd", "members", "-n", worker_});
  EXPECT_THAT(on_worker.error_output, HasSubstr("only available on control plane nodes"));
}

TEST_F(TalosctlTest, LogsAndFiles) {
  EXPECT_THAT(Output({"dmesg", "-n", worker_}),
              AllOf(HasSubstr("Linux version 6.12.13-talos"), HasSubstr("vga=792\n")));
  EXPECT_THAT(Output({"logs", "kubelet", "-n", worker_}), HasSubstr("Health check successful"));
  EXPECT_THAT(Output({"logs", "etcd", "--tail", "1"}), HasSubstr("Health check successful"));
  EXPECT_THAT(Output({"read", "/proc/cmdline", "-n", worker_}), HasSubstr("vga=792"));
  EXPECT_THAT(Output({"list", "/proc", "-n", worker_}), HasSubstr("cmdline"));
  const Finished missing = Talosctl({"read", "/no/such", "-n", worker_});
  EXPECT_NE(missing.exit_code, 0);
  EXPECT_THAT(missing.error_output, HasSubstr("no such file or directory"));
}

TEST_F(TalosctlTest, Machine) {
  EXPECT_THAT(Output({"mounts", "-n", worker_}), AllOf(HasSubstr("/dev/sda6"), HasSubstr("/var")));
  EXPECT_THAT(Output({"memory", "-n", worker_}), HasSubstr(worker_));
  EXPECT_THAT(Output({"processes", "-n", worker_}), HasSubstr("/usr/local/bin/kubelet"));
  EXPECT_THAT(Output({"stats"}), HasSubstr("apid"));
  EXPECT_THAT(Output({"containers"}), HasSubstr("trustd"));
  EXPECT_THAT(Output({"time"}), HasSubstr("time.cloudflare.com"));
  EXPECT_THAT(Output({"get", "disks"}), HasSubstr("100 GB"));
}

TEST_F(TalosctlTest, KubeconfigOpensTheKubernetesApi) {
  const std::string path = (lab_->folder() / "fetched").string();
  Output({"kubeconfig", path, "--merge=false"});
  if (!FindProgram("kubectl").ok()) GTEST_SKIP() << "kubectl is not on PATH";
  EXPECT_THAT(lab_->RunClient({"kubectl", "--kubeconfig", path, "get", "nodes"}).output, HasSubstr("worker"));
}

TEST_F(TalosctlTest, AWorkerRefusesToForward) {
  const Finished finished = Talosctl({"-e", worker_, "-n", control_, "version"});
  EXPECT_NE(finished.exit_code, 0);
  EXPECT_THAT(finished.error_output, HasSubstr("no request forwarding"));
}

TEST_F(TalosctlTest, ANodeThatIsDownIsOneErrorAmongAnswers) {
  EXPECT_EQ(lab_->Order("fault", "lab:node-down=worker").exit_code, 0);
  const Finished finished = Talosctl({"version", "-n", absl::StrCat(control_, ",", worker_)});
  EXPECT_THAT(finished.output, HasSubstr(control_));
  EXPECT_THAT(finished.error_output, HasSubstr("no route to host"));
  EXPECT_EQ(lab_->Order("heal", "lab:node-down=worker").exit_code, 0);
  Output({"version", "-e", worker_, "-n", worker_});
}

TEST_F(TalosctlTest, TheMachineConfigurationIsTheOneOfItsFolder) {
  for (const auto& [role, node] :
       {std::pair<std::string, std::string>{"controlplane", control_}, {"worker", worker_}}) {
    ASSERT_OK_AND_ASSIGN(const std::string file, ReadFile(lab_->folder() / "config" / (role + ".yaml")));
    EXPECT_THAT(
        Output({"validate", "-m", "metal", "--strict", "-c", (lab_->folder() / "config" / (role + ".yaml")).string()}),
        HasSubstr("is valid for metal mode"));
    EXPECT_THAT(Output({"get", "machineconfig", "-o", "jsonpath={.spec}", "-n", node}), HasSubstr(file));
    EXPECT_THAT(Output({"get", "mc", "-o", "yaml", "-n", node}),
                AllOf(HasSubstr("id: v1alpha1"), HasSubstr("type: " + role)));
  }
}

TEST_F(TalosctlTest, GenConfigWithTheSameInputsWritesTheSameFiles) {
  const std::filesystem::path config = lab_->folder() / "config", again = lab_->folder() / "again";
  const YAML::Node cluster = YAML::LoadFile((lab_->folder() / "cluster.yaml").string());
  const YAML::Node generator = cluster["config"]["generator"];
  std::vector<std::string> arguments = {"gen",
                                        "config",
                                        cluster["cluster"].as<std::string>(),
                                        cluster["endpoint"].as<std::string>(),
                                        "--with-secrets",
                                        (config / "secrets.yaml").string(),
                                        "--output-dir",
                                        again.string()};
  for (const YAML::Node& argument : generator["arguments"]) arguments.push_back(argument.as<std::string>());
  for (const auto& [key, flag] : {std::pair{"all", "--config-patch"}, {"controlplane", "--config-patch-control-plane"}})
    for (const YAML::Node& patch : generator["patches"][key])
      arguments.insert(arguments.end(), {flag, patch.as<std::string>()});
  Output(arguments);
  for (const char* file : {"controlplane.yaml", "worker.yaml"}) {
    ASSERT_OK_AND_ASSIGN(const std::string ours, ReadFile(config / file));
    ASSERT_OK_AND_ASSIGN(const std::string theirs, ReadFile(again / file));
    EXPECT_EQ(ours, theirs) << file;
  }
  // Either talosconfig opens the cluster.
  for (const auto& folder : {config, again})
    EXPECT_THAT(Output({"--talosconfig", (folder / "talosconfig").string(), "-e", control_, "-n", control_, "version"}),
                HasSubstr("v1.9.4"));
}

TEST_F(TalosctlTest, WhatTheLabHasNotIsUnimplemented) {
  EXPECT_THAT(Talosctl({"meta", "write", "0xa", "x", "-n", worker_}).error_output, HasSubstr("Unimplemented"));
}

}  // namespace
}  // namespace tales::lab
