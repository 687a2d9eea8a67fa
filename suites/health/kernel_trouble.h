// Lines of a kernel log that mean trouble, whatever else the machine does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tales::health {

struct KernelTrouble {
  std::string kind;  // "panic", "oops", "hung task", "I/O error", "out of memory"
  std::string line;
};

// Every line of `log` that tells of trouble, in order. Left out: I/O errors of floppy and CD drives, which virtual
// machines report for media that was never there or is gone (fd0, sr0).
std::vector<KernelTrouble> FindKernelTrouble(std::string_view log);

}  // namespace tales::health
