// config.secrets_consistent: everything that an operator keeps of one cluster comes from one set of secrets.
#pragma once

#include <string>
#include <vector>

#include "harness/check/outcome.h"
#include "harness/kube/kubeconfig.h"
#include "harness/operator/document.h"
#include "harness/operator/secrets.h"
#include "harness/talos/talosconfig.h"

namespace tales::config {

// One machine configuration, and what messages call it.
struct NamedConfig {
  std::string name;  // "worker.yaml"
  const MachineConfig* config;
  bool control_plane;
};

// Each authority's key is that of its certificate. `next`: how to get secrets that are whole.
std::vector<Problem> JudgeSecrets(const Secrets& secrets);

// The configuration holds the values of `secrets`; a worker, those that it needs. One problem, which lists paths and no
// value.
std::vector<Problem> JudgeConfig(const Secrets& secrets, const NamedConfig& config, const std::string& next);

// Credentials are of the cluster's authority: the certificate that they trust is the authority's, and it issued theirs.
// `name`: "the talosconfig in ~/tales-work".
std::vector<Problem> JudgeCredentials(const Secrets& secrets, const std::string& name, const talos::Context& context,
                                      const std::string& next);
std::vector<Problem> JudgeCredentials(const Secrets& secrets, const std::string& name, const kube::Access& access,
                                      const std::string& next);

// Without secrets.yaml: the secrets as a control plane's configuration holds them, which is all of them.
Secrets SecretsOf(const NamedConfig& control_plane);

}  // namespace tales::config
