#include "suites/health/suite.h"

#include "suites/health/checks.h"

namespace tales {

Suite HealthSuite() {
  using namespace health;  // NOLINT(google-build-using-namespace): a list of its members
  return {.name = "health",
          .description = "Is the cluster up, whole, and what was declared?",
          .checks = {TalosApi(),    KubernetesApi(), Versions(),     MachineReady(),     Services(),
                     EtcdMembers(), EtcdStatus(),    Diagnostics(),  Resources(),        Time(),
                     StaticPods(),  NodesMatch(),    NodesReady(),   NodesSchedulable(), CoreDns(),
                     KubeProxy(),   KubePrism(),     Certificates(), Credentials(),      KernelArguments(),
                     SecureBoot(),  StaleObjects(),  KernelLog(),    Routing(),          Discovery(),
                     Crds(),        VmSettings()}};
}

}  // namespace tales
