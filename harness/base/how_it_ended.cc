#include "harness/base/how_it_ended.h"

#include <signal.h>

#include "absl/strings/str_cat.h"

namespace tales {

std::string HowItEnded(const Finished& finished) {
  return finished.signal != 0 ? absl::StrCat("was ended by signal ", finished.signal)
                              : absl::StrCat("ended with exit code ", finished.exit_code);
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
