// What runs in a worker process: one batch of checks, as GoogleTest tests.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/check/cluster_access.h"
#include "harness/runner/planned_check.h"
#include "harness/runner/registry.h"

namespace tales {

// What the runner gives a worker on its standard input, as JSON.
struct WorkerTask {
  ClusterAccess access;
  std::filesystem::path run_folder;  // evidence goes to its artifacts/
  std::string token;                 // see event.h
  int64_t settle_until = 0;          // nanoseconds of the steady clock: one point in time for the whole run
  struct Item {
    std::string check, instance;
  };
  std::vector<Item> checks;
  ProducerInputs inputs;
};
std::string WriteWorkerTask(const WorkerTask& task);
absl::StatusOr<WorkerTask> ParseWorkerTask(std::string_view json);

// Looks at each check of the task once, in order, then again at those that may settle, in rounds, until all are final
// or the settle time is over; writes events to `descriptor`. Returns the process' exit code: 0 when every check has its
// verdict, 70 when the events could not be written. Once per process (GoogleTest's registry is global).
int RunWorker(const Registry& registry, const WorkerTask& task, int descriptor);

}  // namespace tales
