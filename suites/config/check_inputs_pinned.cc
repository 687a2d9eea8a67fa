// Kubernetes, install image and Talos are of declared versions, and talosctl is of the declared one (pins.h).
#include "absl/strings/str_cat.h"
#include "harness/base/subprocess.h"
#include "harness/operator/files.h"
#include "suites/config/checks.h"
#include "suites/config/inputs.h"
#include "suites/config/pins.h"

namespace tales::config {
namespace {

constexpr absl::Duration kVersionDeadline = absl::Seconds(20);

// The version of the talosctl that the generator would run; "" where there is none to ask.
std::string TalosctlVersion(Deadline deadline) {
  const absl::StatusOr<Finished> finished =
      Run({.argv = {"talosctl", "version", "--client", "--short"}}, deadline.AtMost(kVersionDeadline));
  return finished.ok() && finished->ok() ? VersionIn(finished->output) : "";
}

Outcome Look(CheckContext& context) {
  const ClusterDefinition& definition = context.definition();
  const ConfigDefinition& config = *definition.config;
  std::vector<Problem> problems = JudgeDeclared(definition);
  const auto add = [&](std::vector<Problem> more) {
    for (Problem& problem : more) problems.push_back(std::move(problem));
  };
  for (const Role role : {Role::kControlPlane, Role::kWorker}) {
    const absl::StatusOr<MachineConfig> kept = KeptConfig(context, role);
    if (!kept.ok()) return CannotRead(kept.status());
    add(JudgeImages(*kept, definition, FileOf(role), GenerateByHand(definition)));
  }
  std::string generator = "no generator is declared";
  bool runs_talosctl = false;
  if (!config.generator_command.empty()) {
    const absl::StatusOr<std::string> script = ReadRegularFile(config.generator_command.front());
    if (script.ok()) add(JudgeScript(*script, config.generator_command.front(), definition));
    runs_talosctl = script.ok() && script->find("talosctl") != std::string::npos;
    generator = script.ok() ? "and the script says so" : std::string(script.status().message());
  } else if (!config.generator_arguments.empty() || !config.patches.empty()) {
    add(JudgeArguments(config, definition));
    runs_talosctl = true;
    generator = "and the generator's arguments say so";
  }
  if (const std::string version = runs_talosctl ? TalosctlVersion(context.deadline()) : ""; !version.empty()) {
    absl::StrAppend(&generator, "; talosctl ", version);
    if (!definition.talos.version.empty() && version != definition.talos.version) {
      problems.push_back({.expected = absl::StrCat("talosctl of the declared version ", definition.talos.version),
                          .found = version,
                          .next = absl::StrCat("install talosctl ", definition.talos.version,
                                               " from the releases of github.com/siderolabs/talos")});
    }
  }
  return Outcome::FromProblems(std::move(problems),
                               absl::StrCat("Talos ", definition.talos.version, ", Kubernetes ",
                                            definition.kubernetes.version, " in both files, ", generator));
}

}  // namespace

Check InputsPinned() {
  return {.id = "config.inputs_pinned",
          .question = "Are the versions that go into the configuration declared, rather than those of some talosctl?",
          .needs = {&kNeedsFolder},
          .faults = {"inputs:unpinned-version"},
          .settles = false,
          .look = Look};
}

}  // namespace tales::config
