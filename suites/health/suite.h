// Suite health: is the cluster up, whole, and what was declared? Asks everything that `talosctl health` asks, and what
// it leaves out (worker kubelets, `ready`, versions, etcd's leader and alarms, clocks, certificates, kernel log, ...).
#pragma once

#include "harness/check/check.h"

namespace tales {
Suite HealthSuite();
}  // namespace tales
