// The verb `tales conformance`: what is done with the results of a run.
#pragma once

namespace CLI {
class App;
}

namespace tales {
struct CliContext;
void AddConformanceCommand(CLI::App& app, CliContext& context);
}  // namespace tales
