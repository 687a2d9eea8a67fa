// The address ranges of pods. Cilium's own default, 10.0.0.0/8, holds many a home network; two nodes with one range, as
// a restored or forged CiliumNode leaves behind, send each other's packets astray without an error.
#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "harness/check/spec.h"
#include "harness/talos/resources.h"
#include "suites/cilium/agents.h"
#include "suites/cilium/checks.h"
#include "suites/cilium/pod_ranges.h"
#include "suites/cilium/settings.h"

namespace tales::cilium {
namespace {

constexpr kube::ResourcePath kCiliumNodes{"cilium.io/v2", "ciliumnodes", false};

std::vector<Range> Ranges(const Json& list) {
  std::vector<Range> ranges;
  for (const Json& item : list) {
    if (!item.is_string()) continue;
    if (std::optional<Range> range = ParseRange(item.get<std::string>())) ranges.push_back(*std::move(range));
  }
  return ranges;
}

// The networks that the nodes' own addresses are in: Talos knows their size, Kubernetes the addresses alone.
std::vector<Range> NodeNetworks(CheckContext& context, const std::vector<Json>& nodes) {
  std::set<std::string> addresses, texts;
  for (const Json& node : nodes) {
    for (const std::string& address : NodeAddresses(node)) addresses.insert(address);
  }
  texts = addresses;
  for (const NodeDefinition& node : context.definition().nodes) {
    if (context.cluster().talos() == nullptr) break;
    const absl::StatusOr<std::vector<talos::Resource>> resources =
        context.facts().Resources(node, talos::kAddressStatus);
    if (!resources.ok()) continue;
    for (const talos::Resource& resource : *resources) {
      const absl::StatusOr<YAML::Node> spec = ParseSpec(resource);
      if (!spec.ok()) continue;
      const std::string address = SpecText(*spec, "address");
      if (addresses.count(address.substr(0, address.find('/'))) > 0) texts.insert(address);
    }
  }
  std::vector<Range> networks;
  for (const std::string& text : texts) {
    std::optional<Range> range = ParseRange(text);
    // An address alone says nothing that its network does not.
    const std::string with_size = absl::StrCat(text, "/");
    const auto wider = texts.lower_bound(with_size);
    const bool known = text.find('/') == std::string::npos && wider != texts.end() && wider->rfind(with_size, 0) == 0;
    if (range && !known) networks.push_back(*std::move(range));
  }
  return networks;
}

Outcome Look(CheckContext& context) {
  Facts& facts = context.facts();
  const absl::StatusOr<Settings> settings = LiveSettings(context);
  if (!settings.ok()) {
    return Outcome::CannotLook(settings.status(), absl::StrCat("kubectl -n ", NamespaceOf(context.definition()),
                                                               " get configmap cilium-config"));
  }
  const auto ipam = settings->find("ipam");
  const std::string mode = ipam == settings->end() ? "" : ipam->second;
  if (mode != "kubernetes" && mode != "cluster-pool" && mode != "cluster-pool-v2beta") {
    return Outcome::Unsupported("IPAM with a pod range for each node", absl::StrCat("ipam: ", mode));
  }
  const absl::StatusOr<std::vector<Json>> nodes = facts.Objects(kube::kNodes);
  if (!nodes.ok()) return Outcome::CannotLook(nodes.status(), "kubectl get nodes");
  const absl::StatusOr<std::vector<Json>> cilium_nodes = facts.Objects(kCiliumNodes);
  if (!cilium_nodes.ok()) return Outcome::CannotLook(cilium_nodes.status(), "kubectl get ciliumnodes");
  const absl::StatusOr<std::vector<Json>> services = facts.Objects(kube::kServices);
  if (!services.ok()) return Outcome::CannotLook(services.status(), "kubectl get services -A");
  const absl::StatusOr<std::vector<Json>> pods = facts.Objects(kube::kPods);
  if (!pods.ok()) return Outcome::CannotLook(pods.status(), "kubectl get pods -A");

  ClusterRanges ranges{mode, {}, NodeNetworks(context, *nodes), {}};
  for (const Json& node : *nodes) {
    NodeRanges of_node{Text(node, "metadata.name"), {}, Ranges(Array(node, "spec.podCIDRs"))};
    const auto own = std::find_if(cilium_nodes->begin(), cilium_nodes->end(), [&](const Json& candidate) {
      return Text(candidate, "metadata.name") == of_node.node;
    });
    if (own != cilium_nodes->end()) of_node.of_cilium = Ranges(Array(*own, "spec.ipam.podCIDRs"));
    ranges.nodes.push_back(std::move(of_node));
  }
  for (const Json& service : *services) {
    if (std::optional<Range> address = ParseRange(Text(service, "spec.clusterIP")))
      ranges.service_addresses.push_back(*std::move(address));
  }
  return Outcome::FromProblems(JudgePodRanges(ranges, *pods),
                               absl::StrCat(ranges.nodes.size(), " nodes with ranges of their own, ipam ", mode));
}

}  // namespace

Check PodCidrsCheck() {
  return {.id = "cilium.pod_cidrs",
          .question = "Does each node have a pod range of its own, apart from the other nodes' and the node network?",
          .needs = {&kNeedsCilium, &kNeedsKubernetes},
          .after = {"health.kubernetes_api"},
          .faults = {"lab:cilium-pod-cidr-overlap"},
          .look = Look};
}

}  // namespace tales::cilium
