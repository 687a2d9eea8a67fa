#include "tests/unit/config/operator_folder.h"

#include <sys/stat.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "harness/definition/cluster_file.h"
#include "harness/talos/talosconfig.h"
#include "tests/unit/config/documents.h"

namespace tales::config {
namespace {

using pki::Authority;
using pki::KeyType;

std::string Coded(const std::string& pem) { return absl::Base64Escape(pem); }
std::string Pair(const Authority& authority, bool with_key = true) {
  return absl::StrCat("{crt: ", Coded(authority.certificate_pem()),
                      ", key: ", with_key ? Coded(authority.key_pem()) : "''", "}");
}

constexpr char kWorker[] = R"(version: v1alpha1
debug: false
machine:
    type: worker
    token: mmmmmm.0123456789abcdef
    ca: @OS_CRT@
    certSANs: []
    kubelet:
        image: ghcr.io/siderolabs/kubelet:v1.32.2 # as declared
    install:
        disk: /dev/sda
        image: ghcr.io/siderolabs/installer:v1.9.4
        extraKernelArgs:
            - vga=792
cluster:
    id: bWFkZS11cC1jbHVzdGVyLWlk
    secret: bWFkZS11cC1jbHVzdGVyLXNlY3JldA==
    controlPlane:
        endpoint: https://10.0.1.50:6443
    clusterName: tales
    network:
        cni:
            name: none
        dnsDomain: cluster.local
        podSubnets:
            - 10.244.0.0/16
        serviceSubnets:
            - 10.96.0.0/12
    token: bbbbbb.0123456789abcdef
    ca: @K8S_CRT@
)";

constexpr char kControlPlane[] = R"(    secretboxEncryptionSecret: bWFkZS11cC1zZWNyZXRib3g=
    aggregatorCA: @AGGREGATOR@
    serviceAccount: {key: @SERVICE_ACCOUNT@}
    apiServer:
        image: registry.k8s.io/kube-apiserver:v1.32.2
        certSANs:
            - 10.0.1.50
    proxy:
        disabled: true
        image: registry.k8s.io/kube-proxy:v1.32.2
    etcd:
        ca: @ETCD@
)";

constexpr char kSecrets[] = R"(cluster:
    id: bWFkZS11cC1jbHVzdGVyLWlk
    secret: bWFkZS11cC1jbHVzdGVyLXNlY3JldA==
secrets:
    bootstraptoken: bbbbbb.0123456789abcdef
    secretboxencryptionsecret: bWFkZS11cC1zZWNyZXRib3g=
trustdinfo:
    token: mmmmmm.0123456789abcdef
certs:
    etcd: @ETCD@
    k8s: @K8S@
    k8saggregator: @AGGREGATOR@
    k8sserviceaccount: {key: @SERVICE_ACCOUNT@}
    os: @OS@
)";

std::string Fill(const std::string& text, const Minted& minted) {
  return absl::StrReplaceAll(text, {{"@OS@", Pair(minted.os)},
                                    {"@OS_CRT@", Pair(minted.os, false)},
                                    {"@K8S@", Pair(minted.kubernetes)},
                                    {"@K8S_CRT@", Pair(minted.kubernetes, false)},
                                    {"@ETCD@", Pair(minted.etcd)},
                                    {"@AGGREGATOR@", Pair(minted.aggregator)},
                                    {"@SERVICE_ACCOUNT@", Coded(minted.service_account_key)}});
}

Authority Mint(KeyType type) {
  absl::StatusOr<Authority> minted = Authority::Mint("", "test", type);
  EXPECT_OK(minted);
  return *std::move(minted);
}

TemporaryFolder NewFolder() {
  absl::StatusOr<TemporaryFolder> folder = TemporaryFolder::Make("tales-config-test");
  EXPECT_OK(folder);
  return *std::move(folder);
}

}  // namespace

Minted Minted::New() {
  return {Mint(KeyType::kEd25519), Mint(KeyType::kEcP256), Mint(KeyType::kEcP256), Mint(KeyType::kEcP256),
          pki::MintKey(KeyType::kEcP256)->private_pem};
}

std::string Minted::SecretsYaml() const { return Fill(kSecrets, *this); }

std::string Minted::ConfigYaml(Role role) const {
  if (role == Role::kWorker) return Fill(kWorker, *this);
  const std::string text =
      absl::StrReplaceAll(kWorker, {{"worker", "controlplane"}, {"@OS_CRT@", "@OS@"}, {"@K8S_CRT@", "@K8S@"}});
  return Fill(text + kControlPlane, *this);
}

