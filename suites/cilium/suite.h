// Suite cilium: is Cilium installed as declared, and do its agents say that all is well, each of itself and of the way
// to the others?
#pragma once

#include "harness/check/check.h"

namespace tales {
Suite CiliumSuite();
}  // namespace tales
