// The product: every suite, fixture, fault and profile that `tales` knows.
#pragma once

#include "harness/runner/registry.h"

namespace tales {

Registry Product();

}  // namespace tales
