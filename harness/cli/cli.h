// The command line: one file per verb, all over the registry of one binary.
//
// Exit codes, for every verb: 0 all as expected, 1 a verdict fails the run, 2 usage or cluster file, 3 the fixture
// failed or nothing could be judged, 130 interrupted.
#pragma once

#include <ostream>

#include "harness/base/exit_code.h"
#include "harness/runner/registry.h"

namespace CLI {
class App;
}

namespace tales {

// What a verb is given, and where it leaves its exit code. Lives until RunCli returns.
struct CliContext {
  const Registry& registry;
  std::ostream& out;  // for people and pipes: the verb's answer
  std::ostream& err;  // trouble, one line each
  int exit_code = kExitOk;
};

// Parses `argv`, runs the verb and returns the exit code; usage errors are 2. The self-tests call it with a registry of
// their own. Not thread-safe, once per process.
int RunCli(const Registry& registry, int argc, char** argv);

// One per verb that needs nothing but the registry; each adds its sub-command with a callback.
void AddListCommand(CLI::App& app, CliContext& context);
void AddVerifyCommand(CLI::App& app, CliContext& context);
void AddWorkerCommand(CLI::App& app, CliContext& context);  // hidden: what `verify` starts

}  // namespace tales
