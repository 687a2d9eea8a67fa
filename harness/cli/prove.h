// `tales prove`: runs every check healthy and under each of its faults, and names what is unproven.
#pragma once

#include "CLI/CLI.hpp"
#include "harness/cli/cli.h"

namespace tales {
void AddProveCommand(CLI::App& app, CliContext& context);
}  // namespace tales
