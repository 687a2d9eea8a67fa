// The faults of domain `inputs` that suite config has to notice: an operator's files, broken on a copy.
//
// A copy holds what the original holds, secrets included; it lies in the run's own folder (private), and no fault makes
// it readable to anybody who could not read the original.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/check/fault.h"
#include "harness/runner/registry.h"

namespace tales {

const std::vector<Fault>& ConfigFaults();
// By Fault::name().
std::map<std::string, InputFault> ConfigInputFaults();

}  // namespace tales
