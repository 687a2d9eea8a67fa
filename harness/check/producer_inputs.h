// What a person asked of producers (harness/runner/producer.h): plain values, in the run's request. Checks see them
// too: one that prepares a producer's run has to know which.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tales {

struct ProducerInputs {
  std::string conformance;                     // mode: "sample", "full", ...; "": none
  std::string conformance_runner;              // "process": e2e.test here; "cluster": in a pod. "": process
  std::string connectivity;                    // tests: "all", or as --test of cilium connectivity test; "": none
  std::vector<std::filesystem::path> imports;  // foreign results, absolute
};

std::string WriteProducerInputs(const ProducerInputs& inputs);  // JSON
absl::StatusOr<ProducerInputs> ParseProducerInputs(std::string_view json);

}  // namespace tales
