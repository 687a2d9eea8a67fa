#include "suites/cilium/probe/lacks.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace tales::cilium::probe {
namespace {

using WantHave = std::pair<std::string, std::string>;

std::string Is(const Place& place, const std::string& setting) {
  const auto found = place.settings.find(setting);
  return absl::StrCat(setting, ": ", found == place.settings.end() ? "not set" : found->second);
}

}  // namespace

bool ServesHostPorts(const Place& place) { return place.Setting("kube-proxy-replacement"); }

std::optional<WantHave> Lacks(const Place& place, std::string_view scenario) {
  const WantHave no_cilium{"Cilium", "another network: the cluster file declares no Cilium"};
  const auto ready =
      std::count_if(place.nodes.begin(), place.nodes.end(), [](const NodePlace& node) { return node.is_ready; });
  if (place.nodes.size() < 2 && (scenario == "other-node" || scenario == "one-way" || scenario == "encryption"))
    return WantHave{"2 nodes", absl::StrCat(place.nodes.size())};
  if (scenario == "node-port-outside" && place.outside.empty())
    return WantHave{"a place outside of the cluster that reaches the nodes' addresses", "none that the fixture knows"};
  if (scenario == "dns-external" && place.world_name.empty())
    return WantHave{"a name beyond the cluster", "none declared; workloads.world.name in the cluster file"};
  if (scenario == "world" && place.world_address.empty())
    return WantHave{"an address beyond the cluster", "none declared; workloads.world.address in the cluster file"};
  if (scenario == "ipv6" && !place.Setting("enable-ipv6"))
    return WantHave{"IPv6", place.has_cilium() ? Is(place, "enable-ipv6") : "no Cilium that says so"};
  if (scenario == "host-port" && !ServesHostPorts(place)) {
    return WantHave{"host ports served by Cilium",
                    place.has_cilium() ? Is(place, "kube-proxy-replacement") : no_cilium.second};
  }
  const bool of_cilium = absl::StartsWith(scenario, "policy-") || scenario == "host-firewall" ||
                         scenario == "encryption" || scenario == "node-health" || scenario == "drops";
  if (!of_cilium) return std::nullopt;
  if (!place.has_cilium()) return no_cilium;
  if (absl::StartsWith(scenario, "policy-") && ready == 0) return WantHave{"a node that is Ready", "none"};
  if ((scenario == "policy-l7-http" || scenario == "policy-fqdn") && !place.Setting("enable-l7-proxy"))
    return WantHave{"the L7 proxy", Is(place, "enable-l7-proxy")};
  if (scenario == "policy-l7-http" && !place.has_envoy)
    return WantHave{"Envoy", absl::StrCat("no cilium-envoy in the agents, ", Is(place, "external-envoy-proxy"))};
  if (scenario == "policy-fqdn" && (place.world_name.empty() || place.other_name.empty()))
    return WantHave{"two names beyond the cluster", "none declared; workloads.world in the cluster file"};
  if (scenario == "host-firewall") {
    if (!place.Setting("enable-host-firewall")) return WantHave{"the host firewall", Is(place, "enable-host-firewall")};
    return WantHave{"a trial that cannot cut nodes off", "none: a policy for nodes is never made by a run"};
  }
  if (scenario == "encryption" && !place.Setting("enable-wireguard") && !place.Setting("enable-ipsec"))
    return WantHave{"encryption", absl::StrCat(Is(place, "enable-wireguard"), ", ", Is(place, "enable-ipsec"))};
  if (scenario == "node-health" && !place.Setting("enable-health-checking"))
    return WantHave{"health checking", Is(place, "enable-health-checking")};
  return std::nullopt;
}

}  // namespace tales::cilium::probe
