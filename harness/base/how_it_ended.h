// How a program ended, for a sentence.
#pragma once

#include <string>

#include "harness/base/subprocess.h"

namespace tales {

std::string HowItEnded(const Finished& finished);  // "ended with exit code 1", "was ended by signal 9 (SIGKILL)"
// By a signal that no mistake of its own brings about: the kernel (where memory ran out) or somebody sent it.
bool WasEndedFromOutside(const Finished& finished);

}  // namespace tales
