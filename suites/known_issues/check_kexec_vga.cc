#include "suites/known_issues/checks.h"
#include "suites/known_issues/kexec_vga.h"
#include "suites/shared/commands.h"
#include "suites/shared/kernel_arguments.h"

namespace tales::known_issues {
namespace {

Outcome Look(CheckContext& context) {
  const NodeDefinition& node = context.node();
  const absl::StatusOr<SeenKernelArguments> seen = ReadKernelArguments(context);
  if (!seen.ok()) return Outcome::CannotLook(seen.status(), Talosctl(node, "read /proc/cmdline"));
  const absl::StatusOr<bool> kexec = StartedByKexec(context);
  if (!kexec.ok()) return Outcome::CannotLook(kexec.status(), Talosctl(node, "read /proc/sys/kernel/bootloader_type"));
  return Ruled(context, ClassifyKexecVga(node.name, *seen, *kexec, Talosctl(node, "shutdown --wait")));
}

}  // namespace

Check KexecVgaCheck() {
  return {.id = "known_issues.KI-KEXEC-VGA",
          .question = "Is the console's resolution in force, or without effect in the one way that is known?",
          .instances = Instances::kNode,
          .needs = {&kNeedsKernelArguments, &kNeedsTalosAdmin},
          .after = {"health.talos_api"},
          .faults = {"lab:kexec-boot"},
          .optional = true,
          .look = Look};
}

}  // namespace tales::known_issues
