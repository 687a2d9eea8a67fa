#include "suites/pod_security/suite.h"

#include "suites/pod_security/checks.h"

namespace tales {

Suite PodSecuritySuite() {
  using namespace pod_security;  // NOLINT(google-build-using-namespace): its list of checks
  return {.name = "pod_security",
          .description =
              "Do the namespaces and the API server's admission let in what the cluster needs, and nothing else?",
          .checks = {LabelsCheck(), AdmitsCheck(), RefusesElsewhereCheck(), WarningsCheck(), ExemptionsCheck(),
                     AdmissionConfigCheck(), WorkloadsCheck(), UndeclaredCheck()}};
}

}  // namespace tales
