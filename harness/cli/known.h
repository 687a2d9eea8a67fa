#pragma once

#include "harness/cli/cli.h"

namespace tales {
// `tales known`: the ledger of known issues, how long each entry holds, and where a run has seen it.
void AddKnownCommand(CLI::App& app, CliContext& context);
}  // namespace tales
