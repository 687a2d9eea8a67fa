#include "harness/base/how_it_ended.h"

#include <signal.h>
#include <string.h>

#include "absl/strings/str_cat.h"

namespace tales {

std::string HowItEnded(const Finished& finished) {
  if (finished.signal == 0) return absl::StrCat("ended with exit code ", finished.exit_code);
  const char* name = sigabbrev_np(finished.signal);
  return absl::StrCat("was ended by signal ", finished.signal, name == nullptr ? "" : absl::StrCat(" (SIG", name, ")"));
}

bool WasEndedFromOutside(const Finished& finished) {
  switch (finished.signal) {
    case 0:
    case SIGABRT:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGSEGV:
    case SIGSYS:
    case SIGTRAP:
      return false;
    default:
      return true;
  }
}

}  // namespace tales
