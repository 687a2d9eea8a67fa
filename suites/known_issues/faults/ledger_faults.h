// The faults of domain `inputs` that suite known_issues has to notice: a ledger that is not in order.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/check/fault.h"
#include "harness/runner/registry.h"

namespace tales {

const std::vector<Fault>& LedgerFaults();
// By Fault::name(). Targets are ids of entries; InvalidArgument where the ledger has none of that id.
std::map<std::string, InputFault> LedgerInputFaults();

}  // namespace tales
