// The COSI resource types that checks read. Source: Talos 1.9.4, pkg/machinery/resources; namespaces and ids as
// measured on real nodes.
#pragma once

#include "harness/talos/client.h"

namespace tales::talos {

inline constexpr ResourceKind kMachineStatus{"runtime", "MachineStatuses.runtime.talos.dev"};  // id: machine
inline constexpr ResourceKind kDiagnostic{"runtime", "Diagnostics.runtime.talos.dev"};
inline constexpr ResourceKind kSecurityState{"runtime", "SecurityStates.talos.dev"};        // id: securitystate
inline constexpr ResourceKind kTimeStatus{"runtime", "TimeStatuses.v1alpha1.talos.dev"};    // id: node
inline constexpr ResourceKind kService{"runtime", "Services.v1alpha1.talos.dev"};           // id: service
inline constexpr ResourceKind kMountStatus{"runtime", "MountStatuses.runtime.talos.dev"};   // id: EPHEMERAL, STATE
inline constexpr ResourceKind kDisk{"runtime", "Disks.block.talos.dev"};                    // id: sda
inline constexpr ResourceKind kSystemDisk{"runtime", "SystemDisks.block.talos.dev"};        // id: system-disk
inline constexpr ResourceKind kMachineType{"config", "MachineTypes.config.talos.dev"};      // id: machine-type
inline constexpr ResourceKind kMachineConfig{"config", "MachineConfigs.config.talos.dev"};  // id: v1alpha1; os:admin
inline constexpr ResourceKind kMember{"cluster", "Members.cluster.talos.dev"};              // id: node name
inline constexpr ResourceKind kAffiliate{"cluster", "Affiliates.cluster.talos.dev"};
inline constexpr ResourceKind kNodename{"k8s", "Nodenames.kubernetes.talos.dev"};                 // id: nodename
inline constexpr ResourceKind kNodeStatus{"k8s", "NodeStatuses.kubernetes.talos.dev"};            // id: node name
inline constexpr ResourceKind kStaticPodStatus{"k8s", "StaticPodStatuses.kubernetes.talos.dev"};  // kube-system/POD
inline constexpr ResourceKind kKubePrismStatus{"k8s",
                                               "KubePrismStatuses.kubernetes.talos.dev"};  // id: k8s-loadbalancer
inline constexpr ResourceKind kManifestStatus{"controlplane",
                                              "ManifestStatuses.kubernetes.talos.dev"};  // id: manifests
inline constexpr ResourceKind kAdmissionControl{
    "controlplane", "AdmissionControlConfigs.kubernetes.talos.dev"};                   // id: admission-control
inline constexpr ResourceKind kEtcdMember{"etcd", "EtcdMembers.etcd.talos.dev"};       // id: local
inline constexpr ResourceKind kHostname{"network", "HostnameStatuses.net.talos.dev"};  // id: hostname
inline constexpr ResourceKind kAddressStatus{"network", "AddressStatuses.net.talos.dev"};
inline constexpr ResourceKind kHostDnsConfig{"network", "HostDNSConfigs.net.talos.dev"};  // id: config
inline constexpr ResourceKind kLinkStatus{"network", "LinkStatuses.net.talos.dev"};
inline constexpr ResourceKind kNetworkStatus{"network", "NetworkStatuses.net.talos.dev"};  // id: status

}  // namespace tales::talos
