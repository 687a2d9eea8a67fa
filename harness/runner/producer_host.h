// The inside of a producer's process.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "harness/check/cluster_access.h"
#include "harness/runner/registry.h"

namespace tales {

// What the runner gives it on its standard input, as JSON.
struct ProducerTask {
  ClusterAccess access;
  std::filesystem::path run_folder;
  std::string producer;
  ProducerInputs inputs;
};
std::string WriteProducerTask(const ProducerTask& task);
absl::StatusOr<ProducerTask> ParseProducerTask(std::string_view json);

// Runs the producer and writes events (event.h; the token is its id) to `spool`, a descriptor that is locked as long as
// this process lives (producer_process.h). Returns the exit code: 0 when all was said, 70 when it could not be written.
int RunProducer(const Registry& registry, const ProducerTask& task, int spool);

}  // namespace tales
