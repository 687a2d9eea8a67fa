#include "harness/check/requirement.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace tales {
namespace {

std::optional<std::string> WithoutTalos(const Cluster& cluster) {
  if (cluster.talos() != nullptr) return std::nullopt;
  return "no talosconfig given";
}

std::optional<std::string> WithoutTalosRole(const Cluster& cluster, std::string_view role) {
  if (std::optional<std::string> have = WithoutTalos(cluster)) return have;
  if (cluster.talos()->HasRole(role)) return std::nullopt;
  return absl::StrCat("roles ", absl::StrJoin(cluster.talos()->roles(), ", "));
}

}  // namespace

const Requirement kNeedsTalos{"talos", "a Talos API", WithoutTalos};

const Requirement kNeedsTalosOperator{"talos:operator", "a Talos API with role os:operator",
                                      [](const Cluster& cluster) { return WithoutTalosRole(cluster, "os:operator"); }};

const Requirement kNeedsTalosAdmin{"talos:admin", "a Talos API with role os:admin",
                                   [](const Cluster& cluster) { return WithoutTalosRole(cluster, "os:admin"); }};

const Requirement kNeedsKubernetes{"kubernetes", "a Kubernetes API",
                                   [](const Cluster& cluster) -> std::optional<std::string> {
                                     if (cluster.kube() != nullptr) return std::nullopt;
                                     return "no kubeconfig given";
                                   }};

// A discovered cluster with no node at all is judged (and found wanting); a declared one says that it is meant so.
const Requirement kNeedsDeclaredNodes{"nodes", "at least one declared node",
                                      [](const Cluster& cluster) -> std::optional<std::string> {
                                        const ClusterDefinition& definition = cluster.definition();
                                        if (!definition.nodes.empty() || definition.discovered) return std::nullopt;
                                        return "a cluster file that declares none";
                                      }};

const Requirement kNeedsDeclaredNamespaces{"namespaces", "declared namespaces",
                                           [](const Cluster& cluster) -> std::optional<std::string> {
                                             const ClusterDefinition& definition = cluster.definition();
                                             if (definition.discovered) return "no cluster file";
                                             if (!definition.namespaces.empty()) return std::nullopt;
                                             return "a cluster file that declares none";
                                           }};

}  // namespace tales
