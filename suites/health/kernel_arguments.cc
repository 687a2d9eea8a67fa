// The declared kernel arguments are in force: on the kernel's command line, and, for `vga=`, seen in the resolution.
// Without effect after a boot by kexec is a known issue, KI-KEXEC-VGA.
#include "suites/shared/kernel_arguments.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "harness/check/builtin_issues.h"
#include "suites/health/checks.h"
#include "suites/shared/commands.h"

namespace tales::health {
namespace {

Outcome Look(CheckContext& context) {
  const NodeDefinition& node = context.node();
  const absl::StatusOr<SeenKernelArguments> seen = ReadKernelArguments(context);
  if (!seen.ok()) return Outcome::CannotLook(seen.status(), Talosctl(node, "read /proc/cmdline"));

  std::vector<Problem> problems;
  for (const std::string& argument : seen->missing) {
    problems.push_back(
        {.expected = absl::StrCat(argument, " on the kernel command line of ", node.name),
         .found = absl::StrCat("the command line is \"", absl::StrJoin(seen->command_line, " "), "\""),
         .next = "only the installer writes machine.install.extraKernelArgs: `talosctl upgrade` to the same version, "
                 "then shut down and start"});
  }
  std::string without_effect;
  for (const ConsoleResolution& console : seen->consoles) {
    if (console.trouble.empty()) continue;
    without_effect = console.trouble;
    problems.push_back({.expected = absl::StrFormat("a console of %dx%d on %s, as %s means", console.wanted.width,
                                                    console.wanted.height, node.name, console.argument),
                        .found = console.trouble,
                        .next = "`vga=` works with legacy BIOS firmware and a cold boot only"});
  }
  if (problems.empty()) {
    return Outcome::Passed(
        absl::StrCat(absl::StrJoin(context.definition().config->kernel_arguments, " "), " in force"));
  }
  // What is not on the command line is not kexec's doing.
  if (seen->missing.empty()) {
    const absl::StatusOr<bool> kexec = StartedByKexec(context);
    if (!kexec.ok())
      return Outcome::CannotLook(kexec.status(), Talosctl(node, "read /proc/sys/kernel/bootloader_type"));
    if (*kexec) {
      return Outcome::Known(std::string(kKexecVgaIssue),
                            absl::StrCat(without_effect, "; the last boot of ", node.name,
                                         " was by kexec, which does not apply it: ", Talosctl(node, "shutdown --wait"),
                                         ", then start the machine"));
    }
  }
  return Outcome::FromProblems(std::move(problems), "");
}

}  // namespace

Check KernelArguments() {
  return {.id = "health.kernel_arguments",
          .question = "Are the declared kernel arguments in force on the node, the console's resolution included?",
          .instances = Instances::kNode,
          .needs = {&kNeedsKernelArguments, &kNeedsTalosAdmin},
          .after = {"health.talos_api"},
          .faults = {"lab:kernel-argument-missing", "lab:kexec-boot"},
          .optional = true,
          .look = Look};
}

}  // namespace tales::health
