// Credentials of an earlier build from the same secrets still open the cluster: that is what makes it safe to build it
// anew, and what is lost with the first machine that was built from other secrets.
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/base/status.h"
#include "suites/config/checks.h"

namespace tales::config {
namespace {

const Requirement kNeedsEarlier{
    "declared:config.earlier", "credentials of an earlier build",
    [](const Cluster& cluster) -> std::optional<std::string> {
      const std::optional<ConfigDefinition>& config = cluster.definition().config;
      if (config.has_value() && !(config->earlier_talosconfig.empty() && config->earlier_kubeconfig.empty())) {
        return std::nullopt;
      }
      return "no config.earlier in the cluster file";
    }};

// Where it is reached is the cluster file's to say: the credentials are judged, not the addresses beside them.
absl::Status OpenTalos(CheckContext& context, const std::string& file) {
  const std::vector<const NodeDefinition*> nodes = context.definition().NodesWithRole(Role::kControlPlane);
  if (nodes.empty()) return absl::FailedPreconditionError("no control plane is declared to try it on");
  TALES_ASSIGN_OR_RETURN(const talos::TalosConfig config, talos::LoadTalosConfig(file));
  TALES_ASSIGN_OR_RETURN(const talos::Context chosen, talos::SelectContext(config, ""));
  talos::Client::Options options;
  for (const NodeDefinition* node : nodes) options.endpoints.push_back(node->dial.empty() ? node->address : node->dial);
  TALES_ASSIGN_OR_RETURN(const auto client, talos::Client::Open(chosen, options));
  return client->Version(nodes.front()->address, context.deadline().AtMost(Facts::kCallDeadline)).status();
}

absl::Status OpenKubernetes(CheckContext& context, const std::string& file) {
  TALES_ASSIGN_OR_RETURN(kube::Access access, kube::LoadKubeconfig(file, ""));
  if (const kube::Client* current = context.cluster().kube(); current != nullptr) {
    access.server = current->access().server;
    access.tls_server_name = current->access().tls_server_name;
    access.proxy_url = current->access().proxy_url;
  }
  TALES_ASSIGN_OR_RETURN(const auto client, kube::Client::Open(std::move(access)));
  // Not /version: that is told to strangers too.
  return client->Get(kube::kNamespaces, "", "kube-system", context.deadline().AtMost(Facts::kCallDeadline)).status();
}

Outcome Look(CheckContext& context) {
  const ConfigDefinition& config = *context.definition().config;
  std::vector<Problem> problems;
  std::vector<std::string> opened;
  const auto judge = [&](std::string_view what, const std::string& file, const absl::Status& status, std::string next) {
    if (status.ok()) {
      opened.emplace_back(what);
      return;
    }
    problems.push_back({.expected = absl::StrCat("the earlier ", what, " (", file, ") still opens the cluster"),
                        .found = std::string(status.message()),
                        .next = std::move(next)});
  };
  if (const std::string& file = config.earlier_talosconfig; !file.empty()) {
    judge("talosconfig", file, OpenTalos(context, file),
          "expired: keep a newer one. Of another authority: this cluster was not built from those secrets; compare "
          "certs.os.crt of secrets.yaml with its `ca`");
  }
  if (const std::string& file = config.earlier_kubeconfig; !file.empty()) {
    judge("kubeconfig", file, OpenKubernetes(context, file),
          "expired: `talosctl kubeconfig` writes a newer one. Of another authority: this cluster was not built from "
          "those "
          "secrets; compare certs.k8s.crt of secrets.yaml with its certificate-authority-data");
  }
  return Outcome::FromProblems(std::move(problems),
                               absl::StrCat("still open the cluster: ", absl::StrJoin(opened, ", ")));
}

}  // namespace

Check OldCredentials() {
  return {.id = "config.old_credentials",
          .question = "Do talosconfig and kubeconfig of an earlier build from the same secrets still open the cluster?",
          .needs = {&kNeedsEarlier},
          .after = {"health.talos_api", "health.kubernetes_api"},
          .faults = {"inputs:earlier-credentials-foreign"},
          .optional = true,
          .look = Look};
}

}  // namespace tales::config
