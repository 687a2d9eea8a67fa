// The declared kernel arguments are in force: on the kernel's command line, and, for `vga=`, seen in the resolution.
//
// A reboot by kexec hands the new kernel the arguments and skips the firmware, so `vga=` stands on the command line and
// has no effect until a cold boot. /proc/sys/kernel/bootloader_type tells who started the kernel: its upper bits are 13
// for kexec_file_load and 7 for GRUB (Documentation/arch/x86/boot.rst). That case is a known issue, KI-KEXEC-VGA.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "suites/health/checks.h"
#include "suites/health/commands.h"
#include "suites/health/vesa_mode.h"

namespace tales::health {
namespace {

constexpr std::string_view kKnownIssue = "KI-KEXEC-VGA";
constexpr int kKexecLoader = 13;

std::optional<std::string> NothingDeclared(const Cluster& cluster) {
  const std::optional<ConfigDefinition>& config = cluster.definition().config;
  if (config.has_value() && !config->kernel_arguments.empty()) return std::nullopt;
  return "a cluster file without config.kernelArguments";
}
const Requirement kNeedsKernelArguments{"declared:kernelArguments", "declared kernel arguments", NothingDeclared};

// "" when the framebuffer has the resolution that `vga` means, else what it has.
absl::StatusOr<std::string> ResolutionTrouble(CheckContext& context, const Resolution& wanted) {
  const absl::StatusOr<std::string> size = context.facts().File(context.node(), "/sys/class/graphics/fb0/virtual_size");
  if (size.status().code() == absl::StatusCode::kNotFound)
    return std::string("there is no framebuffer: a text console");
  if (!size.ok()) return size.status();
  const std::vector<std::string_view> parts = absl::StrSplit(absl::StripAsciiWhitespace(*size), ',');
  Resolution found{0, 0};
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &found.width) || !absl::SimpleAtoi(parts[1], &found.height)) {
    return absl::InvalidArgumentError(absl::StrCat("/sys/class/graphics/fb0/virtual_size: \"", *size, "\""));
  }
  if (found == wanted) return std::string();
  return absl::StrFormat("the framebuffer is %dx%d", found.width, found.height);
}

Outcome Look(CheckContext& context) {
  const NodeDefinition& node = context.node();
  const std::string next_look = Talosctl(node, "read /proc/cmdline");
  const absl::StatusOr<std::string> cmdline = context.facts().File(node, "/proc/cmdline");
  if (!cmdline.ok()) return Outcome::CannotLook(cmdline.status(), next_look);
  const std::vector<std::string> actual = absl::StrSplit(absl::StripAsciiWhitespace(*cmdline), ' ', absl::SkipEmpty());

  std::vector<Problem> problems;
  for (const std::string& argument : context.definition().config->kernel_arguments) {
    if (std::find(actual.begin(), actual.end(), argument) == actual.end()) {
      problems.push_back(
          {.expected = absl::StrCat(argument, " on the kernel command line of ", node.name),
           .found = absl::StrCat("the command line is \"", absl::StrJoin(actual, " "), "\""),
           .next = "only the installer writes machine.install.extraKernelArgs: `talosctl upgrade` to the same "
                   "version, then shut down and start"});
      continue;
    }
    const std::optional<Resolution> resolution = ResolutionOfVga(argument);
    if (!resolution.has_value()) continue;
    const absl::StatusOr<std::string> trouble = ResolutionTrouble(context, *resolution);
    if (!trouble.ok())
      return Outcome::CannotLook(trouble.status(), Talosctl(node, "read /sys/class/graphics/fb0/virtual_size"));
    if (trouble->empty()) continue;
    problems.push_back({.expected = absl::StrFormat("a console of %dx%d on %s, as %s means", resolution->width,
                                                    resolution->height, node.name, argument),
                        .found = *trouble,
                        .next = "`vga=` works with legacy BIOS firmware and a cold boot only"});
  }
  if (problems.empty()) {
    return Outcome::Passed(
        absl::StrCat(absl::StrJoin(context.definition().config->kernel_arguments, " "), " in force"));
  }
  const absl::StatusOr<std::string> loader = context.facts().File(node, "/proc/sys/kernel/bootloader_type");
  if (!loader.ok())
    return Outcome::CannotLook(loader.status(), Talosctl(node, "read /proc/sys/kernel/bootloader_type"));
  int type = 0;
  if (absl::SimpleAtoi(absl::StripAsciiWhitespace(*loader), &type) && (type >> 4) == kKexecLoader) {
    return Outcome::Known(std::string(kKnownIssue),
                          absl::StrCat(problems.front().found, "; the last boot of ", node.name,
                                       " was by kexec, which does not apply it: ", Talosctl(node, "shutdown --wait"),
                                       ", then start the machine"));
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
