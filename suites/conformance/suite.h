// Suite conformance: does the cluster do what every Kubernetes has to do? Judged by Kubernetes' own tests.
#pragma once

#include "harness/check/check.h"

namespace tales {
Suite ConformanceSuite();
}  // namespace tales
