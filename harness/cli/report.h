// `tales report RUN`: a run once more, as text, JUnit, JSON, HTML or Markdown, from its journal alone.
#pragma once

#include "harness/cli/cli.h"

namespace tales {
void AddReportCommand(CLI::App& app, CliContext& context);
}  // namespace tales
