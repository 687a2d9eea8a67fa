#include "suites/cilium/pod_ranges.h"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "harness/check/spec.h"

namespace tales::cilium {
namespace {

constexpr size_t kShownPods = 3;

std::string Texts(const std::vector<Range>& ranges) {
  std::string text;
  for (const Range& range : ranges) absl::StrAppend(&text, text.empty() ? "" : ", ", range.text);
  return text.empty() ? "none" : text;
}

std::string GetNode(const std::string& node) { return absl::StrCat("kubectl get ciliumnode ", node, " -o yaml"); }

}  // namespace

std::optional<Range> ParseRange(std::string_view text) {
  const size_t slash = text.find('/');
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(std::string(text.substr(0, slash)), error);
  if (error) return std::nullopt;
  Range range{std::string(text), address.is_v6(), {}, address.is_v6() ? 128 : 32};
  if (address.is_v6()) {
    range.bytes = address.to_v6().to_bytes();
  } else {
    const auto four = address.to_v4().to_bytes();
    std::copy(four.begin(), four.end(), range.bytes.begin());
  }
  if (slash == std::string_view::npos) return range;
  int prefix = 0;
  if (!absl::SimpleAtoi(text.substr(slash + 1), &prefix) || prefix < 0 || prefix > range.prefix) return std::nullopt;
  range.prefix = prefix;
  return range;
}

bool Overlap(const Range& a, const Range& b) {
  if (a.v6 != b.v6) return false;
  const int bits = std::min(a.prefix, b.prefix);
  for (int bit = 0; bit < bits; ++bit) {
    const int mask = 0x80 >> (bit % 8);
    const auto byte = static_cast<size_t>(bit / 8);
    if ((a.bytes[byte] & mask) != (b.bytes[byte] & mask)) return false;
  }
  return true;
}

bool Contains(const Range& range, std::string_view address) {
  const std::optional<Range> one = ParseRange(address);
  return one && one->prefix >= range.prefix && Overlap(range, *one);
}

std::vector<Problem> JudgePodRanges(const ClusterRanges& ranges, const std::vector<Json>& pods) {
  std::vector<Problem> problems;
  std::map<std::string, const NodeRanges*> by_node;
  for (const NodeRanges& node : ranges.nodes) {
    by_node[node.node] = &node;
    if (node.of_cilium.empty()) {
      problems.push_back({.expected = absl::StrCat("a pod range of ", node.node),
                          .found = "its CiliumNode has none, or is not there",
                          .next = GetNode(node.node)});
      continue;
    }
    if (ranges.ipam != "kubernetes") continue;
    for (const Range& range : node.of_kubernetes) {
      const bool there = std::any_of(node.of_cilium.begin(), node.of_cilium.end(),
                                     [&](const Range& own) { return own.text == range.text; });
      if (there) continue;
      problems.push_back(
          {.expected = absl::StrCat("pods on ", node.node, " from ", range.text, ", the range of its Node"),
           .found = absl::StrCat("its CiliumNode has ", Texts(node.of_cilium)),
           .next = absl::StrCat(GetNode(node.node),
                                "; an agent takes the Node's range when it starts: "
                                "delete the CiliumNode and the node's agent pod")});
    }
  }
  for (size_t i = 0; i < ranges.nodes.size(); ++i) {
    const NodeRanges& node = ranges.nodes[i];
    for (const Range& range : node.of_cilium) {
      for (size_t j = i + 1; j < ranges.nodes.size(); ++j) {
        for (const Range& other : ranges.nodes[j].of_cilium) {
          if (!Overlap(range, other)) continue;
          problems.push_back(
              {.expected =
                   absl::StrCat("pod ranges of ", node.node, " and ", ranges.nodes[j].node, " that do not overlap"),
               .found = absl::StrCat(range.text, " and ", other.text, ": packets to one node's pods go to the other's"),
               .next = "kubectl get ciliumnodes -o custom-columns=N:.metadata.name,R:.spec.ipam.podCIDRs"});
        }
      }
      for (const Range& network : ranges.node_networks) {
        if (!Overlap(range, network)) continue;
        problems.push_back(
            {.expected = absl::StrCat("pod range ", range.text, " of ", node.node, " apart from the nodes' network"),
             .found = absl::StrCat("it overlaps ", network.text),
             .next = "set cluster.network.podSubnets in the machine configurations (or Cilium's "
                     "ipam.operator.clusterPoolIPv4PodCIDRList) to a range that nothing else uses"});
      }
      for (const Range& service : ranges.service_addresses) {
        if (!Overlap(range, service)) continue;
        problems.push_back(
            {.expected = absl::StrCat("pod range ", range.text, " of ", node.node, " apart from Services' addresses"),
             .found = absl::StrCat("it holds the Service address ", service.text),
             .next = "make cluster.network.podSubnets and serviceSubnets two ranges"});
      }
    }
  }
  size_t strays = 0;
  for (const Json& pod : pods) {
    const auto spec = pod.is_object() ? pod.find("spec") : pod.end();
    const bool of_host = pod.is_object() && spec != pod.end() && spec->is_object() && spec->contains("hostNetwork") &&
                         (*spec)["hostNetwork"] == true;
    const std::string address = Text(pod, "status.podIP");
    const auto node = by_node.find(Text(pod, "spec.nodeName"));
    if (of_host || address.empty() || Text(pod, "status.phase") != "Running" || node == by_node.end() ||
        node->second->of_cilium.empty())
      continue;
    const auto& own = node->second->of_cilium;
    if (std::any_of(own.begin(), own.end(), [&](const Range& range) { return Contains(range, address); })) continue;
    if (++strays > kShownPods) continue;
    const std::string name = absl::StrCat(Text(pod, "metadata.namespace"), "/", Text(pod, "metadata.name"));
    problems.push_back(
        {.expected = absl::StrCat("pod ", name, " with an address from ", Texts(own), " of ", node->first),
         .found = absl::StrCat("it has ", address, ": from before the range was changed, or of another CNI"),
         .next = absl::StrCat("kubectl -n ", Text(pod, "metadata.namespace"), " delete pod ",
                              Text(pod, "metadata.name"), "   # its owner makes it anew")});
  }
  if (strays > kShownPods) {
    problems.push_back({.expected = "pods with addresses of their node's range",
                        .found = absl::StrCat(strays - kShownPods, " more have others"),
                        .next = "kubectl get pods -A -o wide"});
  }
  return problems;
}

}  // namespace tales::cilium
