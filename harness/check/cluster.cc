#include "harness/check/cluster.h"

#include "harness/base/status.h"
#include "harness/definition/cluster_file.h"
#include "harness/talos/talosconfig.h"

namespace tales {

absl::StatusOr<std::unique_ptr<Cluster>> Cluster::Open(const ClusterAccess& access) {
  TALES_ASSIGN_OR_RETURN(ClusterDefinition definition, LoadClusterFile(access.cluster_file));
  definition.discovered = definition.discovered || access.discovered;
  std::unique_ptr<Cluster> cluster(new Cluster(access, std::move(definition)));
  if (!access.talosconfig.empty()) {
    TALES_ASSIGN_OR_RETURN(const talos::TalosConfig config, talos::LoadTalosConfig(access.talosconfig));
    TALES_ASSIGN_OR_RETURN(cluster->talos_context_, talos::SelectContext(config, access.talos_context));
    talos::Client::Options options;
    // The cluster file knows where this fixture reaches the control planes; a talosconfig may still name other
    // addresses.
    for (const NodeDefinition* node : cluster->definition_.NodesWithRole(Role::kControlPlane)) {
      options.endpoints.push_back(node->dial.empty() ? node->address : node->dial);
    }
    if (cluster->definition_.discovered) options.endpoints.clear();  // there the talosconfig is all that was said
    TALES_ASSIGN_OR_RETURN(cluster->talos_, talos::Client::Open(*cluster->talos_context_, options));
  }
  if (!access.kubeconfig.empty()) {
    TALES_ASSIGN_OR_RETURN(kube::Access kube_access,
                           kube::LoadKubeconfig(access.kubeconfig, access.kubernetes_context));
    TALES_ASSIGN_OR_RETURN(cluster->kube_, kube::Client::Open(std::move(kube_access)));
  }
  return cluster;
}

}  // namespace tales
