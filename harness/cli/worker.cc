#include "harness/runner/worker.h"

#include <cstdio>
#include <iostream>
#include <iterator>

#include "CLI/App.hpp"
#include "harness/cli/cli.h"
#include "harness/runner/producer_host.h"
#include "harness/runner/worker_process.h"

namespace tales {

namespace {

// What the runner wrote on standard input, read as the task that `parse` knows.
template <typename Task>
bool ReadTask(CliContext& context, absl::StatusOr<Task> (*parse)(std::string_view), Task& task) {
  absl::StatusOr<Task> parsed = parse(std::string(std::istreambuf_iterator<char>(std::cin), {}));
  if (!parsed.ok()) {
    context.err << "tales worker: " << parsed.status().message() << "\n";
    context.exit_code = kExitUsage;
    return false;
  }
  task = *std::move(parsed);
  return true;
}

}  // namespace

void AddWorkerCommand(CLI::App& app, CliContext& context) {
  CLI::App* worker = app.add_subcommand("worker", "Runs one batch of checks, or a producer, for a running verify");
  worker->group("");  // hidden: not for people
  const auto producer = std::make_shared<bool>(false);
  worker->add_flag("--producer", *producer);
  worker->callback([&context, producer] {
    if (*producer) {
      ProducerTask task;
      if (!ReadTask(context, ParseProducerTask, task)) return;
      context.exit_code = RunProducer(context.registry, task, kEventDescriptor);
    } else {
      WorkerTask task;
      if (!ReadTask(context, ParseWorkerTask, task)) return;
      context.exit_code = RunWorker(context.registry, task, kEventDescriptor);
    }
  });
}

}  // namespace tales
