#include "suites/shared/cluster_changes.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/check/spec.h"
#include "suites/shared/node_trouble.h"

namespace tales {
namespace {

using kube::Json;

constexpr char kContainer[] = "cilium-agent";

std::string HowItEnded(const Json& terminated) {
  const std::string reason = Text(terminated, "reason");
  return absl::StrCat("exit code ", Number(terminated, "exitCode").value_or(-1),
                      reason.empty() ? "" : absl::StrCat(", ", reason));
}

const Json& Member(const Json& object, const char* a, const char* b) {
  static const Json none = Json::object();
  const auto outer = object.find(a);
  if (outer == object.end() || !outer->is_object()) return none;
  const auto inner = outer->find(b);
  return inner == outer->end() || !inner->is_object() ? none : *inner;
}

}  // namespace

ClusterChanges::Agent ClusterChanges::Read(const Json& pod) {
  Agent agent{.pod = Text(pod, "metadata.name"), .uid = Text(pod, "metadata.uid"), .since = "", .trouble = ""};
  for (const Json& status : Array(pod, "status.containerStatuses")) {
    if (!status.is_object() || Text(status, "name") != kContainer) continue;
    agent.restarts = Number(status, "restartCount").value_or(0);
    agent.since = Text(status, "state.running.startedAt");
    const Json& ended = Member(status, "state", "terminated");
    const Json& before = Member(status, "lastState", "terminated");
    if (!agent.since.empty()) {
      if (!before.empty()) agent.trouble = HowItEnded(before);
    } else if (!ended.empty()) {
      agent.trouble = HowItEnded(ended);
    } else {
      agent.trouble = Text(status, "state.waiting.reason");
    }
  }
  return agent;
}

std::string ClusterChanges::Difference(const std::string& node, const Agent& was, const Agent& is) {
  const std::string who = absl::StrCat("the Cilium agent on ", node);
  if (was.uid != is.uid) return absl::StrCat(who, " was replaced: pod ", was.pod, " by ", is.pod);
  if (is.since.empty() && !was.since.empty()) {
    return absl::StrCat(who, " does not run any more", is.trouble.empty() ? "" : absl::StrCat(" (", is.trouble, ")"));
  }
  if (is.restarts == was.restarts && (is.since == was.since || was.since.empty())) return "";
  return absl::StrCat(who, " was started anew: restart count ", was.restarts, " -> ", is.restarts, ", running since ",
                      is.since, was.since.empty() ? "" : absl::StrCat(", before that since ", was.since),
                      is.trouble.empty() ? "" : absl::StrCat("; it had ended with ", is.trouble));
}

void ClusterChanges::See(const std::vector<Json>& nodes, const std::vector<Json>& agents, absl::Duration at) {
  if (silent_since_.has_value()) longest_silence_ = std::max(longest_silence_, at - *silent_since_);
  silent_since_.reset();
  std::set<std::string> there;
  not_ready_now_.clear();
  const auto not_ready = [this](const std::string& name, std::string why) {
    not_ready_now_.insert(name);
    not_ready_[name] = std::move(why);
  };
  for (const Json& node : nodes) {
    const std::string name = Text(node, "metadata.name"), trouble = NodeTrouble(node);
    there.insert(name);
    if (ConditionStatus(node, "Ready") != "True") {
      not_ready(name, trouble);
    } else if (!trouble.empty()) {
      pressed_[name] = trouble;
    }
  }
  if (!begun_) nodes_ = there;
  for (const std::string& name : nodes_) {
    if (!there.contains(name)) not_ready(name, absl::StrCat("node ", name, " is gone"));
  }
  std::map<std::string, Agent> now_running;
  for (const Json& pod : agents) {
    const std::string node = Text(pod, "spec.nodeName");
    Agent agent = Read(pod);
    // Where one goes and its successor is there already, the successor.
    const bool leaving = !Text(pod, "metadata.deletionTimestamp").empty();
    if (!node.empty() && (!leaving || !now_running.contains(node))) now_running[node] = std::move(agent);
  }
  if (!begun_) first_ = now_running;
  begun_ = true;
  for (const auto& [node, was] : first_) {
    const auto is = now_running.find(node);
    const std::string difference = is == now_running.end() ? absl::StrCat("the Cilium agent on ", node, " is gone")
                                                           : Difference(node, was, is->second);
    if (!difference.empty()) restarts_[node] = difference;
  }
}

void ClusterChanges::SeeNothing(absl::Duration at) {
  if (!silent_since_.has_value()) silent_since_ = at;
  longest_silence_ = std::max(longest_silence_, at - *silent_since_);
}

std::string ClusterChanges::NotReadyNow(const std::string& node) const {
  return not_ready_now_.contains(node) ? not_ready_.at(node) : "";
}

std::string ClusterChanges::Note() const {
  std::vector<std::string> all;
  for (const auto* of : {&not_ready_, &restarts_}) {
    for (const auto& [node, what] : *of) all.push_back(what);
  }
  for (const auto& [node, what] : pressed_) {
    if (!not_ready_.contains(node)) all.push_back(what);
  }
  if (longest_silence_ > absl::Seconds(5)) {
    all.push_back(absl::StrCat("the Kubernetes API did not answer for ",
                               absl::FormatDuration(absl::Trunc(longest_silence_, absl::Seconds(1)))));
  }
  return all.empty() ? "" : absl::StrCat("while it ran: ", absl::StrJoin(all, "; "));
}

}  // namespace tales
