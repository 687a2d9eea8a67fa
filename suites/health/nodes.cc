// Kubernetes' own view of the nodes: exactly the declared ones, ready, schedulable, tainted as declared.
#include "suites/health/nodes.h"

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/check/spec.h"
#include "suites/health/checks.h"
#include "suites/shared/commands.h"
#include "suites/shared/node_trouble.h"

namespace tales::health {

absl::StatusOr<std::vector<NodePair>> PairNodes(CheckContext& context) {
  absl::StatusOr<std::vector<kube::Json>> objects = context.facts().Objects(kube::kNodes);
  if (!objects.ok()) return objects.status();
  std::vector<NodePair> pairs;
  for (const NodeDefinition& node : context.definition().nodes) pairs.push_back({&node, nullptr});
  for (kube::Json& object : *objects) {
    const std::vector<std::string> addresses = NodeAddresses(object);
    const auto pair = std::find_if(pairs.begin(), pairs.end(), [&](const NodePair& p) {
      return p.declared != nullptr && p.object.is_null() &&
             std::find(addresses.begin(), addresses.end(), p.declared->address) != addresses.end();
    });
    if (pair == pairs.end()) {
      pairs.push_back({nullptr, std::move(object)});
    } else {
      pair->object = std::move(object);
    }
  }
  return pairs;
}

namespace {

constexpr std::string_view kGetNodes = "`kubectl get nodes -o wide`";

Outcome LookMatch(CheckContext& context) {
  const absl::StatusOr<std::vector<NodePair>> pairs = PairNodes(context);
  if (!pairs.ok()) return Outcome::CannotLook(pairs.status(), std::string(kGetNodes));
  std::vector<Problem> problems;
  size_t matched = 0;
  for (const NodePair& pair : *pairs) {
    if (pair.object.is_null()) {
      problems.push_back(
          {.expected = absl::StrCat("a Kubernetes node ", pair.declared->name, " at ", pair.declared->address),
           .found = "no node has that address",
           .next = absl::StrCat(Talosctl(*pair.declared, "logs kubelet"), "; has it registered?")});
    } else if (pair.declared == nullptr) {
      const std::string name = Text(pair.object, "metadata.name");
      problems.push_back(
          {.expected = "no node but the declared ones",
           .found = absl::StrCat("node ", name, " at ", absl::StrJoin(NodeAddresses(pair.object), ", ")),
           .next = absl::StrCat("declare it, or, if that machine is gone: `kubectl delete node ", name, "`")});
    } else {
      ++matched;
    }
  }
  if (pairs->empty()) {
    problems.push_back(
        {.expected = "at least one node", .found = "Kubernetes knows none", .next = std::string(kGetNodes)});
  }
  return Outcome::FromProblems(std::move(problems), absl::StrCat(matched, " nodes, all declared"));
}

Outcome LookReady(CheckContext& context) {
  const absl::StatusOr<std::vector<NodePair>> pairs = PairNodes(context);
  if (!pairs.ok()) return Outcome::CannotLook(pairs.status(), std::string(kGetNodes));
  std::vector<Problem> problems;
  size_t ready = 0;
  for (const NodePair& pair : *pairs) {
    if (pair.object.is_null() || pair.declared == nullptr) continue;  // health.nodes_match tells of these
    const std::string status = ConditionStatus(pair.object, "Ready");
    if (status == "True") {
      ++ready;
      continue;
    }
    problems.push_back({.expected = absl::StrCat("node ", pair.declared->name, " Ready"),
                        .found = status.empty() ? "it has no Ready condition"
                                                : absl::StrCat("Ready is ", status, ": ", WhyNotReady(pair.object)),
                        .next = absl::StrCat("`kubectl describe node ", Text(pair.object, "metadata.name"), "`; ",
                                             Talosctl(*pair.declared, "logs kubelet"))});
  }
  if (ready == 0 && problems.empty()) {
    problems.push_back(
        {.expected = "at least one node Ready", .found = "there is none", .next = std::string(kGetNodes)});
  }
  return Outcome::FromProblems(std::move(problems), absl::StrCat(ready, " nodes Ready"));
}

// "key=value:Effect", as cluster files and kubectl write it.
std::string TaintText(const kube::Json& taint) {
  const std::string value = Text(taint, "value");
  return absl::StrCat(Text(taint, "key"), value.empty() ? "" : "=", value, ":", Text(taint, "effect"));
}

// Taints that Kubernetes sets and removes by itself tell of a state that other checks judge.
bool IsLifecycleTaint(std::string_view taint) { return absl::StartsWith(taint, "node.kubernetes.io/"); }

void JudgeScheduling(const NodeDefinition& declared, const kube::Json& object, std::vector<Problem>& problems) {
  const std::string name = Text(object, "metadata.name");
  for (const std::string& pressure : NodePressures(object)) {
    problems.push_back(
        {.expected = absl::StrCat("node ", declared.name, " takes pods"),
         .found = absl::StrCat("node ", declared.name, " has ", pressure, "; its kubelet refuses pods, and ends some"),
         .next = absl::StrCat("`kubectl describe node ", name, "`; then make room on it")});
  }
  if (object.contains("spec") && object["spec"].value("unschedulable", false)) {
    problems.push_back({.expected = absl::StrCat("node ", declared.name, " takes pods"),
                        .found = "it is cordoned (SchedulingDisabled)",
                        .next = absl::StrCat("`kubectl uncordon ", name, "`")});
  }
  std::set<std::string> actual;
  for (const kube::Json& taint : Array(object, "spec.taints")) actual.insert(TaintText(taint));
  const std::set<std::string> wanted(declared.taints.begin(), declared.taints.end());
  for (const std::string& taint : wanted) {
    if (actual.count(taint) > 0) continue;
    problems.push_back({.expected = absl::StrCat("taint ", taint, " on node ", declared.name),
                        .found = actual.empty() ? "no taint" : absl::StrCat("taints ", absl::StrJoin(actual, ", ")),
                        .next = absl::StrCat("`kubectl taint node ", name, " ", taint, "`")});
  }
  for (const std::string& taint : actual) {
    if (wanted.count(taint) > 0 || IsLifecycleTaint(taint)) continue;
    problems.push_back({.expected = absl::StrCat("no taint on node ", declared.name, " but the declared ones"),
                        .found = absl::StrCat("taint ", taint),
                        .next = absl::StrCat("declare it, or `kubectl taint node ", name, " ", taint, "-`")});
  }
}

Outcome LookSchedulable(CheckContext& context) {
  const absl::StatusOr<std::vector<NodePair>> pairs = PairNodes(context);
  if (!pairs.ok()) return Outcome::CannotLook(pairs.status(), std::string(kGetNodes));
  std::vector<Problem> problems;
  size_t judged = 0;
  for (const NodePair& pair : *pairs) {
    if (pair.object.is_null() || pair.declared == nullptr) continue;
    ++judged;
    JudgeScheduling(*pair.declared, pair.object, problems);
  }
  if (judged == 0) {
    problems.push_back({.expected = "at least one node", .found = "there is none", .next = std::string(kGetNodes)});
  }
  return Outcome::FromProblems(std::move(problems), absl::StrCat(judged, " nodes take pods as declared"));
}

}  // namespace

Check NodesMatch() {
  return {.id = "health.nodes_match",
          .question = "Are Kubernetes' nodes exactly the declared ones, by address?",
          .needs = {&kNeedsKubernetes, &kNeedsDeclaredNodes},
          .after = {"health.kubernetes_api"},
          .faults = {"lab:foreign-node", "lab:node-object-missing"},
          .look = LookMatch};
}

Check NodesReady() {
  return {.id = "health.nodes_ready",
          .question = "Is every node Ready?",
          .needs = {&kNeedsKubernetes, &kNeedsDeclaredNodes},
          .after = {"health.kubernetes_api", "health.talos_api", "health.services"},
          .faults = {"lab:node-not-ready"},
          .look = LookReady};
}

Check NodesSchedulable() {
  return {.id = "health.nodes_schedulable",
          .question = "Does every node take pods, with exactly the declared taints?",
          .needs = {&kNeedsKubernetes, &kNeedsDeclaredNodes},
          .after = {"health.kubernetes_api"},
          .faults = {"lab:node-cordoned", "lab:taint-removed", "lab:node-disk-pressure", "local:disk-full"},
          .look = LookSchedulable};
}

}  // namespace tales::health