talos::Context Minted::Talosconfig(absl::Duration lifetime, std::string role) const {
  const absl::StatusOr<pki::KeyPair> pair =
      os.Issue({.organizations = {std::move(role)},
                .client_auth = true,
                .lifetime = lifetime,
                .age = lifetime < absl::ZeroDuration() ? absl::Hours(48) : absl::ZeroDuration()});
  EXPECT_OK(pair);
  talos::Context context;
  context.name = "tales";
  context.ca_pem = os.certificate_pem();
  context.certificate_pem = pair->certificate_pem;
  context.key_pem = pair->key_pem;
  return context;
}

OperatorFolder::OperatorFolder() : folder_(NewFolder()), minted_(Minted::New()) {
  std::filesystem::create_directory(work());
  std::filesystem::permissions(work(), std::filesystem::perms::owner_all);
  Write("secrets.yaml", minted_.SecretsYaml());
  Write("controlplane.yaml", minted_.ConfigYaml(Role::kControlPlane));
  Write("worker.yaml", minted_.ConfigYaml(Role::kWorker));
  Write("talosconfig", talos::WriteTalosConfig(minted_.Talosconfig()));
  definition.cluster = "tales";
  definition.fixture = "adopt";
  definition.endpoint = "https://10.0.1.50:6443";
  definition.talos.version = "v1.9.4";
  definition.kubernetes.version = "v1.32.2";
  definition.nodes_declared = true;
  definition.nodes = {{.name = "control", .role = Role::kControlPlane, .address = "10.0.1.50", .dial = "10.0.1.50"},
                      {.name = "worker", .role = Role::kWorker, .address = "10.0.1.100", .dial = "10.0.1.100"}};
  definition.config = ConfigDefinition{.folder = work().string(), .kernel_arguments = {"vga=792"}};
  definition.cilium = CiliumDefinition{.cilium_namespace = "cilium", .kube_proxy_replacement = true};
}

void OperatorFolder::Write(const std::string& name, std::string_view content, int mode) const {
  EXPECT_OK(WriteFileAtomically(work() / name, content, mode));
}

std::string OperatorFolder::Read(const std::string& name) const {
  const absl::StatusOr<std::string> text = ReadFile(work() / name);
  EXPECT_OK(text);
  return text.value_or("");
}

void OperatorFolder::Change(const std::string& name, std::string_view from, std::string_view to) const {
  Write(name, Changed(Read(name), from, to));
}

std::string OperatorFolder::Script(const std::string& name, const std::string& body) const {
  const std::filesystem::path path = beside() / "src" / name;
  std::filesystem::create_directories(path.parent_path());
  EXPECT_OK(WriteFileAtomically(path, absl::StrCat("#!/bin/sh\nset -eu\n", body), 0700));
  return path.string();
}

ClusterDefinition OperatorFolder::Loaded() const {
  const std::filesystem::path file = beside() / "cluster.yaml";
  EXPECT_OK(WriteFileAtomically(file, WriteClusterFile(definition)));
  const absl::StatusOr<ClusterDefinition> loaded = LoadClusterFile(file);
  EXPECT_OK(loaded);
  return loaded.value_or(ClusterDefinition{});
}

Outcome OperatorFolder::Look(const Check& check) const {
  Loaded();
  ClusterAccess access;
  access.fixture = "adopt";
  access.cluster_file = beside() / "cluster.yaml";
  const absl::StatusOr<std::unique_ptr<Cluster>> cluster = Cluster::Open(access);
  EXPECT_OK(cluster);
  if (!cluster.ok()) return Outcome::CannotLook(cluster.status(), "");
  for (const Requirement* need : check.needs) {
    if (std::optional<std::string> have = need->unmet(**cluster)) return Outcome::Unsupported(need->want, *have);
  }
  Facts facts(**cluster);
  CheckContext context(**cluster, facts, "", Deadline::After(absl::Seconds(50)));
  return check.look(context);
}

std::string Said(const Outcome& outcome) {
  std::string said = absl::StrCat(ToString(outcome.verdict()), "\n", outcome.found(), "\n");
  for (const Problem& problem : outcome.problems()) {
    absl::StrAppend(&said, "expected: ", problem.expected, "\nfound: ", problem.found, "\nnext: ", problem.next, "\n");
  }
  return said;
}

}  // namespace tales::config
