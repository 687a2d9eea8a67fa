// Suite known_issues: which of the known issues are there, which are gone, and is the ledger of them in order?
#pragma once

#include "harness/check/check.h"

namespace tales {
Suite KnownIssuesSuite();
}  // namespace tales
