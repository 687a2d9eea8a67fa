// What `tales doctor` says of one thing that a run or a fixture needs.
#pragma once

#include <string>

namespace tales {

struct Finding {
  enum Kind { kThere, kOptional, kMissing } kind = kThere;
  std::string what;
  std::string found;  // or why it is not there
  std::string how;    // the way to get it; "" where it is there
};

}  // namespace tales
