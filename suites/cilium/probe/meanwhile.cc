#include "suites/cilium/probe/meanwhile.h"

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "harness/check/spec.h"
#include "suites/cilium/probe/workloads.h"

namespace tales::cilium::probe {
namespace {

// Probes of nodes, and of what is not in our namespace.
bool NeedsOurServers(const Probe& probe) {
  static const auto& others =
      *new std::set<std::string>{"pod-to-host", "dns", "dns-external", "world", "api-server", "node-health"};
  return !others.contains(probe.scenario);
}

// Whatever is behind a service, and the kubelet itself.
bool NeedsReadyNode(const Probe& probe) {
  static const auto& of_services =
      *new std::set<std::string>{"cluster-ip", "node-port", "hairpin", "headless", "dns", "dns-external"};
  return of_services.contains(probe.scenario) ||
         std::any_of(probe.words.begin(), probe.words.end(),
                     [](const std::string& word) { return absl::StrContains(word, ":10250/"); });
}

bool LeadsTo(const Probe& probe, const std::string& node) {
  if (!probe.to.empty()) return probe.to == node;
  return probe.scenario == "headless" || probe.from == node ||
         std::find(probe.maybe_to.begin(), probe.maybe_to.end(), node) != probe.maybe_to.end();
}

}  // namespace

std::map<std::string, std::string> LostPods(const Place& place, const std::vector<Json>& pods) {
  std::map<std::string, const Json*> by_name;
  for (const Json& pod : pods) by_name[Text(pod, "metadata.name")] = &pod;
  std::map<std::string, std::string> lost;
  const auto look = [&](const PodPlace& was) {
    if (!was.runs() || lost.contains(was.node)) return;
    const auto found = by_name.find(was.name);
    const Json object = found == by_name.end() ? Json() : *found->second;
    const std::string phase = Text(object, "status.phase");
    if (object.is_null() || phase == "Failed" || phase == "Succeeded") {
      lost[was.node] = PodPlaceOf(was.name, was.node, object).trouble;
    } else if (!Text(object, "metadata.deletionTimestamp").empty()) {
      lost[was.node] = absl::StrCat("pod ", was.name, " on ", was.node, " was deleted");
    }
  };
  for (const NodePlace& node : place.nodes) {
    for (const PodPlace* pod : {&node.client, &node.host_client, &node.server, &node.door}) look(*pod);
  }
  for (const auto& [name, guard] : place.guards) look(guard);
  return lost;
}

void Excuse(std::vector<Tried>& tried, const Meanwhile& meanwhile) {
  for (Tried& one : tried) {
    if (Holds(one) || ResultOf(one) == Result::kNotRun) continue;
    const auto because = [&one](const std::map<std::string, std::string>& reasons) {
      const auto found = std::find_if(reasons.begin(), reasons.end(),
                                      [&one](const auto& reason) { return LeadsTo(one.probe, reason.first); });
      if (found != reasons.end()) {
        one.answer = absl::FailedPreconditionError(absl::StrCat(found->second, "; so ", Describe(one)));
      }
    };
    if (NeedsOurServers(one.probe)) because(meanwhile.lost_pods);
    if (ResultOf(one) != Result::kNotRun && NeedsReadyNode(one.probe)) because(meanwhile.not_ready);
  }
}

}  // namespace tales::cilium::probe
