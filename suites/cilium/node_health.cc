#include "suites/cilium/node_health.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/check/spec.h"

namespace tales::cilium {
namespace {

// CLUSTER/NODE where the cluster has a name of its own; both parts.
std::pair<std::string, std::string> Split(const std::string& name) {
  const size_t slash = name.rfind('/');
  return slash == std::string::npos ? std::pair{std::string(), name}
                                    : std::pair{name.substr(0, slash), name.substr(slash + 1)};
}

struct Path {
  std::string what;  // "the node, 10.0.1.50"
  bool icmp = true, http = true;
  std::string why;
};

// One probe; "" where it got through.
std::string Trouble(const Json& path, const char* protocol) {
  const auto probe = path.find(protocol);
  if (probe == path.end() || !probe->is_object()) return "not probed";
  std::string status = Text(*probe, "status");
  if (!status.empty()) return status;
  const auto latency = probe->find("latency");
  return latency != probe->end() && latency->is_number() && latency->get<double>() > 0 ? "" : "no answer";
}

void Add(const Json& path, const char* of, std::vector<Path>& paths) {
  if (!path.is_object()) return;
  const std::string icmp = Trouble(path, "icmp"), http = Trouble(path, "http");
  if (icmp.empty() && http.empty()) return;
  paths.push_back({absl::StrCat(of, ", ", Text(path, "ip")), icmp.empty(), http.empty(), icmp.empty() ? http : icmp});
}

// What was probed of one node, and all paths to it that do not work: its own addresses, and its health endpoint's.
struct Paths {
  std::vector<Path> broken;
  bool host = false, endpoint = false;
};

Paths PathsTo(const Json& node) {
  Paths paths;
  for (const auto& [member, of, probed] :
       {std::tuple{"host", "the node", &paths.host}, {"health-endpoint", "its health endpoint", &paths.endpoint}}) {
    const auto group = node.find(member);
    if (group == node.end() || !group->is_object()) continue;
    const auto primary = group->find("primary-address");
    if (primary != group->end() && primary->is_object()) {
      Add(*primary, of, paths.broken);
      *probed = true;
    }
    for (const Json& address : Array(*group, "secondary-addresses")) Add(address, of, paths.broken);
  }
  return paths;
}

std::string Step(const std::vector<Path>& broken, const AgentPlace& place) {
  bool node_well = true, icmp_well = true;
  for (const Path& path : broken) {
    node_well = node_well && path.what.rfind("the node", 0) != 0;
    icmp_well = icmp_well && path.icmp;
  }
  const char* hint = !node_well && icmp_well
                         ? "ping works and TCP does not: is port 4240 let through between the nodes?"
                     : node_well ? "the nodes reach each other and the pod network does not: routes between "
                                   "the nodes, or UDP port 8472 with a tunnel"
                                 : "do the nodes reach each other at all? cilium.probe/one-way says which way";
  return absl::StrCat(place.Exec("cilium-health status --probe"), "   # ", hint);
}

// The agents' own pause between probes grows with the cluster: a minute times ln(1 + nodes).
constexpr absl::Duration kPauseBase = absl::Minutes(1), kLeastAge = absl::Minutes(10);
constexpr double kPauses = 4;

}  // namespace

std::optional<Problem> JudgeHealthAge(const Json& health, const AgentPlace& place, size_t nodes, absl::Time now) {
  const std::string text = Text(health, "timestamp");
  absl::Time probed;
  std::string error;
  if (text.empty() || !absl::ParseTime(absl::RFC3339_full, text, &probed, &error)) {
    return Problem{.expected = absl::StrCat("the agent on ", place.node, " says when it last probed the nodes"),
                   .found = text.empty() ? "it does not: it has not probed yet" : absl::StrCat("\"", text, "\""),
                   .next = place.Exec("cilium-health status")};
  }
  const absl::Duration limit = std::max(kLeastAge, kPauses * kPauseBase * std::log1p(static_cast<double>(nodes)));
  const absl::Duration age = now - probed;
  if (age <= limit) return std::nullopt;
  return Problem{.expected = absl::StrCat("the agent on ", place.node, " probed the nodes in the last ",
                                          absl::FormatDuration(absl::Trunc(limit, absl::Minutes(1)))),
                 .found = absl::StrCat("at ", text, ", ", absl::FormatDuration(absl::Trunc(age, absl::Seconds(1))),
                                       " ago: its prober stands still, or the clocks there and here differ"),
                 .next = place.Exec("cilium-health status --probe")};
}

std::vector<Problem> JudgeNodeHealth(const Json& health, const AgentPlace& place,
                                     const std::vector<NodeDefinition>& nodes, bool has_endpoints) {
  const std::string local = Text(health, "local.name");
  const std::string cluster = Split(local).first;
  std::map<std::string, const Json*> by_name;
  for (const Json& node : Array(health, "nodes")) {
    const auto [of_cluster, name] = Split(Text(node, "name"));
    if (of_cluster == cluster) by_name[name] = &node;
  }
  std::vector<Problem> problems;
  for (const NodeDefinition& node : nodes) {
    const std::string expected =
        absl::StrCat("the agent on ", place.node, " reaches ", node.name, " (", node.address, ") by ICMP and HTTP");
    const auto found = by_name.find(node.name);
    Paths paths;
    if (found != by_name.end()) paths = PathsTo(*found->second);
    if (!paths.host) {
      problems.push_back({.expected = expected,
                          .found = found == by_name.end() ? absl::StrCat("it does not know a node ", node.name)
                                                          : absl::StrCat("it has not probed ", node.name),
                          .next = place.Exec("cilium-dbg node list")});
      continue;
    }
    if (has_endpoints && !paths.endpoint) {
      problems.push_back({.expected = expected,
                          .found = absl::StrCat("it has not probed the health endpoint of ", node.name,
                                                ": the agent there has made none, or it is not known here"),
                          .next = place.Exec("cilium-dbg node list")});
    }
    const std::vector<Path>& broken = paths.broken;
    if (broken.empty()) continue;
    std::vector<std::string> ways;
    ways.reserve(broken.size());
    for (const Path& path : broken) {
      ways.push_back(absl::StrCat(path.what, " by ",
                                  !path.icmp && !path.http ? "ICMP and HTTP"
                                  : path.icmp              ? "HTTP"
                                                           : "ICMP",
                                  ": ", path.why));
    }
    problems.push_back(
        {.expected = expected,
         // Its question may have been lost, or the answer.
         .found = absl::StrCat(place.node, " asked ", node.name, " in vain: ", absl::StrJoin(ways, "; ")),
         .next = Step(broken, place)});
  }
  return problems;
}

}  // namespace tales::cilium
