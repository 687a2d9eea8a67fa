#include "suites/cilium/suite.h"

#include "suites/cilium/checks.h"

namespace tales {

Suite CiliumSuite() {
  using namespace cilium;  // NOLINT(google-build-using-namespace): its list of checks
  return {.name = "cilium",
          .description = "Is Cilium installed as declared, and do its agents say that all is well?",
          .checks = {ReleaseCheck(), WorkloadsCheck(), AgentCheck(), NodeHealthCheck(), SettingsCheck(),
                     PodCidrsCheck(), StatusCliCheck(), LogsCheck()}};
}

}  // namespace tales
