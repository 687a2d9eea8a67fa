// The checks of suite known_issues, one file each.
#pragma once

#include "harness/check/check.h"
#include "harness/check/ledger.h"

namespace tales::known_issues {

Check LedgerCheck();
Check BigTcpCheck();
Check GarpCheck();
Check KexecVgaCheck();
Check OneWorkerCheck();

// The cluster file's ledger, measured against the cluster as it is now.
Ledger ReadLedger(CheckContext& context);
// What the ledger makes of a classifier's word: an issue that is there has to be in it.
Outcome Ruled(CheckContext& context, Outcome outcome);

}  // namespace tales::known_issues
