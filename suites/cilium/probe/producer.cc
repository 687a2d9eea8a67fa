#include "suites/cilium/probe/producer.h"

#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "harness/check/spec.h"
#include "suites/cilium/agents.h"
#include "suites/cilium/probe/campaign.h"
#include "suites/cilium/probe/deployment.h"
#include "suites/cilium/probe/scenarios.h"
#include "suites/shared/tenancy.h"
#include "suites/shared/witness.h"

namespace tales::cilium::probe {
namespace {

constexpr absl::Duration kPodsPatience = absl::Minutes(4);  // images may have to come from far
// Kubernetes takes most of a minute to see that a node is not ready, and only then its pods can be ended by force.
constexpr absl::Duration kGone = absl::Seconds(90);
constexpr absl::Duration kForCleanUp = absl::Seconds(120);  // probes under way end a little later

// A label's value.
std::string NewRunId() {
  return absl::StrCat(absl::FormatTime("%Y%m%d-%H%M%S", absl::Now(), absl::UTCTimeZone()), "-", getpid());
}

// The lab's nodes say so themselves: a lab that is adopted looks like any other cluster.
bool IsSimulated(const Cluster& cluster, const std::vector<Json>& nodes) {
  return cluster.access().simulated || std::any_of(nodes.begin(), nodes.end(), [](const Json& node) {
           return Annotation(node, "tales.lab/simulated") == "true";
         });
}

Outcome Produce(ProducerContext& context) {
  Cluster& cluster = context.cluster();
  if (cluster.kube() == nullptr) return Outcome::Unsupported("a Kubernetes API", "no kubeconfig given");
  const auto nodes = cluster.kube()->List(kube::kNodes, "", {}, context.deadline().AtMost(absl::Seconds(20)));
  if (!nodes.ok()) return Outcome::CannotLook(nodes.status(), "kubectl get nodes");
  if (IsSimulated(cluster, *nodes)) {
    return Outcome::Unsupported("pods that run", "a simulated cluster: the probes would judge the simulation");
  }
  if (nodes->empty()) return Outcome::Unsupported("at least one node", "a cluster without nodes");

  const absl::Time start = absl::Now();
  const ClusterDefinition& definition = cluster.definition();
  const std::string cilium_namespace = definition.cilium.has_value() ? NamespaceOf(definition) : "";
  Witness witness(*cluster.kube(), cilium_namespace);
  const absl::StatusOr<Tenancy> tenancy =
      Tenancy::Begin(context.folder(), start + context.deadline().remaining() + kForCleanUp);
  if (!tenancy.ok()) return Outcome::CannotLook(tenancy.status(), "where are the reports to go? --out");
  Deployment deployment(cluster, NewRunId(), tenancy->tenant(),
                        [&context](std::string_view line) { context.Progress(line); });
  const auto cannot = [&](const absl::Status& status) {
    Outcome outcome = Outcome::CannotLook(status, absl::StrCat("kubectl -n ", kNamespace, " get pods,events"));
    outcome.Note(witness.Look().Note());
    const absl::Status removed = deployment.Remove(kGone);
    if (!removed.ok()) context.Progress(std::string(removed.message()));
    return outcome;
  };
  if (const absl::Status made = deployment.MakeNamespace(context.deadline()); !made.ok()) return cannot(made);
  const absl::StatusOr<Place> place = deployment.Fill(kPodsPatience, context.deadline());
  if (!place.ok()) return cannot(place.status());
  context.Progress(
      absl::StrCat("pods run after ", absl::FormatDuration(absl::Trunc(absl::Now() - start, absl::Milliseconds(100)))));
  Campaign campaign(context, *place, witness);
  campaign.Run();
  const absl::Duration took = absl::Now() - start;
  const absl::Status removed = deployment.Remove(kGone);
  const std::string end = absl::StrCat(campaign.probes(), " probes on ", place->nodes.size(), " nodes in ",
                                       absl::FormatDuration(absl::Trunc(took, absl::Milliseconds(100))));
  std::vector<Problem> problems;
  const ClusterChanges changes = witness.Look();
  for (const auto& [node, restart] : changes.restarts()) {
    problems.push_back({.expected = "the Cilium agents run on while the probes do",
                        .found = restart,
                        .next = absl::StrCat("kubectl -n ", cilium_namespace,
                                             " get pods -l k8s-app=cilium -o wide --field-selector spec.nodeName=",
                                             node, "; then its log with --previous; then probe again")});
  }
  if (!removed.ok()) {
    problems.push_back({.expected = absl::StrCat("namespace ", kNamespace, " goes with the run"),
                        .found = std::string(removed.message()),
                        .next = absl::StrCat("kubectl get namespace ", kNamespace,
                                             " -o yaml   # its conditions say what holds it up")});
  }
  if (!problems.empty()) absl::StrAppend(&problems.back().found, " (", end, ")");
  return Outcome::FromProblems(std::move(problems), end);
}

}  // namespace

Producer ProbeProducer() {
  Producer producer{.id = "cilium.probe_run",
                    .question = "Did our own probes of pods, nodes and services run to their end?",
                    .tier = Tier::kCreate,
                    .needs = {&kNeedsKubernetes},
                    .after = {"health.kubernetes_api"},
                    .unproven = "that it does not come to its end is an error, and an error proves nothing",
                    .deadline = absl::Minutes(12),
                    .clean_up = kForCleanUp,
                    .optional = true,  // as are scenarios for what the cluster does not have
                    .alone = true,     // its namespace is privileged, and declared nowhere
                    .produce = Produce};
  for (const Scenario& scenario : Scenarios()) {
    producer.children.push_back({.id = CheckOf(scenario.id),
                                 .question = scenario.question,
                                 .faults = scenario.faults,
                                 .unproven = scenario.unproven});
  }
  return producer;
}

}  // namespace tales::cilium::probe
