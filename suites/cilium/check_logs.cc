// What Cilium's containers on a node have written since they started, as far as kubelet hands it out: warnings and
// errors, less those that the ledger knows. A log is streamed through the scanner and not kept: an agent's may have any
// size.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "harness/check/ledger_facts.h"
#include "harness/check/spec.h"
#include "suites/cilium/agent_logs.h"
#include "suites/cilium/agents.h"
#include "suites/cilium/checks.h"

namespace tales::cilium {
namespace {

constexpr char kAgent[] = "cilium-agent";

struct Log {
  std::string pod, container;
  bool previous = false;
  std::string Command(const std::string& home) const {
    return absl::StrCat("kubectl -n ", home, " logs ", pod, " -c ", container, previous ? " --previous" : "");
  }
};

// Of every container of Cilium's on the node that runs or ran; the one before, where kubelet kept it: it tells why it
// ended.
std::vector<Log> LogsOn(const std::vector<Json>& pods, const std::string& home, const std::string& node) {
  std::vector<Log> logs;
  for (const Json& pod : pods) {
    if (Text(pod, "metadata.namespace") != home || Text(pod, "spec.nodeName") != node ||
        (Label(pod, "app.kubernetes.io/part-of") != "cilium" && Label(pod, "k8s-app") != "cilium"))
      continue;
    for (const Json& status : Array(pod, "status.containerStatuses")) {
      const std::string container = Text(status, "name");
      logs.push_back({Text(pod, "metadata.name"), container});
      if (Number(status, "restartCount").value_or(0) > 0) logs.push_back({Text(pod, "metadata.name"), container, true});
    }
  }
  return logs;
}

Outcome Look(CheckContext& context) {
  const NodeDefinition& node = context.node();
  const std::string home = NamespaceOf(context.definition());
  const absl::StatusOr<std::vector<Json>> pods = context.facts().Objects(kube::kPods);
  if (!pods.ok()) return Outcome::CannotLook(pods.status(), absl::StrCat("kubectl -n ", home, " get pods"));
  const absl::StatusOr<AgentPlace> agent = FindAgent(*pods, home, node.name);
  if (!agent.ok()) return CannotAsk(context, agent.status(), node.name);
  const Ledger ledger(context.definition().known_issues, FindLedgerFacts(context.cluster(), context.facts()),
                      absl::Now());
  std::vector<Problem> problems;
  std::vector<std::string> rotated;
  std::map<std::string, uint64_t> known;
  uint64_t bytes = 0;
  size_t read = 0;
  for (const Log& log : LogsOn(*pods, home, node.name)) {
    LogReading reading(ledger);
    const absl::Status status = context.cluster().kube()->Logs(
        home, log.pod, {.container = log.container, .previous = log.previous},
        [&](std::string_view chunk) {
          reading.Feed(chunk);
          return true;
        },
        context.deadline());
    // kubelet removes ended containers when it needs their room; what they wrote is gone then.
    if (log.previous && (status.ok() ? reading.is_gone() : IsGone(status))) continue;
    if (!status.ok()) return Outcome::CannotLook(status, log.Command(home));
    if (reading.is_gone()) {
      return Outcome::CannotLook(absl::UnavailableError("kubelet has no log of a container that runs"),
                                 log.Command(home));
    }
    reading.Finish();
    ++read;
    bytes += reading.bytes();
    for (const auto& [issue, lines] : reading.known()) known[issue] += lines;
    const std::string container =
        absl::StrCat(log.container, log.previous ? " (before its restart)" : "", " on ", node.name);
    if (log.container == kAgent) {
      if (std::string what = WhatWasRotated(reading, container); !what.empty()) rotated.push_back(std::move(what));
    }
    for (Problem& problem : JudgeLog(reading, container, log.Command(home))) problems.push_back(std::move(problem));
  }
  const std::string known_text = absl::StrJoin(known, ", ", [](std::string* out, const auto& issue) {
    absl::StrAppend(out, issue.first, " (", issue.second, issue.second == 1 ? " line)" : " lines)");
  });
  return Outcome::FromProblems(std::move(problems),
                               absl::StrCat(read, " logs, ", bytes, " bytes, nothing new",
                                            known.empty() ? "" : absl::StrCat("; known: ", known_text),
                                            rotated.empty() ? "" : absl::StrCat("; ", absl::StrJoin(rotated, "; "))));
}

}  // namespace

Check LogsCheck() {
  return {.id = "cilium.logs",
          .question = "Do the logs of Cilium's containers on the node hold no trouble that the ledger does not know?",
          .instances = Instances::kNode,
          .needs = {&kNeedsCilium, &kNeedsKubernetes},
          .after = {"health.kubernetes_api", "health.talos_api"},
          .explained_by = {"health.services"},  // without a kubelet there is no way into a pod
          .faults = {"lab:cilium-log-new-error"},
          .deadline = absl::Seconds(120),
          .look = Look};
}

}  // namespace tales::cilium
