#include "harness/runner/worker.h"

#include <cstdio>
#include <iostream>
#include <iterator>

#include "CLI/App.hpp"
#include "harness/cli/cli.h"
#include "harness/runner/worker_process.h"

namespace tales {

void AddWorkerCommand(CLI::App& app, CliContext& context) {
  CLI::App* worker = app.add_subcommand("worker", "Runs one batch of checks for a running verify");
  worker->group("");  // hidden: not for people
  worker->callback([&context] {
    const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
    const absl::StatusOr<WorkerTask> task = ParseWorkerTask(text);
    if (!task.ok()) {
      context.err << "tales worker: " << task.status().message() << "\n";
      context.exit_code = kExitUsage;
      return;
    }
    context.exit_code = RunWorker(context.registry, *task, kEventDescriptor);
  });
}

}  // namespace tales
