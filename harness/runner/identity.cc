#include "harness/runner/identity.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/check/cluster.h"
#include "harness/check/facts.h"
#include "harness/check/spec.h"
#include "harness/kube/kubeconfig.h"
#include "harness/pki/certificate.h"

namespace tales {

std::string Authority(const ClusterDefinition& definition, const ClusterAccess& access) {
  if (!definition.authority.empty()) return definition.authority;
  if (access.kubeconfig.empty()) return "";
  const auto kube = kube::LoadKubeconfig(access.kubeconfig, access.kubernetes_context);
  if (!kube.ok() || kube->ca_pem.empty()) return "";
  const auto certificates = pki::ParseCertificates(kube->ca_pem);
  return certificates.ok() ? certificates->front().sha256 : "";
}

nlohmann::json BootIds(const ClusterAccess& access) {
  nlohmann::json ids = nlohmann::json::object();
  const absl::StatusOr<std::unique_ptr<Cluster>> cluster = Cluster::Open(access);
  if (!cluster.ok()) return ids;  // the checks say why
  Facts facts(**cluster);
  if ((*cluster)->kube() != nullptr) {
    const auto nodes = facts.Objects(kube::kNodes);
    for (const kube::Json& node : nodes.value_or(std::vector<kube::Json>{})) {
      const std::string id = Text(node, "status.nodeInfo.bootID");
      if (!id.empty()) ids[Text(node, "metadata.name")] = id;
    }
  }
  if (!ids.empty() || (*cluster)->talos() == nullptr) return ids;
  for (const NodeDefinition& node : (*cluster)->definition().nodes) {
    const absl::StatusOr<std::string> id = facts.File(node, "/proc/sys/kernel/random/boot_id");
    if (id.ok()) ids[node.name] = std::string(absl::StripAsciiWhitespace(*id));
  }
  return ids;
}

absl::Status CompareBootIds(const nlohmann::json& then, const nlohmann::json& now) {
  if (!then.empty() && now.empty()) {
    return absl::UnavailableError("no node tells when it was started, so nobody knows whether it was since");
  }
  std::vector<std::string> different;
  for (const auto& [node, id] : then.items()) {
    if (!now.contains(node)) {
      different.push_back(absl::StrCat("node ", node, " is not there, or does not tell any more when it was started"));
    } else if (now[node] != id) {
      different.push_back(absl::StrCat("node ", node, " was started again"));
    }
  }
  return different.empty() ? absl::OkStatus() : absl::FailedPreconditionError(absl::StrJoin(different, "; "));
}

}  // namespace tales
