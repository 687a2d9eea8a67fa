// secrets.yaml, both machine configurations, the talosconfig and the kubeconfig share one set of authorities and
// tokens. A machine that is built from files of two sets joins nothing, and says so only in its own log.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/operator/files.h"
#include "suites/config/checks.h"
#include "suites/config/consistency.h"
#include "suites/config/inputs.h"

namespace tales::config {
namespace {

constexpr char kNewKubeconfig[] = "talosctl kubeconfig   # writes one that is this cluster's";

Outcome Look(CheckContext& context) {
  const absl::StatusOr<MachineConfig> control_plane = KeptConfig(context, Role::kControlPlane);
  if (!control_plane.ok()) return CannotRead(control_plane.status());
  const absl::StatusOr<MachineConfig> worker = KeptConfig(context, Role::kWorker);
  if (!worker.ok()) return CannotRead(worker.status());
  const NamedConfig kept_control_plane{kControlPlaneFile, &*control_plane, true};
  const std::string by_hand = GenerateByHand(context.definition());

  const absl::StatusOr<Secrets> kept = KeptSecrets(context);
  if (absl::IsInvalidArgument(kept.status()) || absl::IsOutOfRange(kept.status())) {
    return Outcome::Failed({.expected = "secrets that are whole",
                            .found = std::string(kept.status().message()),
                            .next = "take the file from where its master copy is kept"});
  }
  const Secrets secrets = kept.ok() ? *kept : SecretsOf(kept_control_plane);
  std::vector<std::string> seen = {
      kept.ok() ? secrets.origin : absl::StrCat("no secrets file: ", kept.status().message()), kControlPlaneFile,
      kWorkerFile};
  std::vector<Problem> problems = JudgeSecrets(secrets);
  const auto add = [&](std::vector<Problem> more) {
    for (Problem& problem : more) problems.push_back(std::move(problem));
  };
  add(JudgeConfig(secrets, kept_control_plane, by_hand));
  add(JudgeConfig(secrets, {kWorkerFile, &*worker, false}, by_hand));
  if (const absl::StatusOr<talos::Context> talosconfig = KeptTalosconfig(context); talosconfig.ok()) {
    add(JudgeCredentials(secrets, "the kept talosconfig", *talosconfig, by_hand));
    seen.emplace_back("talosconfig");
  }
  if (const std::optional<talos::Context>& used = context.cluster().talos_context(); used.has_value()) {
    add(JudgeCredentials(secrets, "the talosconfig in use", *used, by_hand));
    seen.emplace_back("the talosconfig in use");
  }
  if (const kube::Client* kube = context.cluster().kube(); kube != nullptr) {
    add(JudgeCredentials(secrets, "the kubeconfig in use", kube->access(), kNewKubeconfig));
    seen.emplace_back("the kubeconfig in use");
  }
  return Outcome::FromProblems(std::move(problems), absl::StrCat("one set of secrets: ", absl::StrJoin(seen, ", ")));
}

}  // namespace

Check SecretsConsistent() {
  return {.id = "config.secrets_consistent",
          .question = "Do secrets, machine configurations, talosconfig and kubeconfig come from one set of secrets?",
          .needs = {&kNeedsFolder},
          .faults = {"inputs:secrets-swapped"},
          .deadline = absl::Minutes(2),
          .settles = false,
          .look = Look};
}

}  // namespace tales::config
