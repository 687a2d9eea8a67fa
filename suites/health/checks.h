// The checks of suite health, one function each; the file that defines it says what it reads and why.
#pragma once

#include "harness/check/check.h"

namespace tales::health {

// Roots: what asks an API depends on one of these, so that a dead node is one failure with a list.
Check TalosApi();
Check KubernetesApi();

Check Versions();
Check MachineReady();
Check Services();
Check EtcdMembers();
Check EtcdStatus();
Check Diagnostics();
Check Resources();
Check Time();
Check StaticPods();
Check NodesMatch();
Check NodesReady();
Check NodesSchedulable();
Check CoreDns();
Check KubeProxy();
Check KubePrism();
Check Certificates();
Check Credentials();
Check KernelArguments();
Check SecureBoot();
Check StaleObjects();
Check KernelLog();
Check Routing();
Check Discovery();
Check Crds();
Check VmSettings();

}  // namespace tales::health
