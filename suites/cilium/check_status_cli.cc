// The cilium CLI, asked once a look: with --wait it writes its table to standard error and nothing to standard output
// when it gives up, and without --wait it ends with 0 whatever it found. So its JSON is judged, and settling polls.
#include "absl/strings/str_cat.h"
#include "harness/base/how_it_ended.h"
#include "harness/base/subprocess.h"
#include "harness/check/spec.h"
#include "harness/check/tool.h"
#include "suites/cilium/agent_status.h"
#include "suites/cilium/checks.h"
#include "suites/cilium/status_cli.h"
#include "suites/cilium/workloads.h"

namespace tales::cilium {
namespace {

constexpr absl::Duration kCliDeadline = absl::Seconds(40);
constexpr size_t kOutputLimit = 64 << 20;  // it repeats every agent's status and endpoints

std::optional<std::string> NoCli(const Cluster& cluster) {
  if (FindToolAtHand(cluster.access(), "cilium").ok()) return std::nullopt;
  return "no program `cilium` in PATH";
}
const Requirement kNeedsCli{"program:cilium", "the cilium CLI", NoCli};

absl::StatusOr<OwnReading> ReadOurselves(CheckContext& context) {
  OwnReading own;
  const std::string home = NamespaceOf(context.definition());
  for (const NodeDefinition& node : context.definition().nodes) {
    const absl::StatusOr<AgentAnswer> status = AgentStatus(context, node);
    if (!status.ok()) {
      own.troubles.push_back(std::string(status.status().message()));
      continue;
    }
    own.agents.insert(status->place.pod);
    for (const Problem& problem : JudgeAgentStatus(status->json, status->place)) own.troubles.push_back(problem.found);
    const absl::StatusOr<AgentAnswer> endpoints = AgentEndpoints(context, node);
    if (!endpoints.ok()) continue;
    for (const Problem& problem : JudgeEndpoints(endpoints->json, endpoints->place))
      own.troubles.push_back(problem.found);
  }
  for (const auto& [kind, path, desired, ready] :
       {std::tuple{"DaemonSet", kube::kDaemonSets, "status.desiredNumberScheduled", "status.numberReady"},
        {"Deployment", kube::kDeployments, "spec.replicas", "status.readyReplicas"}}) {
    const absl::StatusOr<std::vector<Json>> workloads = context.facts().Objects(path);
    if (!workloads.ok()) return workloads.status();
    for (const Json& workload : *workloads) {
      const std::string name = Text(workload, "metadata.name");
      if (Text(workload, "metadata.namespace") != home || (name != "cilium" && name != "cilium-operator")) continue;
      own.workloads.push_back({name, Number(workload, desired).value_or(0), Number(workload, ready).value_or(0)});
      for (const Problem& problem : JudgeRollout(kind, workload, 0)) own.troubles.push_back(problem.found);
    }
  }
  return own;
}

Outcome Look(CheckContext& context) {
  const ClusterAccess& access = context.cluster().access();
  const absl::StatusOr<std::filesystem::path> program = FindToolAtHand(access, "cilium");
  if (!program.ok()) return Outcome::CannotLook(program.status(), "cilium version --client");
  Command command{
      .argv = {program->string(), "status", "-o", "json", "-n", NamespaceOf(context.definition()),
               "--helm-release-name", ReleaseOf(context.definition()), "--kubeconfig", access.kubeconfig.string()},
      .output_limit = kOutputLimit};
  if (!access.kubernetes_context.empty()) {
    command.argv.push_back("--context");
    command.argv.push_back(access.kubernetes_context);
  }
  const std::string typed = absl::StrCat("cilium status -n ", NamespaceOf(context.definition()));
  const absl::StatusOr<Finished> done = Run(command, context.deadline().AtMost(kCliDeadline));
  if (!done.ok()) return Outcome::CannotLook(done.status(), typed);
  const absl::StatusOr<CliStatus> cli = ParseCliStatus(done->output);
  if (!cli.ok()) {
    return Outcome::CannotLook(
        absl::Status(absl::StatusCode::kDataLoss,
                     absl::StrCat("`", typed, " -o json` ", HowItEnded(*done), " and wrote what is ",
                                  cli.status().message(), ": ", done->error_output.substr(0, 300))),
        typed);
  }
  const absl::StatusOr<OwnReading> own = ReadOurselves(context);
  if (!own.ok()) return Outcome::CannotLook(own.status(), typed);
  return Outcome::FromProblems(JudgeCliStatus(*cli, *own, typed),
                               absl::StrCat("no errors, no warnings, ", cli->agents.size(), " agents, as we read it"))
      .With({.name = "cilium-status.txt", .content = done->error_output});
}

}  // namespace

Check StatusCliCheck() {
  return {.id = "cilium.status_cli",
          .question = "Does `cilium status` find no error, and agree with our own reading?",
          .needs = {&kNeedsCilium, &kNeedsKubernetes, &kNeedsCli},
          .after = {"health.kubernetes_api", "health.talos_api"},
          .faults = {"lab:cilium-agent-degraded"},
          .deadline = absl::Seconds(90),
          .optional = true,
          .look = Look};
}

}  // namespace tales::cilium
