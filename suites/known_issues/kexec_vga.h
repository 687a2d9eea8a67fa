// KI-KEXEC-VGA: after a boot by kexec, `vga=` stands on the kernel's command line and has no effect.
//
// The mode is set by the boot code that kexec leaves out. `talosctl reboot`, an upgrade and the first start after the
// installation boot by kexec; a shutdown and a start do not. What it reads: suites/shared/kernel_arguments.h.
#pragma once

#include <string>

#include "harness/check/outcome.h"
#include "suites/shared/kernel_arguments.h"

namespace tales::known_issues {

// known, resolved, failed (a new variant), inconclusive (the argument is not on the command line) or unsupported (none
// is declared). `shutdown`: the command that shuts the node down. Pure.
Outcome ClassifyKexecVga(const std::string& node, const SeenKernelArguments& seen, bool started_by_kexec,
                         const std::string& shutdown);

}  // namespace tales::known_issues
