#include "suites/known_issues/agents.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "harness/base/semantic_version.h"
#include "harness/base/status.h"
#include "harness/check/ledger_facts.h"
#include "harness/check/spec.h"

namespace tales::known_issues {
namespace {

using kube::Json;

constexpr char kContainer[] = "cilium-agent";
constexpr absl::Duration kLogDeadline = absl::Seconds(50);  // of one log
constexpr absl::Duration kExecDeadline = absl::Seconds(10);

bool IsAgent(const Json& pod) {
  if (Label(pod, "k8s-app") != "cilium") return false;
  const Json& containers = Array(pod, "spec.containers");
  return std::any_of(containers.begin(), containers.end(), [](const Json& c) { return Text(c, "name") == kContainer; });
}

absl::StatusOr<AgentLog> ReadLog(CheckContext& context, const Agent& agent, bool previous) {
  AgentLogReader reader;
  TALES_RETURN_IF_ERROR(context.cluster().kube()->Logs(
      agent.cilium_namespace, agent.pod, {.container = kContainer, .previous = previous},
      [&](std::string_view chunk) {
        reader.Feed(chunk);
        return true;
      },
      context.deadline().AtMost(kLogDeadline)));
  return reader.Finish();
}

absl::StatusOr<Agent> Read(CheckContext& context, const Json& pod) {
  Agent agent{.cilium_namespace = Text(pod, "metadata.namespace"), .pod = Text(pod, "metadata.name")};
  for (const Json& container : Array(pod, "spec.containers")) {
    if (Text(container, "name") != kContainer) continue;
    const std::string tag = ImageTag(Text(container, "image"));
    agent.version = std::string(absl::StripPrefix(tag, "v"));
  }
  for (const Json& status : Array(pod, "status.containerStatuses")) {
    if (Text(status, "name") == kContainer) agent.restarted = Number(status, "restartCount").value_or(0) > 0;
  }
  TALES_ASSIGN_OR_RETURN(
      const Json config, context.facts().Once<Json>(absl::StrCat("cilium-config/", agent.cilium_namespace), [&] {
        return context.cluster().kube()->Get(kube::kConfigMaps, agent.cilium_namespace, "cilium-config",
                                             context.deadline().AtMost(Facts::kCallDeadline));
      }));
  if (config.is_object() && config.contains("data") && config["data"].is_object()) {
    for (const auto& [key, value] : config["data"].items()) {
      if (value.is_string()) agent.config[key] = value.get<std::string>();
    }
  }
  TALES_ASSIGN_OR_RETURN(agent.log, ReadLog(context, agent, /*previous=*/false));
  if (agent.restarted) {
    // The container before may have been removed meanwhile; without its log there is less to tell, no more.
    absl::StatusOr<AgentLog> previous = ReadLog(context, agent, /*previous=*/true);
    if (previous.ok()) agent.previous = *std::move(previous);
  }
  if (!ParseSemanticVersion(agent.version).has_value()) agent.version = agent.log.version;
  return agent;
}

absl::StatusOr<std::string> Exec(CheckContext& context, const Agent& agent, const std::vector<std::string>& command) {
  const absl::StatusOr<kube::ExecResult> result = context.cluster().kube()->Exec(
      agent.cilium_namespace, agent.pod, kContainer, command, context.deadline().AtMost(kExecDeadline));
  if (!result.ok()) return result.status();
  if (result->exit_code != 0) {
    return absl::UnavailableError(absl::StrCat(agent.ExecCommand(), " ", absl::StrJoin(command, " "), " exits with ",
                                               result->exit_code, ": ", result->error_output.substr(0, 200)));
  }
  return result->output;
}

}  // namespace

bool Agent::Set(const std::string& option) const {
  const auto found = config.find(option);
  return found != config.end() && found->second == "true";
}

std::string Agent::LogCommand() const {
  return absl::StrCat("kubectl -n ", cilium_namespace, " logs ", pod, " -c ", kContainer);
}

std::string Agent::ExecCommand() const {
  return absl::StrCat("kubectl -n ", cilium_namespace, " exec ", pod, " -c ", kContainer, " --");
}

std::variant<Agent, Outcome> ReadAgent(CheckContext& context) {
  const std::string& node = context.node().name;
  const std::string next =
      absl::StrCat("kubectl get pods -A -l k8s-app=cilium -o wide --field-selector spec.nodeName=", node);
  const absl::StatusOr<std::vector<Json>> pods = context.facts().Objects(kube::kPods);
  if (!pods.ok()) return Outcome::CannotLook(pods.status(), next);
  bool anywhere = false;
  const Json* mine = nullptr;
  for (const Json& pod : *pods) {
    if (!IsAgent(pod)) continue;
    anywhere = true;
    // While one is replaced there are two; the one that does not run has no log yet.
    if (Text(pod, "spec.nodeName") != node) continue;
    if (mine == nullptr || Text(pod, "status.phase") == "Running") mine = &pod;
  }
  if (!anywhere) return Outcome::Unsupported("Cilium", "no pod that is labelled k8s-app=cilium");
  if (mine == nullptr) return Outcome::Inconclusive(absl::StrCat("no Cilium agent runs on ", node));
  absl::StatusOr<Agent> agent =
      context.facts().Once<Agent>(absl::StrCat("cilium-agent@", node), [&] { return Read(context, *mine); });
  if (!agent.ok()) return Outcome::CannotLook(agent.status(), next);
  return *std::move(agent);
}

absl::StatusOr<std::map<std::string, int64_t>> ParseTsoLimits(const std::string& text) {
  const Json links = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!links.is_array()) return absl::InvalidArgumentError("`ip -d -j link show` does not answer with a list");
  std::map<std::string, int64_t> limits;
  for (const Json& link : links) {
    const std::optional<int64_t> limit = Number(link, "tso_max_size");
    if (limit.has_value()) limits[Text(link, "ifname")] = *limit;
  }
  if (limits.empty()) return absl::InvalidArgumentError("`ip -d -j link show` tells of no tso_max_size");
  return limits;
}

absl::StatusOr<int64_t> ParseMaxGso(const std::string& text) {
  const Json status = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  const std::optional<int64_t> four = Number(status, "ipv4-big-tcp.maxGSO"),
                               six = Number(status, "ipv6-big-tcp.maxGSO");
  if (!four.has_value() && !six.has_value()) {
    return absl::InvalidArgumentError("`cilium-dbg status -o json` tells of no maxGSO");
  }
  return std::max(four.value_or(0), six.value_or(0));
}

absl::StatusOr<std::map<std::string, int64_t>> ReadTsoLimits(CheckContext& context, const Agent& agent) {
  TALES_ASSIGN_OR_RETURN(const std::string text, Exec(context, agent, {"ip", "-d", "-j", "link", "show"}));
  return ParseTsoLimits(text);
}

absl::StatusOr<int64_t> ReadMaxGso(CheckContext& context, const Agent& agent) {
  TALES_ASSIGN_OR_RETURN(const std::string text, Exec(context, agent, {"cilium-dbg", "status", "-o", "json"}));
  return ParseMaxGso(text);
}

}  // namespace tales::known_issues
