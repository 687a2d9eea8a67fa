#include "suites/config/suite.h"

#include "suites/config/checks.h"

namespace tales {

Suite ConfigSuite() {
  using namespace config;  // NOLINT(google-build-using-namespace): a list of its members
  return {
      .name = "config",
      .description = "Do the configuration files follow from their inputs, belong together, and run on the machines?",
      .checks = {Reproducible(), Talosconfig(), InputsPinned(), Committed(), SecretsConsistent(), SecretsProtected(),
                 Valid(), Endpoint(), CiliumReady(), OldCredentials(), NoDrift()}};
}

}  // namespace tales
