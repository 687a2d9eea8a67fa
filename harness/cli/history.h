// `tales history`: the verdicts of each check over the last runs, and what they mean.
#pragma once

#include "harness/cli/cli.h"

namespace tales {
void AddHistoryCommand(CLI::App& app, CliContext& context);
}  // namespace tales
