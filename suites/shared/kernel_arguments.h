// The declared kernel arguments and what the node has of them; shared by health.kernel_arguments and KI-KEXEC-VGA.
//
// A boot by kexec hands the new kernel its arguments and leaves the boot code out, so `vga=` stands on the command line
// and has no effect until a cold boot.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/check/check.h"
#include "suites/shared/vesa_mode.h"

namespace tales {

// A declared `vga=` that means a resolution.
struct ConsoleResolution {
  std::string argument;  // "vga=792"
  Resolution wanted{};
  bool on_command_line = false;
  std::string trouble;  // "the framebuffer is 640x480"; "" where it is in force (or not on the command line)
};

struct SeenKernelArguments {
  std::vector<std::string> command_line;
  std::vector<std::string> missing;  // declared, and not on it
  std::vector<ConsoleResolution> consoles;
};

extern const Requirement kNeedsKernelArguments;  // the cluster file declares some

// REQUIRES: kNeedsKernelArguments, a node instance and a Talos client with role os:admin (it reads files).
absl::StatusOr<SeenKernelArguments> ReadKernelArguments(CheckContext& context);

// /proc/sys/kernel/bootloader_type: its upper bits are 13 for kexec_file_load and 7 for GRUB
// (Documentation/arch/x86/boot.rst). False where it cannot be understood.
absl::StatusOr<bool> StartedByKexec(CheckContext& context);

}  // namespace tales
