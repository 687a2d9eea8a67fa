#include "harness/base/how_it_ended.h"

#include "absl/strings/str_cat.h"

namespace tales {

std::string HowItEnded(const Finished& finished) {
  return finished.signal != 0 ? absl::StrCat("was ended by signal ", finished.signal)
                              : absl::StrCat("ended with exit code ", finished.exit_code);
}

}  // namespace tales
