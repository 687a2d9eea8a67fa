// The verb `local` alone in a binary, for tests that need no other.
#include <csignal>
#include <iostream>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "fixtures/local/local_command.h"
#include "harness/cli/cli.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const tales::Registry registry;
  tales::CliContext context{registry, std::cout, std::cerr};
  CLI::App app("Serves a control plane", "local_program");
  app.require_subcommand(1);
  tales::AddLocalCommand(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? tales::kExitOk : tales::kExitUsage;
  }
  return context.exit_code;
}
