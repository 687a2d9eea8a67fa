// From what a look found to the event that says so.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/base/redactor.h"
#include "harness/check/outcome.h"
#include "harness/runner/event.h"

namespace tales {

// Verdict, issue and texts of `outcome`; the rest of `event` stays.
void Describe(const Outcome& outcome, WorkerEvent& event);

// Writes evidence, redacted and capped, below the run's artifacts; returns the paths relative to the run's folder. What
// cannot be written is left out: a lost artifact must not cost the verdict.
std::vector<std::string> KeepEvidence(const std::filesystem::path& run_folder, const Redactor& redactor,
                                      const std::string& check, const std::vector<Evidence>& evidence);

// One line of JSON, its texts redacted, whole, to `descriptor`; false when it cannot be written.
bool WriteEvent(int descriptor, const Redactor& redactor, WorkerEvent event, std::string_view token);

}  // namespace tales
