// Tiny suites, one way to behave each.
#pragma once

#include <vector>

#include "harness/check/check.h"

namespace tales::selftest {
std::vector<Suite> Suites();
}  // namespace tales::selftest
