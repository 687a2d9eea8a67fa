#include "suites/cilium/probe/agent_probes.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/base/parallel.h"
#include "harness/base/pause.h"
#include "harness/base/status.h"
#include "harness/check/spec.h"
#include "harness/kube/json_text.h"
#include "suites/cilium/node_health.h"

namespace tales::cilium::probe {
namespace {

constexpr size_t kAtOnce = 16;
constexpr absl::Duration kPause = absl::Seconds(3);
// Agents probe in rounds of a minute, each spread over it, and publish a round when the next begins: after two minutes
// and some all that is told was probed since (Cilium 1.17.1, pkg/health/server/prober.go, RunLoop and runProbe).
constexpr absl::Duration kNextRound = absl::Seconds(130);
constexpr absl::Duration kExec = absl::Seconds(25);  // probing a node that does not answer takes the agent 10 s

// One probe of an agent, as if it were one of ours: curl's and ping's exit code for silence.
Tried One(const AgentPlace& place, const NodePlace& to, const Json& path, const char* protocol, bool is_node) {
  Tried one;
  one.probe = {
      .scenario = "node-health",
      .pod = place.pod,
      .from = place.node,
      .to = to.name,
      .words = {"health"},
      .what = absl::StrCat("the agent on ", place.node, " probes ", is_node ? "node " : "the health endpoint of ",
                           to.name, " by ", protocol, ", ", Text(path, "ip")),
      .command = "cilium-health status --probe",
      .layer = is_node ? Layer::kNodes : Layer::kPods};
  const auto found = path.find(protocol);
  if (found == path.end() || !found->is_object()) {
    one.answer = absl::UnavailableError("the agent did not probe it");
    return one;
  }
  const std::string status = Text(*found, "status");
  const auto latency = found->find("latency");
  const bool answered = status.empty() && latency != found->end() && latency->is_number() && latency->get<double>() > 0;
  one.answer = Answer{answered ? 0 : 28, answered ? "" : status.empty() ? "no answer" : status};
  return one;
}

}  // namespace

std::vector<Tried> HealthOf(const Json& health, const AgentPlace& place, const std::vector<NodePlace>& nodes,
                            bool has_endpoints) {
  std::map<std::string, const Json*> by_name;
  for (const Json& node : Array(health, "nodes")) {
    const std::string name = Text(node, "name");
    by_name[name.substr(name.rfind('/') + 1)] = &node;  // CLUSTER/NODE, where the cluster has a name
  }
  std::vector<Tried> tried;
  for (const NodePlace& node : nodes) {
    const auto found = by_name.find(node.name);
    const Json none = Json::object();
    const Json& of_node = found == by_name.end() ? none : *found->second;
    for (const auto& [path, is_node] : {std::pair{"/host/primary-address"_json_pointer, true},
                                        {"/health-endpoint/primary-address"_json_pointer, false}}) {
      // Where endpoint health checking is off there is no such path; a node has always one.
      if (!of_node.contains(path) && !is_node && !has_endpoints) continue;
      const Json address = of_node.contains(path) && of_node[path].is_object() ? of_node[path] : none;
      for (const char* protocol : {"icmp", "http"}) tried.push_back(One(place, node, address, protocol, is_node));
    }
  }
  return tried;
}

absl::StatusOr<bool> FindEnvoy(kube::Client& client, const Place& place, const std::string& cilium_namespace,
                               Deadline deadline) {
  if (place.Setting("external-envoy-proxy")) return true;
  TALES_ASSIGN_OR_RETURN(const auto pods, client.List(kube::kPods, cilium_namespace,
                                                      {.label_selector = "k8s-app=cilium"}, deadline.AtMost(kExec)));
  absl::Status none = absl::NotFoundError("no node is Ready");
  for (const NodePlace& node : place.nodes) {
    if (!node.is_ready) continue;
    const absl::StatusOr<AgentPlace> agent = FindAgent(pods, cilium_namespace, node.name);
    none = agent.status();
    if (!agent.ok()) continue;
    TALES_ASSIGN_OR_RETURN(const kube::ExecResult done,
                           client.Exec(cilium_namespace, agent->pod, "cilium-agent",
                                       {"sh", "-c", "command -v cilium-envoy || echo none"}, deadline.AtMost(kExec)));
    return done.output.rfind("none", 0) != 0;
  }
  return none;
}

absl::StatusOr<Json> AgentProbes::Ask(const std::string& node, const std::vector<std::string>& command,
                                      AgentPlace& place, Deadline deadline) const {
  place = {.node = node, .cilium_namespace = cilium_namespace_, .pod = "POD"};
  TALES_ASSIGN_OR_RETURN(const auto pods, client_.List(kube::kPods, cilium_namespace_,
                                                       {.label_selector = "k8s-app=cilium",
                                                        .field_selector = absl::StrCat("spec.nodeName=", node)},
                                                       deadline.AtMost(absl::Seconds(10))));
  TALES_ASSIGN_OR_RETURN(place, FindAgent(pods, cilium_namespace_, node));
  TALES_ASSIGN_OR_RETURN(const kube::ExecResult done,
                         client_.Exec(cilium_namespace_, place.pod, "cilium-agent", command, deadline.AtMost(kExec)));
  absl::StatusOr<Json> json = kube::ParseJson(done.output);
  if (json.ok() && !json->is_null()) return json;
  return absl::DataLossError(absl::StrCat("`", absl::StrJoin(command, " "), "` in ", place.pod, " ended with ",
                                          done.exit_code, ": ", done.error_output.substr(0, 300)));
}

std::vector<DropsOfNode> AgentProbes::ReadDrops(Deadline deadline) const {
  std::vector<DropsOfNode> drops(place_.nodes.size());
  ForEachInParallel(drops.size(), kAtOnce, [&](size_t i) {
    const auto metrics =
        Ask(place_.nodes[i].name, {"cilium-dbg", "metrics", "list", "-o", "json"}, drops[i].place, deadline);
    drops[i].before = metrics.ok() ? ParseDrops(*metrics) : metrics.status();
  });
  return drops;
}

void AgentProbes::ReadDropsAgain(std::vector<DropsOfNode>& drops, Deadline deadline) const {
  std::vector<DropsOfNode> now = ReadDrops(deadline);
  for (size_t i = 0; i < drops.size() && i < now.size(); ++i) drops[i].after = std::move(now[i].before);
}

std::vector<Tried> AgentProbes::ProbeHealth(Deadline deadline) const {
  const Deadline patience = deadline.AtMost(kNextRound);
  while (true) {
    std::vector<Tried> tried = ProbeHealthOnce(deadline);
    if (std::all_of(tried.begin(), tried.end(), Holds) || patience.passed()) return tried;
    Pause(kPause, patience);
  }
}

std::vector<Tried> AgentProbes::ProbeHealthOnce(Deadline deadline) const {
  std::vector<Tried> all;
  std::mutex mutex;
  ForEachInParallel(place_.nodes.size(), kAtOnce, [&](size_t i) {
    AgentPlace place;
    absl::StatusOr<Json> health =
        Ask(place_.nodes[i].name, {"cilium-health", "status", "--probe", "-o", "json"}, place, deadline);
    if (health.ok()) {
      const auto old = JudgeHealthAge(*health, place, place_.nodes.size(), absl::Now());
      if (old.has_value()) health = absl::UnavailableError(old->found);
    }
    std::vector<Tried> tried;
    if (health.ok()) {
      tried = HealthOf(*health, place, place_.nodes, place_.Setting("enable-endpoint-health-checking"));
    } else {
      Tried& one = tried.emplace_back();
      one.probe = {.scenario = "node-health",
                   .pod = place.pod,
                   .from = place_.nodes[i].name,
                   .to = {},
                   .words = {"health"},
                   .what = absl::StrCat("the agent on ", place_.nodes[i].name, " probes the nodes"),
                   .command = "cilium-health status --probe"};
      one.answer = health.status();
    }
    const std::lock_guard<std::mutex> lock(mutex);
    for (Tried& one : tried) all.push_back(std::move(one));
  });
  return all;
}

}  // namespace tales::cilium::probe
