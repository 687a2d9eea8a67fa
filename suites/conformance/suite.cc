#include "suites/conformance/suite.h"

#include "suites/conformance/preflight.h"

namespace tales {

Suite ConformanceSuite() {
  return {.name = "conformance",
          .description = "Kubernetes' conformance tests: run, or imported from who ran them",
          .checks = {conformance::PreflightCheck()}};
}

}  // namespace tales
