// Suite pod_security: do the namespaces and the API server's admission let in what the cluster needs, and nothing else?
#pragma once

#include "harness/check/check.h"

namespace tales {
Suite PodSecuritySuite();
}  // namespace tales
