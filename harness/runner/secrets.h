// The secrets that a run could show by accident: those of the credentials that it was given.
#pragma once

#include "harness/base/redactor.h"
#include "harness/check/cluster_access.h"

namespace tales {
// Adds keys, tokens and passwords of the talosconfig and kubeconfig. What cannot be read has nothing to hide here: who
// opens the cluster reports it.
void AddSecrets(const ClusterAccess& access, Redactor& redactor);
}  // namespace tales
