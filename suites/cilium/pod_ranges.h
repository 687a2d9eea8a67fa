// Judging the ranges that pods get their addresses from.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/check/outcome.h"
#include "harness/kube/client.h"

namespace tales::cilium {

using kube::Json;

// An address range, IPv4 or IPv6, by its text: "10.244.0.0/24"; an address alone is a range of one.
struct Range {
  std::string text;
  bool v6 = false;
  std::array<uint8_t, 16> bytes{};  // IPv4: the first four
  int prefix = 0;
};
std::optional<Range> ParseRange(std::string_view text);
bool Overlap(const Range& a, const Range& b);
bool Contains(const Range& range, std::string_view address);

struct NodeRanges {
  std::string node;
  std::vector<Range> of_cilium;      // CiliumNode spec.ipam.podCIDRs
  std::vector<Range> of_kubernetes;  // Node spec.podCIDRs
};

struct ClusterRanges {
  std::string ipam;  // "kubernetes": Cilium takes Kubernetes' ranges; "cluster-pool": it has its own
  std::vector<NodeRanges> nodes;
  std::vector<Range> node_networks;  // the nodes' addresses, with their network's size where that is known
  std::vector<Range> service_addresses;
};

// Every node has a range, no two overlap, none overlaps the nodes' own network or holds a Service's address; with IPAM
// "kubernetes" they are Kubernetes' own. `pods`: each running pod has its address from its node's range.
std::vector<Problem> JudgePodRanges(const ClusterRanges& ranges, const std::vector<Json>& pods);

}  // namespace tales::cilium
