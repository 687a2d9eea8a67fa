// The run's folder: the journal, and the reports that follow it.
//
// Every event is redacted, appended to events.jsonl and applied to the model; junit.xml and report.json are replaced
// whole as verdicts come, so rarely that it costs less than a tenth of the time. Not thread-safe.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "harness/base/redactor.h"
#include "nlohmann/json.hpp"
#include "reports/run_model.h"

namespace tales {

class Recorder {
 public:
  // A new run: makes the folder (mode 0755). AlreadyExists where it holds a run.
  static absl::StatusOr<std::unique_ptr<Recorder>> Create(const std::filesystem::path& folder);
  // An earlier run, to go on with: the model is what its journal tells, a torn last line is cut off. NotFound,
  // DataLoss.
  static absl::StatusOr<std::unique_ptr<Recorder>> Reopen(const std::filesystem::path& folder);
  // Before the journal has its first event: reports of a run in which nothing could be judged yet. `run` as in the
  // journal.
  absl::Status WriteForeshadow(const nlohmann::json& run);
  // Takes back a run that never began: the empty journal and its reports.
  void Discard();
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  Redactor& redactor() { return redactor_; }
  // An error means that the run cannot be recorded (a full disk, a file that became read-only): it has to stop.
  absl::Status Record(const nlohmann::json& event);
  // To be called now and then (some times a second): flushes what has not reached the disk, renews the reports.
  absl::Status Tick();
  // Flushes and writes everything now; once the run has ended, report.html too.
  absl::Status WriteAll();

  const reports::RunModel& model() const { return model_; }
  const std::filesystem::path& folder() const { return folder_; }
  // Evidence of the runner's own (a worker's last words): redacted, capped, its path relative to the run's folder.
  absl::StatusOr<std::string> WriteEvidence(std::string_view check, std::string_view name, std::string_view content);

 private:
  Recorder(std::filesystem::path folder, int journal) : folder_(std::move(folder)), journal_(journal) {}
  absl::Status Flush();
  absl::Status WriteReports();
  absl::Status WriteReportsOf(const reports::RunModel& model);

  std::filesystem::path folder_;
  int journal_;
  Redactor redactor_;
  reports::RunModel model_;
  bool unflushed_ = false, stale_ = false;
  std::chrono::steady_clock::time_point flushed_{}, reported_{};
  std::chrono::steady_clock::duration cost_{};  // of the last writing of the reports
};

// The file name of evidence inside a run: "artifacts/health.kubelet.worker/kubelet.log". Both parts are made safe: no
// separators, no leading dot.
std::string EvidencePath(std::string_view check, std::string_view name);
// What is kept of it: redacted, fit to be shown, cut in the middle where it is longer than kEvidenceLimit.
std::string PrepareEvidence(const Redactor& redactor, std::string_view content);
inline constexpr size_t kEvidenceLimit = 1 << 20;  // bytes of one file

// Every string in `value` redacted.
void RedactStrings(const Redactor& redactor, nlohmann::json& value);

}  // namespace tales
