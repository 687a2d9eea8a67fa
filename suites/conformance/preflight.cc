#include "suites/conformance/preflight.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/base/status.h"
#include "harness/check/builtin_issues.h"
#include "harness/check/ledger_facts.h"
#include "harness/check/spec.h"
#include "suites/conformance/pod_objects.h"
#include "suites/conformance/required_tests.h"
#include "suites/imports/foreign_results.h"
#include "suites/shared/node_trouble.h"

namespace tales::conformance {
namespace {

using kube::Json;

bool IsReady(const Json& node) { return ConditionStatus(node, "Ready") == "True"; }

bool TakesOrdinaryPods(const Json& node) { return IsReady(node) && WhyUnschedulable(node).empty(); }

std::string Name(const Json& object) { return Text(object, "metadata.name"); }

void JudgeVersions(const PreflightFacts& facts, std::vector<Problem>& problems) {
  for (const Json& node : facts.nodes) {
    const std::string kubelet = Text(node, "status.nodeInfo.kubeletVersion");
    if (kubelet.empty() || ReleaseOf(kubelet) == ReleaseOf(facts.server_version)) continue;
    problems.push_back({.expected = absl::StrCat("kubelet of ", Name(node), " is of the API server's release, ",
                                                 ReleaseOf(facts.server_version)),
                        .found = absl::StrCat(Name(node), " runs ", kubelet),
                        .next = "finish the upgrade of the node first: results of two releases are of neither"});
  }
}

bool HasController(const Json& pod) {
  const Json& owners = Array(pod, "metadata.ownerReferences");
  return std::any_of(owners.begin(), owners.end(), [](const Json& owner) {
    return owner.is_object() && owner.value("/controller"_json_pointer, Json()) == true;
  });
}

// The suite's set-up waits for each of these, and fails all tests at once where one never comes. One that failed, as an
// evicted one has, is passed by where a controller made it: that makes another. Source: test/e2e/framework/pod/wait.go
// of v1.32.
void JudgeSystemPods(const PreflightFacts& facts, std::vector<Problem>& problems) {
  for (const Json& pod : facts.pods) {
    if (Text(pod, "metadata.namespace") != "kube-system") continue;
    const std::string phase = Text(pod, "status.phase");
    if (phase == "Succeeded" || (phase == "Running" && ConditionStatus(pod, "Ready") == "True")) continue;
    if (phase == "Failed" && HasController(pod)) continue;
    problems.push_back(
        {.expected = absl::StrCat("pod kube-system/", Name(pod), " is running and ready"),
         .found = absl::StrCat("pod kube-system/", Name(pod), " is ", phase.empty() ? "in no phase" : phase,
                               phase == "Running" ? " and not ready" : ""),
         .next = absl::StrCat("kubectl -n kube-system describe pod ", Name(pod))});
  }
}

// The suite's set-up waits half an hour for each node, then fails all tests at once. One that is cordoned is passed by,
// as is the taint of control planes. Source: test/e2e/framework/node/wait.go of v1.32, --non-blocking-taints.
void JudgeNodes(const PreflightFacts& facts, std::vector<Problem>& problems) {
  for (const Json& node : facts.nodes) {
    if (WhyUnschedulable(node) == "is cordoned") continue;
    if (!IsReady(node)) {
      const std::string why = ConditionMessage(node, "Ready");
      problems.push_back({.expected = absl::StrCat("node ", Name(node), " is ready, or cordoned"),
                          .found = absl::StrCat("node ", Name(node), " is not ready", why.empty() ? "" : ": ", why),
                          .next = absl::StrCat("kubectl describe node ", Name(node))});
    }
    for (const std::string& pressure : NodePressures(node)) {
      problems.push_back({.expected = absl::StrCat("node ", Name(node), " has room for pods, or is cordoned"),
                          .found = absl::StrCat("node ", Name(node), " has ", pressure),
                          .next = absl::StrCat("kubectl describe node ", Name(node), "; make room on it")});
    }
    for (const Json& taint : Array(node, "spec.taints")) {
      const std::string key = Text(taint, "key"), effect = Text(taint, "effect");
      if (key == "node-role.kubernetes.io/control-plane" || effect == "PreferNoSchedule") continue;
      if (key.starts_with("node.kubernetes.io/")) continue;  // Kubernetes' own word for what is told above
      problems.push_back({.expected = absl::StrCat("node ", Name(node), " has no taint but that of control planes"),
                          .found = absl::StrCat("node ", Name(node), " has the taint ", key, ":", effect),
                          .next = absl::StrCat("kubectl taint node ", Name(node), " ", key, ":", effect, "-")});
    }
  }
}

// How many nodes have the image already; a node tells of its fifty largest.
std::string WhereTheImageIs(const PreflightFacts& facts) {
  size_t have = 0;
  for (const Json& node : facts.nodes) {
    bool has = false;
    for (const Json& image : Array(node, "status.images")) {
      for (const Json& name : Array(image, "names")) has = has || name == facts.image;
    }
    have += has ? 1 : 0;
  }
  return absl::StrCat("; ", facts.image, " is on ", have, " of ", facts.nodes.size(), " nodes",
                      have == facts.nodes.size() ? "" : ", elsewhere it has to be pulled");
}

// In a namespace of its own, where the suite's set-up does not look.
void JudgeCilium(const PreflightFacts& facts, std::vector<Problem>& problems) {
  const auto judge = [&](const std::vector<Json>& objects, std::string_view kind, std::string_view want,
                         std::string_view have) {
    for (const Json& object : objects) {
      if (Text(object, "metadata.namespace") != facts.cilium_namespace) continue;
      const int64_t wanted = Number(object, want).value_or(0), ready = Number(object, have).value_or(0);
      if (ready >= wanted) continue;
      problems.push_back(
          {.expected =
               absl::StrCat(wanted, " pods of ", kind, " ", facts.cilium_namespace, "/", Name(object), " ready"),
           .found = absl::StrCat("of ", kind, " ", Name(object), ": ", ready),
           .next = absl::StrCat("kubectl -n ", facts.cilium_namespace, " rollout status ", kind, " ", Name(object))});
    }
  };
  judge(facts.daemonsets, "daemonset", "status.desiredNumberScheduled", "status.numberReady");
  judge(facts.deployments, "deployment", "spec.replicas", "status.readyReplicas");
}

absl::StatusOr<PreflightFacts> Read(CheckContext& c) {
  PreflightFacts facts;
  TALES_ASSIGN_OR_RETURN(const Json version, c.facts().ServerVersion());
  facts.server_version = Text(version, "gitVersion");
  TALES_ASSIGN_OR_RETURN(facts.nodes, c.facts().Objects(kube::kNodes));
  TALES_ASSIGN_OR_RETURN(facts.pods, c.facts().Objects(kube::kPods));
  facts.in_a_pod = c.inputs().conformance_runner == "cluster";
  facts.image = c.definition().workloads.images.conformance;
  if (facts.image.empty()) facts.image = DefaultTestsImage(facts.server_version);
  if (!c.definition().cilium.has_value()) return facts;
  facts.cilium_namespace = c.definition().cilium->cilium_namespace;
  TALES_ASSIGN_OR_RETURN(facts.daemonsets, c.facts().Objects(kube::kDaemonSets));
  TALES_ASSIGN_OR_RETURN(facts.deployments, c.facts().Objects(kube::kDeployments));
  return facts;
}

Outcome Look(CheckContext& c) {
  const absl::StatusOr<ModeRequest> mode = ParseMode(c.inputs().conformance);
  if (!mode.ok()) return Outcome::Unsupported("a conformance mode", std::string(mode.status().message()));
  if (!c.inputs().imports.empty()) {
    const imports::ForeignResults found = ReadForeignResults(c.inputs().imports, imports::Tool::kConformance);
    // Whether they were to be had here is past asking, with or without a cluster at hand.
    if (!found.results.empty()) return Outcome::Passed("results are imported, so nothing is run here");
  }
  if (mode->mode == Mode::kNone) {
    return Outcome::Unsupported("a run of the conformance tests",
                                "none asked for (--conformance sample, fast or full)");
  }
  if (const auto have = kNeedsKubernetes.unmet(c.cluster()); have.has_value()) {
    return Outcome::Unsupported(kNeedsKubernetes.want, *have);
  }
  const absl::StatusOr<PreflightFacts> facts = Read(c);
  if (!facts.ok()) return Outcome::CannotLook(facts.status(), "kubectl get --raw /readyz");
  const RequiredTests* required = FindRequiredTests(facts->server_version);
  const absl::StatusOr<Picked> picked = Pick(*mode, required == nullptr ? BuiltInTests() : *required);
  if (!picked.ok()) return Outcome::Unsupported("tests that can be picked", std::string(picked.status().message()));
  return JudgePreflight(*picked, *facts);
}

}  // namespace

const std::vector<std::string>& TestsThatNeedTwoNodes() {
  static const auto& tests = *new std::vector<std::string>{
      "[sig-apps] Daemon set [Serial] should rollback without unnecessary restarts [Conformance]",
      "[sig-architecture] Conformance Tests should have at least two untainted nodes [Conformance]"};
  return tests;
}

Outcome JudgePreflight(const Picked& picked, const PreflightFacts& facts) {
  std::vector<Problem> problems;
  JudgeVersions(facts, problems);
  JudgeSystemPods(facts, problems);
  if (!facts.cilium_namespace.empty()) JudgeCilium(facts, problems);
  const auto ordinary = std::count_if(facts.nodes.begin(), facts.nodes.end(), TakesOrdinaryPods);
  const bool sample = picked.mode == Mode::kSample;
  if (picked.needs_nodes && !sample) JudgeNodes(facts, problems);
  if (picked.needs_nodes && !sample && ordinary == 0) {
    problems.push_back({.expected = "at least one node that is ready, schedulable and untainted",
                        .found = absl::StrCat(facts.nodes.size(), " nodes, none of them is"),
                        .next = "kubectl get nodes -o custom-columns=NAME:.metadata.name,TAINTS:.spec.taints"});
  } else if (facts.in_a_pod && std::none_of(facts.nodes.begin(), facts.nodes.end(), IsReady)) {
    problems.push_back({.expected = "a node that is ready: the tests are to run in a pod",
                        .found = absl::StrCat(facts.nodes.size(), " nodes, none of them is ready"),
                        .next = "kubectl get nodes; or run them from here: --conformance-runner process"});
  }
  if (!problems.empty()) return Outcome::FromProblems(std::move(problems), "");
  std::vector<std::string> cannot;  // pass, and is asked for
  for (const std::string& name : TestsThatNeedTwoNodes()) {
    if (std::binary_search(picked.names.begin(), picked.names.end(), name)) cannot.push_back(name);
  }
  const std::string cannot_pass =
      absl::StrCat(ordinary, ordinary == 1 ? " node takes" : " nodes take",
                   " ordinary pods, and these tests need two: ", absl::StrJoin(TestsThatNeedTwoNodes(), "; "));
  if (ordinary < 2 && !cannot.empty()) return Outcome::Known(std::string(kOneWorkerIssue), cannot_pass);
  std::string found = absl::StrCat("Kubernetes ", facts.server_version, ", kube-system has settled");
  if (sample) absl::StrAppend(&found, "; the sample needs no node");
  if (facts.in_a_pod) absl::StrAppend(&found, WhereTheImageIs(facts));
  if (sample && ordinary == 1) {
    absl::StrAppend(&found, ". A full run could not pass here: ", cannot_pass, " (", kOneWorkerIssue, ")");
  }
  return Outcome::Passed(std::move(found));
}

Check PreflightCheck() {
  return {.id = "conformance.preflight",
          .question = "Can the conformance tests that are asked for pass here?",
          .after = {"health.kubernetes_api"},
          .faults = {"lab:coredns-not-ready"},
          .look = Look};
}

}  // namespace tales::conformance
