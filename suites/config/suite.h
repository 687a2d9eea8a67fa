#pragma once

#include "harness/check/check.h"

namespace tales {
Suite ConfigSuite();
}  // namespace tales
