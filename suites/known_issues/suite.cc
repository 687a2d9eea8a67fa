#include "suites/known_issues/suite.h"

#include "suites/known_issues/checks.h"

namespace tales {

Suite KnownIssuesSuite() {
  using namespace known_issues;  // NOLINT(google-build-using-namespace): its list of checks
  return {.name = "known_issues",
          .description = "Which known issues are there, which are gone, and is the ledger of them in order?",
          .checks = {LedgerCheck(), BigTcpCheck(), GarpCheck(), KexecVgaCheck(), OneWorkerCheck()}};
}

}  // namespace tales
