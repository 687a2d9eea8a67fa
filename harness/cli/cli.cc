#include "harness/cli/cli.h"

#include <csignal>
#include <exception>
#include <iostream>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "harness/cli/known.h"
#include "harness/cli/prove.h"
#include "harness/cli/report.h"

namespace tales {

int RunCli(const Registry& registry, int argc, char** argv) {
  // A reader that goes away (`tales list | head`) is no reason to die in the middle of a run.
  std::signal(SIGPIPE, SIG_IGN);
  CliContext context{registry, std::cout, std::cerr};
  CLI::App app("Judges a Talos Linux / Kubernetes / Cilium cluster", "tales");
  app.require_subcommand(1);
  app.fallthrough(false);
  app.set_version_flag("--version", TALES_VERSION);
  AddVerifyCommand(app, context);
  AddListCommand(app, context);
  AddReportCommand(app, context);
  AddKnownCommand(app, context);
  AddProveCommand(app, context);
  AddWorkerCommand(app, context);
  for (const auto& add : registry.commands) add(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success, context.out, context.err);
  } catch (const CLI::ParseError& error) {
    app.exit(error, context.out, context.err);
    return kExitUsage;
  } catch (const std::exception& error) {
    context.err << "tales: " << error.what() << "\n";
    return kExitNothingJudged;
  }
  context.out.flush();
  return context.exit_code;
}

}  // namespace tales
