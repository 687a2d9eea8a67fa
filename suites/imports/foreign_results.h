// Results that other programs left behind, found in what `--import` names: a JUnit file, a folder (hydrophone), or a
// tarball (sonobuoy, the conformance image).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reports/junit_reader.h"

namespace tales::imports {

enum class Tool {
  kConformance,   // Kubernetes' e2e.test, whoever started it
  kConnectivity,  // `cilium connectivity test`
};

// One run of a tool.
struct ForeignResult {
  std::string origin;                          // "results.tar.gz: plugins/e2e/results/global/junit_01.xml"
  absl::StatusOr<reports::JUnitReport> junit;  // or why there is none that can be read
  std::string log;                             // what the program printed, where that is beside it; at most 16 MiB
};

struct ForeignResults {
  std::vector<ForeignResult> results;
  // What may have been meant for this tool and is nothing of it: not there, not readable, of no tool that we know. Each
  // tool gets them, as the other one may not be asked in this run.
  std::vector<absl::Status> strangers;
};

// Everything of `tool` in `imports`. What another tool left is passed by. `keep` (empty: nowhere) gets a copy of each
// JUnit file and log as they are: "1-junit_01.xml", "1-e2e.log".
ForeignResults ReadForeignResults(const std::vector<std::filesystem::path>& imports, Tool tool,
                                  const std::filesystem::path& keep = {});

// Whose JUnit it is; nullopt: nobody's that we know.
std::optional<Tool> ToolOf(const reports::JUnitReport& report);

}  // namespace tales::imports
