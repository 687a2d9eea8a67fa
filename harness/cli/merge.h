// `tales merge RUN... --out DIR`: several runs as one, with a journal and reports of its own.
#pragma once

#include "harness/cli/cli.h"

namespace tales {
void AddMergeCommand(CLI::App& app, CliContext& context);
}  // namespace tales
