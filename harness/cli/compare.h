// `tales compare BASE HEAD`: what is different between two runs, and whether that is a regression.
#pragma once

#include "harness/cli/cli.h"

namespace tales {
void AddCompareCommand(CLI::App& app, CliContext& context);
}  // namespace tales
