#include "suites/config/secret_fields.h"

#include <algorithm>
#include <array>

#include "harness/base/status.h"
#include "harness/operator/document.h"

namespace tales::config {
namespace {

constexpr std::array kMachineConfig = {
    "machine.token",
    "machine.ca.key",
    "cluster.secret",
    "cluster.token",
    "cluster.secretboxEncryptionSecret",
    "cluster.aescbcEncryptionSecret",
    "cluster.ca.key",
    "cluster.aggregatorCA.key",
    "cluster.serviceAccount.key",
    "cluster.etcd.ca.key",
    // Not redacted by Talos.
    "machine.registries.config.*.auth",
    "machine.registries.config.*.tls.clientIdentity.key",
    "machine.env",
    "machine.files[].content",
    "machine.pods",
    "machine.network.interfaces[].wireguard.privateKey",
    "machine.systemDiskEncryption.*.keys[].static",
    "cluster.apiServer.env",
    "cluster.controllerManager.env",
    "cluster.scheduler.env",
    "cluster.inlineManifests[].contents",
    "cluster.extraManifestHeaders",
};

// secrets.yaml (keys in lower case, as Go's YAML writes them), talosconfig, kubeconfig.
constexpr std::array kOtherFiles = {
    "cluster.secret",
    "secrets.bootstraptoken",
    "secrets.secretboxencryptionsecret",
    "secrets.aescbcencryptionsecret",
    "trustdinfo.token",
    "certs.etcd.key",
    "certs.k8s.key",
    "certs.k8saggregator.key",
    "certs.k8sserviceaccount.key",
    "certs.os.key",
    "contexts.*.key",
    "users[].user.client-key-data",
    "users[].user.token",
    "users[].user.password",
};

template <typename Patterns>
bool Matches(const Patterns& patterns, const Path& path) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const char* pattern) { return path.IsAtOrBelow(pattern); });
}

template <typename Patterns>
void Collect(const Patterns& patterns, const YamlNode& node, const Path& path, std::vector<std::string>& found) {
  if (node.kind == YamlNode::Kind::kScalar && !node.scalar.empty() && Matches(patterns, path)) {
    found.push_back(path.ToString());
  }
  for (size_t i = 0; i < node.items.size(); ++i) Collect(patterns, *node.items[i], path.Item(i), found);
  for (const auto& [key, value] : node.entries) {
    if (value != nullptr) Collect(patterns, *value, path.Key(key->scalar), found);
  }
}

}  // namespace

bool IsSecret(const Path& path) { return !path.document().empty() || Matches(kMachineConfig, path); }

absl::StatusOr<std::vector<std::string>> SecretPathsInFile(const std::string& text, std::string_view name) {
  std::vector<std::string> found;
  const absl::StatusOr<MachineConfig> config = ParseMachineConfig(text, name);
  if (config.ok() && config->v1alpha1() != nullptr) {
    if (Find(config->v1alpha1(), "sops") == nullptr) Collect(kMachineConfig, *config->v1alpha1(), Path(), found);
    return found;
  }
  TALES_ASSIGN_OR_RETURN(const YamlNode::Pointer root, ParseMap(text, name));
  if (Find(root.get(), "sops") == nullptr) Collect(kOtherFiles, *root, Path(), found);
  return found;
}

}  // namespace tales::config
