#include "suites/cilium/value_options.h"

namespace tales::cilium {
namespace {

// Source: templates/cilium-configmap.yaml of 1.16 to 1.18.
constexpr ValueOption kOptions[] = {
    {"MTU", "mtu", "0"},
    {"autoDirectNodeRoutes", "auto-direct-node-routes", "false"},
    {"bandwidthManager.enabled", "enable-bandwidth-manager", "false"},
    {"bgpControlPlane.enabled", "enable-bgp-control-plane", "false"},
    {"bpf.datapathMode", "datapath-mode", "veth"},
    {"bpf.hostLegacyRouting", "enable-host-legacy-routing", "false"},
    {"bpf.lbExternalClusterIP", "bpf-lb-external-clusterip", "false"},
    {"bpf.masquerade", "enable-bpf-masquerade", "false"},
    {"bpf.monitorAggregation", "monitor-aggregation", ""},
    {"bpf.policyMapMax", "bpf-policy-map-max", ""},
    {"bpf.preallocateMaps", "preallocate-bpf-maps", ""},
    {"bpf.tproxy", "enable-bpf-tproxy", "false"},
    {"cgroup.hostRoot", "cgroup-root", ""},
    {"cluster.id", "cluster-id", "0"},
    {"cluster.name", "cluster-name", "default"},
    {"debug.enabled", "debug", "false"},
    {"devices", "devices", ""},
    {"enableIPv4BIGTCP", "enable-ipv4-big-tcp", "false"},
    {"enableIPv4Masquerade", "enable-ipv4-masquerade", ""},
    {"enableIPv6BIGTCP", "enable-ipv6-big-tcp", "false"},
    {"enableIPv6Masquerade", "enable-ipv6-masquerade", ""},
    {"endpointHealthChecking.enabled", "enable-endpoint-health-checking", ""},
    {"endpointRoutes.enabled", "enable-endpoint-routes", "false"},
    {"envoy.enabled", "external-envoy-proxy", "false"},
    {"gatewayAPI.enabled", "enable-gateway-api", "false"},
    {"healthChecking", "enable-health-checking", "true"},
    {"hostFirewall.enabled", "enable-host-firewall", "false"},
    {"hubble.enabled", "enable-hubble", ""},
    {"ingressController.enabled", "enable-ingress-controller", "false"},
    {"ipam.mode", "ipam", ""},
    {"ipv4.enabled", "enable-ipv4", ""},
    {"ipv4NativeRoutingCIDR", "ipv4-native-routing-cidr", ""},
    {"ipv6.enabled", "enable-ipv6", ""},
    {"ipv6NativeRoutingCIDR", "ipv6-native-routing-cidr", ""},
    {"k8sClientRateLimit.burst", "k8s-client-burst", ""},
    {"k8sClientRateLimit.qps", "k8s-client-qps", ""},
    {"kubeProxyReplacement", "kube-proxy-replacement", "false"},
    {"l2NeighDiscovery.enabled", "enable-l2-neigh-discovery", ""},
    {"l2announcements.enabled", "enable-l2-announcements", "false"},
    {"l2podAnnouncements.enabled", "enable-l2-pod-announcements", "false"},
    {"l2podAnnouncements.interface", "l2-pod-announcements-interface", ""},
    {"l7Proxy", "enable-l7-proxy", "true"},
    {"loadBalancer.acceleration", "bpf-lb-acceleration", ""},
    {"loadBalancer.algorithm", "bpf-lb-algorithm", "random"},
    {"loadBalancer.mode", "bpf-lb-mode", "snat"},
    {"localRedirectPolicy", "enable-local-redirect-policy", "false"},
    {"policyEnforcementMode", "enable-policy", "default"},
    {"routingMode", "routing-mode", ""},
    {"socketLB.hostNamespaceOnly", "bpf-lb-sock-hostns-only", "false"},
    {"tunnelPort", "tunnel-port", "0"},
    {"tunnelProtocol", "tunnel-protocol", ""},
};

}  // namespace

const ValueOption* OptionOfValue(std::string_view path) {
  for (const ValueOption& option : kOptions) {
    if (option.path == path) return &option;
  }
  return nullptr;
}

const ValueOption* ValueOfOption(std::string_view name) {
  for (const ValueOption& option : kOptions) {
    if (option.option == name) return &option;
  }
  return nullptr;
}

}  // namespace tales::cilium
