// Tiny suites, one way to behave each.
#pragma once

#include <vector>

#include "harness/check/check.h"
#include "harness/runner/producer.h"

namespace tales::selftest {
std::vector<Suite> Suites();
std::vector<Producer> Producers();
}  // namespace tales::selftest
