#include "suites/cilium/agents.h"

#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/base/parallel.h"
#include "harness/base/status.h"
#include "harness/check/spec.h"
#include "harness/kube/json_text.h"

namespace tales::cilium {
namespace {

constexpr size_t kParallel = 16;                             // agents asked at once
constexpr absl::Duration kExecDeadline = absl::Seconds(20);  // probing a node that does not answer takes the agent 10 s
constexpr size_t kQuoted = 300;                              // of what a command wrote on standard error

using Answers = std::map<std::string, absl::StatusOr<AgentAnswer>>;

std::optional<std::string> NoCilium(const Cluster& cluster) {
  if (cluster.definition().cilium) return std::nullopt;
  return cluster.definition().discovered ? "a cluster without a DaemonSet cilium" : "a cluster file without cilium";
}

// 1.15 renamed cilium to cilium-dbg and kept the old name; before it there is only the old one.
bool IsUnknownProgram(const absl::Status& status) {
  return absl::StrContains(status.message(), "executable file not found") ||
         absl::StrContains(status.message(), "no such file or directory");
}

absl::StatusOr<AgentAnswer> Ask(kube::Client& kube, AgentPlace place, std::vector<std::string> command) {
  const auto exec = [&] {
    return kube.Exec(place.cilium_namespace, place.pod, "cilium-agent", command, Deadline::After(kExecDeadline));
  };
  absl::StatusOr<kube::ExecResult> done = exec();
  if (!done.ok() && command[0] == "cilium-dbg" && IsUnknownProgram(done.status())) {
    command[0] = "cilium";
    done = exec();
  }
  if (!done.ok()) return done.status();
  absl::StatusOr<Json> json = kube::ParseJson(done->output);
  if (json.ok() && !json->is_null()) return AgentAnswer{std::move(place), *std::move(json)};
  const std::string what = absl::StrCat("`", absl::StrJoin(command, " "), "` in ", place.pod);
  if (done->exit_code != 0) {
    return absl::DataLossError(
        absl::StrCat(what, " ended with ", done->exit_code, ": ", done->error_output.substr(0, kQuoted)));
  }
  return json.ok() ? absl::DataLossError(absl::StrCat(what, " answered null")) : Annotate(json.status(), what);
}

absl::StatusOr<AgentAnswer> Answer(CheckContext& context, const NodeDefinition& node,
                                   const std::vector<std::string>& command) {
  Facts& facts = context.facts();
  const absl::StatusOr<Answers> all =
      facts.Once<Answers>(absl::StrCat("cilium/", absl::StrJoin(command, " ")), [&]() -> absl::StatusOr<Answers> {
        TALES_ASSIGN_OR_RETURN(const std::vector<Json> pods, facts.Objects(kube::kPods));
        const std::vector<NodeDefinition>& nodes = context.definition().nodes;
        const std::string home = NamespaceOf(context.definition());
        std::vector<absl::StatusOr<AgentAnswer>> answers(nodes.size(), absl::UnknownError(""));
        ForEachInParallel(nodes.size(), kParallel, [&](size_t i) {
          absl::StatusOr<AgentPlace> place = FindAgent(pods, home, nodes[i].name);
          answers[i] = place.ok() ? Ask(*context.cluster().kube(), *std::move(place), command) : place.status();
        });
        Answers by_node;
        for (size_t i = 0; i < nodes.size(); ++i) by_node.emplace(nodes[i].name, std::move(answers[i]));
        return by_node;
      });
  if (!all.ok()) return all.status();
  const auto found = all->find(node.name);
  return found != all->end() ? found->second : absl::NotFoundError(absl::StrCat(node.name, " is not declared"));
}

}  // namespace

const Requirement kNeedsCilium{"declared:cilium", "Cilium", NoCilium};

std::string NamespaceOf(const ClusterDefinition& definition) {
  return definition.cilium.value_or(CiliumDefinition()).cilium_namespace;
}

std::string ReleaseOf(const ClusterDefinition& definition) {
  return definition.cilium.value_or(CiliumDefinition()).release;
}

std::string AgentPlace::Exec(std::string_view command) const {
  return absl::StrCat("kubectl -n ", cilium_namespace, " exec ", pod, " -c cilium-agent -- ", command);
}

absl::StatusOr<AgentPlace> FindAgent(const std::vector<Json>& pods, const std::string& cilium_namespace,
                                     const std::string& node) {
  std::string not_running;
  for (const Json& pod : pods) {
    if (Text(pod, "metadata.namespace") != cilium_namespace || Label(pod, "k8s-app") != "cilium" ||
        Text(pod, "spec.nodeName") != node)
      continue;
    const std::string name = Text(pod, "metadata.name"), phase = Text(pod, "status.phase");
    for (const Json& status : Array(pod, "status.containerStatuses")) {
      if (Text(status, "name") != "cilium-agent") continue;
      const std::string waiting = Text(status, "state.waiting.reason");
      if (phase == "Running" && waiting.empty()) return AgentPlace{node, cilium_namespace, name};
      not_running = absl::StrCat("pod ", name, " on ", node, " does not run: ", waiting.empty() ? phase : waiting);
    }
    if (not_running.empty()) not_running = absl::StrCat("pod ", name, " on ", node, " does not run: ", phase);
  }
  if (!not_running.empty()) return absl::FailedPreconditionError(not_running);
  return absl::NotFoundError(
      absl::StrCat("no Cilium agent on ", node, ": namespace ", cilium_namespace, " has no pod k8s-app=cilium there"));
}

absl::StatusOr<AgentAnswer> AgentStatus(CheckContext& context, const NodeDefinition& node) {
  return Answer(context, node, {"cilium-dbg", "status", "-o", "json"});
}
absl::StatusOr<AgentAnswer> AgentEndpoints(CheckContext& context, const NodeDefinition& node) {
  return Answer(context, node, {"cilium-dbg", "endpoint", "list", "-o", "json"});
}
absl::StatusOr<AgentAnswer> AgentHealth(CheckContext& context, const NodeDefinition& node) {
  return Answer(context, node, {"cilium-health", "status", "--probe", "-o", "json"});
}

Outcome CannotAsk(CheckContext& context, const absl::Status& status, std::string_view node) {
  const std::string next = absl::StrCat("kubectl -n ", NamespaceOf(context.definition()),
                                        " get pods -l k8s-app=cilium -o wide --field-selector spec.nodeName=", node);
  if (status.code() == absl::StatusCode::kNotFound || status.code() == absl::StatusCode::kFailedPrecondition) {
    return Outcome::Failed({.expected = absl::StrCat("a Cilium agent that runs on ", node),
                            .found = std::string(status.message()),
                            .next = next});
  }
  return Outcome::CannotLook(status, next);
}

}  // namespace tales::cilium
