// `tales doctor`: is there what this cluster file, profile and fixture need?
#pragma once

#include "harness/cli/cli.h"

namespace tales {
void AddDoctorCommand(CLI::App& app, CliContext& context);
}  // namespace tales
