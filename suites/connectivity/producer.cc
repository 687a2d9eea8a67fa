#include "suites/connectivity/producer.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "harness/check/facts.h"
#include "harness/check/ledger_facts.h"
#include "harness/check/tool.h"
#include "suites/connectivity/cli_run.h"
#include "suites/connectivity/test_namespaces.h"
#include "suites/imports/connectivity.h"
#include "suites/shared/tenancy.h"
#include "suites/shared/witness.h"

namespace tales::connectivity {
namespace {

constexpr char kTest[] = "cilium.connectivity/";
constexpr absl::Duration kCleanUp = absl::Minutes(3);
constexpr absl::Duration kAround = absl::Minutes(10);  // what preparing, ending and taking away may take, together

// Measured against what the cluster is found to be: by the declared versions an entry might have expired, or not.
Ledger LedgerOf(Cluster& cluster) {
  Facts facts(cluster);
  return Ledger(cluster.definition().known_issues, FindLedgerFacts(cluster, facts), absl::Now());
}

Outcome Import(ProducerContext& context, const imports::ForeignResults& found) {
  const Ledger ledger = LedgerOf(context.cluster());
  imports::ConnectivityJudgement judgement =
      imports::JudgeConnectivity(found, context.cluster().definition().SchedulableNodes() == 1, &ledger);
  std::vector<std::string> checks;
  for (const imports::ConnectivityVerdict& one : judgement.tests) checks.push_back(kTest + one.test);
  context.Announce(checks);
  for (const imports::ConnectivityVerdict& one : judgement.tests) {
    context.Report(kTest + one.test, one.outcome, one.duration);
  }
  return std::move(judgement.run);
}

// What keeps a run from being made at all; nullopt: nothing.
std::optional<Outcome> Unsupported(const Cluster& cluster, const ProducerInputs& inputs) {
  if (inputs.connectivity.empty()) {
    return Outcome::Unsupported("a run of `cilium connectivity test` or the results of one",
                                "neither: say --connectivity all, or run it with --junit-file FILE and --import FILE");
  }
  if (cluster.access().simulated) {
    return Outcome::Unsupported("a real cluster", "a simulated one: the test would judge the simulation");
  }
  if (cluster.kube() == nullptr) return Outcome::Unsupported("a Kubernetes API", "no kubeconfig given");
  if (!cluster.definition().cilium.has_value()) {
    return Outcome::Unsupported("Cilium", "the cluster file has no section `cilium`");
  }
  if (cluster.access().granted < Tier::kCreate) {
    return Outcome::Unsupported(absl::StrCat("tier ", ToString(Tier::kCreate), ": the test makes pods and policies"),
                                absl::StrCat(ToString(cluster.access().granted), "; --allow create"));
  }
  return std::nullopt;
}

std::optional<Producer::Asked> Asked(const ProducerInputs& inputs) {
  if (inputs.connectivity.empty()) return std::nullopt;
  // Results that are imported are only read.
  return Producer::Asked{.flag = absl::StrCat("--connectivity ", inputs.connectivity),
                         .tier = inputs.imports.empty() ? Tier::kCreate : Tier::kRead};
}

absl::StatusOr<std::filesystem::path> FindCli(ProducerContext& context) {
  const ClusterAccess& access = context.cluster().access();
  if (absl::StatusOr<std::filesystem::path> found = FindToolAtHand(access, "cilium"); found.ok()) return found;
  return FindTool(
      access, "cilium", [&context](std::string_view line) { context.Progress(line); }, context.deadline());
}

std::string RestartsOf(const ClusterChanges& changes) {
  std::vector<std::string> all;
  for (const auto& [node, restart] : changes.restarts()) all.push_back(restart);
  return absl::StrJoin(all, "; ");
}

Outcome RunTest(ProducerContext& context) {
  Cluster& cluster = context.cluster();
  const ClusterDefinition& definition = cluster.definition();
  const absl::StatusOr<std::filesystem::path> program = FindCli(context);
  if (!program.ok()) {
    // It was asked for, so that it is not done must not look like success.
    return Outcome::CannotLook(program.status(),
                               "`tales assets --cilium-cli` builds the cilium CLI; then put it into PATH");
  }
  const WorkloadsDefinition& workloads = definition.workloads;
  RunOptions options{.cli = {.program = *program,
                             .kubeconfig = cluster.access().kubeconfig,
                             .context = cluster.access().kubernetes_context,
                             .cilium_namespace = definition.cilium->cilium_namespace,
                             .release = definition.cilium->release,
                             .folder = context.folder() / "connectivity",
                             .tests = context.inputs().connectivity,
                             .workloads = workloads},
                     .one_node = definition.SchedulableNodes() == 1};
  if (workloads.connectivity.timeout > absl::ZeroDuration()) options.cli.timeout = workloads.connectivity.timeout;
  const std::string& cilium_namespace = definition.cilium->cilium_namespace;
  const Ledger ledger = LedgerOf(cluster);
  const Deadline soon = context.deadline().AtMost(absl::Minutes(3));
  const absl::StatusOr<Tenancy> tenancy = Tenancy::Begin(context.folder(), absl::Now() + options.cli.timeout + kAround);
  if (!tenancy.ok()) return Outcome::CannotLook(tenancy.status(), "where are the reports to go? --out");
  absl::StatusOr<TestNamespaces> namespaces = TestNamespaces::Prepare(
      *cluster.kube(), std::max(1, workloads.connectivity.concurrency), tenancy->tenant(), soon);
  if (!namespaces.ok()) return Outcome::CannotLook(namespaces.status(), "kubectl get namespaces");
  Witness witness(*cluster.kube(), cilium_namespace);
  options.note = [&witness] { return witness.changes().Note(); };
  Outcome run = CliRun(context, ledger, options).Run();
  const ClusterChanges changes = witness.Look();
  if (run.verdict() == Verdict::kPassed && !changes.restarts().empty()) {
    run = Outcome::Failed({.expected = "the Cilium agents run on while the test does",
                           .found = absl::StrCat(RestartsOf(changes), " (", run.found(), ")"),
                           .next = absl::StrCat("kubectl -n ", cilium_namespace,
                                                " get pods -l k8s-app=cilium -o wide; then the log of that agent with "
                                                "--previous; then test again")});
  } else {
    run.Note(changes.Note());
  }
  // Also when time is up: what it made is ours to take away.
  context.Progress("taking away what the test has made");
  const auto left = namespaces->Restore(Deadline::After(kCleanUp));
  if ((left.ok() && left->empty()) || run.verdict() != Verdict::kPassed) return run;
  return Outcome::Failed({.expected = "what the test has made goes with it",
                          .found = left.ok() ? absl::StrCat("still there: ", absl::StrJoin(*left, ", "))
                                             : std::string(left.status().message()),
                          .next = "kubectl get namespaces, and delete those that begin with cilium-test-"});
}

Outcome Produce(ProducerContext& context) {
  const imports::ForeignResults found =
      ReadForeignResults(context.inputs().imports, imports::Tool::kConnectivity, context.folder());
  if (!found.results.empty() || !found.strangers.empty()) return Import(context, found);
  if (std::optional<Outcome> unsupported = Unsupported(context.cluster(), context.inputs())) {
    return *std::move(unsupported);
  }
  return RunTest(context);
}

}  // namespace

Producer ConnectivityProducer() {
  return {.id = "cilium.connectivity_run",
          .question = "Did `cilium connectivity test` come to its end, and test anything?",
          .tier = Tier::kRead,  // as far as an import goes; a run of our own asks for more
          .faults = {"import:connectivity-all-skipped", "import:connectivity-no-junit"},
          .children = {{.id = "cilium.connectivity",
                        .question = "Does the test of `cilium connectivity test` pass?",
                        .many = true,
                        .faults = {"import:connectivity-failed"}}},
          .deadline = absl::Hours(2),
          .clean_up = kCleanUp,
          .optional = true,
          .alone = true,  // its policies deny, and its clients are in the way of who measures
          .asked = Asked,
          .takes_imports = true,
          .produce = Produce};
}

}  // namespace tales::connectivity
