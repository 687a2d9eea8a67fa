#include "suites/cilium/agent_status.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "harness/check/spec.h"

namespace tales::cilium {
namespace {

// A controller that fails on one node may do so for hundreds of endpoints: the first ones tell it.
constexpr size_t kShown = 5;

bool IsWell(const std::string& state) { return state == "Ok" || state == "Disabled"; }

void JudgeState(const Json& status, const std::string& path, const AgentPlace& place, std::vector<Problem>& problems) {
  const std::string state = Text(status, absl::StrCat(path, ".state"));
  if (state.empty() || IsWell(state)) return;
  const std::string message = Text(status, absl::StrCat(path, ".msg"));
  problems.push_back(
      {.expected = absl::StrCat("the agent on ", place.node, " with ", path, " Ok"),
       .found = absl::StrCat(path, " is ", state, message.empty() ? "" : ": ", message),
       .next = absl::StrCat(place.Exec("cilium-dbg status --verbose"), "; kubectl -n ", place.cilium_namespace,
                            " logs ", place.pod, " -c cilium-agent --since 10m")});
}

std::string PodOf(const Json& endpoint) {
  const std::string name = Text(endpoint, "status.external-identifiers.pod-name");
  if (!name.empty() && name != "/") return absl::StrCat("of pod ", name);
  const std::string container = Text(endpoint, "status.external-identifiers.container-name");
  if (!container.empty()) return absl::StrCat("of ", container);
  for (const Json& label : Array(endpoint, "status.identity.labels")) {
    if (label.is_string() && label == "reserved:host") return "of the host";
  }
  return "without a pod";
}

}  // namespace

std::vector<Problem> JudgeAgentStatus(const Json& status, const AgentPlace& place) {
  if (Text(status, "cilium.state").empty()) {
    return {{.expected = absl::StrCat("the agent on ", place.node, " says how it is"),
             .found = "its status has no cilium.state",
             .next = place.Exec("cilium-dbg status")}};
  }
  std::vector<Problem> problems;
  for (const auto& [name, value] : status.items()) {
    if (value.is_object()) JudgeState(status, name, place, problems);
  }
  JudgeState(status, "cluster.ciliumHealth", place, problems);
  JudgeState(status, "hubble.metrics", place, problems);
  const auto stale = status.find("stale");
  if (stale != status.end() && stale->is_object()) {
    for (const auto& [probe, since] : stale->items()) {
      problems.push_back({.expected = absl::StrCat("the agent on ", place.node, " looks after itself"),
                          .found = absl::StrCat("its probe \"", probe, "\" has been stale since ",
                                                since.is_string() ? since.get<std::string>() : "some time"),
                          .next = absl::StrCat("kubectl -n ", place.cilium_namespace, " logs ", place.pod,
                                               " -c cilium-agent --since 10m")});
    }
  }
  const std::string self = Text(status, "cluster.self");
  // With a cluster name of its own a node is called CLUSTER/NODE.
  if (!self.empty() && self.substr(self.rfind('/') + 1) != place.node) {
    problems.push_back({.expected = absl::StrCat("the agent on ", place.node, " calls its node so"),
                        .found = absl::StrCat("it calls it ", self),
                        .next = place.Exec("cilium-dbg node list")});
  }
  size_t failing = 0;
  for (const Json& controller : Array(status, "controllers")) {
    const int64_t failures = Number(controller, "status.consecutive-failure-count").value_or(0);
    if (failures == 0 || ++failing > kShown) continue;
    problems.push_back({.expected = absl::StrCat("no failing controller in the agent on ", place.node),
                        .found = absl::StrCat(Text(controller, "name"), " has failed ", failures,
                                              " times in a row: ", Text(controller, "status.last-failure-msg")),
                        .next = place.Exec("cilium-dbg status --all-controllers")});
  }
  if (failing > kShown) {
    problems.push_back({.expected = absl::StrCat("no failing controller in the agent on ", place.node),
                        .found = absl::StrCat(failing - kShown, " more controllers fail"),
                        .next = place.Exec("cilium-dbg status --all-controllers")});
  }
  return problems;
}

std::vector<Problem> JudgeEndpoints(const Json& endpoints, const AgentPlace& place) {
  const std::string expected = absl::StrCat("every endpoint on ", place.node, " ready");
  if (!endpoints.is_array()) {
    return {{.expected = expected,
             .found = "`cilium-dbg endpoint list` gives no list",
             .next = place.Exec("cilium-dbg endpoint list")}};
  }
  std::vector<Problem> problems;
  size_t stuck = 0;
  for (const Json& endpoint : endpoints) {
    const std::string state = Text(endpoint, "status.state");
    if (state == "ready" || ++stuck > kShown) continue;
    const int64_t id = Number(endpoint, "id").value_or(0);
    std::string why;
    const Json& log = Array(endpoint, "status.log");
    if (!log.empty()) why = Text(log.front(), "message");
    problems.push_back({.expected = expected,
                        .found = absl::StrCat("endpoint ", id, " ", PodOf(endpoint), " is ",
                                              state.empty() ? "in no state" : state, why.empty() ? "" : ": ", why),
                        .next = place.Exec(absl::StrCat("cilium-dbg endpoint log ", id))});
  }
  if (stuck > kShown) {
    problems.push_back({.expected = expected,
                        .found = absl::StrCat(stuck - kShown, " more endpoints are not ready"),
                        .next = place.Exec("cilium-dbg endpoint list")});
  }
  return problems;
}

}  // namespace tales::cilium
