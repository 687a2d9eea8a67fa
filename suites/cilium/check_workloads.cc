// The workloads: agent and Envoy on every node, the operator, Hubble as declared; rolled out, and not restarting. What
// Helm reports as deployed need not have been rolled out since.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "harness/check/spec.h"
#include "suites/cilium/agents.h"
#include "suites/cilium/checks.h"
#include "suites/cilium/settings.h"
#include "suites/cilium/workloads.h"

namespace tales::cilium {
namespace {

Outcome Look(CheckContext& context) {
  Facts& facts = context.facts();
  const std::string home = NamespaceOf(context.definition());
  const std::string next = absl::StrCat("kubectl -n ", home, " get daemonsets,deployments,pods");
  const absl::StatusOr<std::vector<Json>> sets = facts.Objects(kube::kDaemonSets);
  if (!sets.ok()) return Outcome::CannotLook(sets.status(), next);
  const absl::StatusOr<std::vector<Json>> deployments = facts.Objects(kube::kDeployments);
  if (!deployments.ok()) return Outcome::CannotLook(deployments.status(), next);
  const absl::StatusOr<std::vector<Json>> pods = facts.Objects(kube::kPods);
  if (!pods.ok()) return Outcome::CannotLook(pods.status(), next);
  const absl::StatusOr<std::vector<Json>> nodes = facts.Objects(kube::kNodes);
  if (!nodes.ok()) return Outcome::CannotLook(nodes.status(), next);
  const absl::StatusOr<Settings> config = LiveSettings(context);  // without it only what is declared counts

  std::vector<Problem> problems;
  std::vector<std::string> seen;
  for (const Wanted& wanted : WantedWorkloads(*context.definition().cilium, config.ok() ? *config : Settings{})) {
    const Json* found = nullptr;
    for (const Json& workload : wanted.kind == "DaemonSet" ? *sets : *deployments) {
      if (Text(workload, "metadata.namespace") == home && Text(workload, "metadata.name") == wanted.name)
        found = &workload;
    }
    if (std::optional<Problem> problem = JudgePresence(wanted, found != nullptr, home))
      problems.push_back(*std::move(problem));
    if (found == nullptr) continue;
    seen.push_back(wanted.name);
    for (Problem& problem : JudgeRollout(wanted.kind, *found, static_cast<int64_t>(nodes->size())))
      problems.push_back(std::move(problem));
  }
  for (Problem& problem : JudgeRestarts(*pods, home, absl::Now())) problems.push_back(std::move(problem));
  return Outcome::FromProblems(std::move(problems),
                               absl::StrCat(absl::StrJoin(seen, ", "), " rolled out, no restarts"));
}

}  // namespace

Check WorkloadsCheck() {
  return {.id = "cilium.workloads",
          .question = "Are Cilium's workloads those that are declared, rolled out, and do they stay up?",
          .needs = {&kNeedsCilium, &kNeedsKubernetes},
          .after = {"health.kubernetes_api"},
          .explained_by = {"health.services"},  // a node without its kubelet has no pod that is ready
          .faults = {"lab:cilium-daemonset-stale", "lab:cilium-envoy-missing", "lab:cilium-operator-down",
                     "lab:cilium-agent-restarted"},
          .look = Look};
}

}  // namespace tales::cilium
