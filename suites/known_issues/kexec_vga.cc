#include "suites/known_issues/kexec_vga.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "harness/check/builtin_issues.h"

namespace tales::known_issues {

Outcome ClassifyKexecVga(const std::string& node, const SeenKernelArguments& seen, bool started_by_kexec,
                         const std::string& shutdown) {
  if (seen.consoles.empty()) {
    return Outcome::Unsupported("a declared vga= argument that sets a resolution", "none in config.kernelArguments");
  }
  for (const ConsoleResolution& console : seen.consoles) {
    if (!console.on_command_line) {
      return Outcome::Inconclusive(absl::StrCat(console.argument, " is not on the kernel command line of ", node,
                                                ": whether kexec would leave it without effect cannot be seen"));
    }
  }
  for (const ConsoleResolution& console : seen.consoles) {
    if (console.trouble.empty()) continue;
    if (started_by_kexec) {
      return Outcome::Known(std::string(kKexecVgaIssue),
                            absl::StrCat(console.argument, " has no effect on ", node,
                                         " since its last boot, by kexec: ", console.trouble,
                                         "; to have it: ", shutdown, ", then start the machine"));
    }
    return Outcome::Failed(
        {.expected = absl::StrFormat("a console of %dx%d on %s, or KI-KEXEC-VGA as it is known: after a boot by kexec",
                                     console.wanted.width, console.wanted.height, node),
         .found = absl::StrCat("a new variant of KI-KEXEC-VGA: ", console.argument, " has no effect on ", node,
                               " though its last boot was not by kexec: ", console.trouble),
         .next = "`vga=` works with legacy BIOS firmware alone: look at the machine's firmware setting"});
  }
  return Outcome::Resolved(std::string(kKexecVgaIssue),
                           absl::StrCat(seen.consoles.front().argument, " is in force on ", node,
                                        started_by_kexec ? ", after a boot by kexec" : " since a cold boot"));
}

}  // namespace tales::known_issues
