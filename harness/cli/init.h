// `tales init`: looks at a cluster and writes a cluster file for it.
#pragma once

#include "harness/cli/cli.h"

namespace tales {
void AddInitCommand(CLI::App& app, CliContext& context);
}  // namespace tales
