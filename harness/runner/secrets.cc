#include "harness/runner/secrets.h"

#include "absl/strings/ascii.h"
#include "harness/base/file.h"
#include "harness/kube/kubeconfig.h"
#include "harness/talos/talosconfig.h"

namespace tales {

void AddSecrets(const ClusterAccess& access, Redactor& redactor) {
  if (!access.talosconfig.empty()) {
    const auto config = talos::LoadTalosConfig(access.talosconfig);
    if (config.ok()) {
      for (const auto& [name, context] : config->contexts) redactor.Add(context.key_pem);
    }
  }
  if (access.kubeconfig.empty()) return;
  const auto kube = kube::LoadKubeconfig(access.kubeconfig, access.kubernetes_context);
  if (!kube.ok()) return;
  for (const std::string& secret : {kube->key_pem, kube->token, kube->password}) redactor.Add(secret);
  if (kube->token_file.empty()) return;
  if (const auto token = ReadFile(kube->token_file, 1 << 20); token.ok()) {
    redactor.Add(std::string(absl::StripAsciiWhitespace(*token)));
  }
}

}  // namespace tales
