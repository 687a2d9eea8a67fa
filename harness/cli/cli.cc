#include "harness/cli/cli.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <iostream>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/cli/compare.h"
#include "harness/cli/history.h"
#include "harness/cli/known.h"
#include "harness/cli/merge.h"
#include "harness/cli/prove.h"
#include "harness/cli/report.h"
#include "harness/runner/plan.h"

namespace tales {

namespace {

// Started with a closed standard output (`tales ... >&-`), the first file that is opened would become it, and what is
// meant for people would be written into that file.
void OpenStandardDescriptors() {
  int fd = open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO) fd = open("/dev/null", O_RDWR);
  if (fd >= 0) close(fd);
}

// An answer that could not be written is not a good one. A reader that has gone wanted no more: that is no trouble.
int Flushed(CliContext& context) {
  context.out.flush();
  if (context.out.good()) return context.exit_code;
  pollfd out{STDOUT_FILENO, POLLOUT, 0};
  const bool reader_is_gone = poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
  if (reader_is_gone) return context.exit_code;
  context.err << "tales: the answer could not be written to standard output\n";
  return context.exit_code == kExitOk ? kExitNothingJudged : context.exit_code;
}

// A first word that is no verb, said with those that are like it; "" for anything else.
std::string UnknownVerb(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return "";
  std::vector<std::string> verbs;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (verb->get_name() == argv[1]) return "";
    if (!verb->get_group().empty()) verbs.push_back(verb->get_name());
  }
  const std::vector<std::string> near = NearNames(argv[1], verbs);
  return absl::StrCat("tales: unknown verb ", argv[1],
                      near.empty() ? ";" : absl::StrCat("; did you mean ", absl::StrJoin(near, ", "), "?"),
                      " `tales --help` shows all\n");
}

}  // namespace

int RunCli(const Registry& registry, int argc, char** argv) {
  // A reader that goes away (`tales list | head`), or a file that may not grow, is no reason to die in the middle of a
  // run: the write fails, and is dealt with where it is made.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  OpenStandardDescriptors();
  CliContext context{registry, std::cout, std::cerr};
  CLI::App app("Judges a Talos Linux / Kubernetes / Cilium cluster", "tales");
  app.require_subcommand(1);
  app.fallthrough(false);
  app.set_version_flag("--version", TALES_VERSION);
  AddVerifyCommand(app, context);
  AddListCommand(app, context);
  AddReportCommand(app, context);
  AddKnownCommand(app, context);
  AddCompareCommand(app, context);
  AddMergeCommand(app, context);
  AddHistoryCommand(app, context);
  AddProveCommand(app, context);
  AddWorkerCommand(app, context);
  for (const auto& add : registry.commands) add(app, context);
  if (const std::string unknown = UnknownVerb(app, argc, argv); !unknown.empty()) {
    context.err << unknown;
    return kExitUsage;
  }
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
  return Flushed(context);
}

}  // namespace tales
