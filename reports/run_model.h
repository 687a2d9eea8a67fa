// A run, as its journal tells it: the one thing that every report is a projection of.
//
// The journal's events are those of reports/README.md: run, planned, started, finished, retry, end. Apply them in
// order; the model is complete and renderable after each of them. From the moment a check is planned it has a case,
// whose verdict is `error` / not_run until a finished event says otherwise: a report never lacks a case and never shows
// an unfinished one as green.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "harness/base/verdict.h"
#include "nlohmann/json.hpp"

namespace tales::reports {

// A failed first try of a case that was tried again.
struct Attempt {
  Verdict verdict = Verdict::kError;
  std::string kind;  // of kError, as in Case
  std::string found;
  double duration = 0;  // seconds
};

struct Case {
  std::string check;  // "health.kubelet/worker"
  std::string question;
  bool required = false;  // the profile requires it, or a flag asked for it
  bool started = false, finished = false;
  Verdict verdict = Verdict::kError;
  std::string error_kind = "not_run";  // of kError: crash, timeout, fixture, not_run, unreachable
  std::string issue;                   // KI-GARP
  std::string expected, found, next;   // of kBlocked: `found` is the red checks that it hangs on, "a, b"
  double duration = 0;                 // seconds
  std::vector<std::string> evidence;   // paths relative to the run's folder
  std::vector<Attempt> attempts;       // earlier ones

  std::string suite() const { return check.substr(0, check.find('.')); }
  std::string name() const;  // without the suite: "kubelet/worker"
  std::string Word() const;  // "failed", "error (crash)"
};

class RunModel {
 public:
  // InvalidArgument on an event that cannot be understood (a newer kind of event is skipped, not an error). Text is
  // cleaned on the way in (reports/clean_text.h): what the model holds can be written to a terminal, to XML and to
  // JSON.
  absl::Status Apply(const nlohmann::json& event);

  const nlohmann::json& run() const { return run_; }         // the first event, whole
  const std::vector<Case>& cases() const { return cases_; }  // in plan order
  const Case* Find(std::string_view check) const;
  std::optional<int> exit() const { return exit_; }           // none: the run has not ended (or was killed)
  const std::string& exit_reason() const { return reason_; }  // why no verdict explains the exit: "fixture local: ..."
  bool strict() const { return strict_; }
  bool simulated() const { return simulated_; }
  bool Fails(const Case& one) const;  // whether it makes this run fail
  std::map<Verdict, int> Counts() const;
  int Judged() const;
  // What the exit code has to be: 0, 1 (a verdict fails the run), 3 (nothing could be judged).
  int ExitCode() const;

 private:
  absl::Status ApplyRun(const nlohmann::json& event);
  absl::Status ApplyPlanned(const nlohmann::json& event);
  absl::Status ApplyStarted(const nlohmann::json& event);
  absl::Status ApplyRetry(const nlohmann::json& event);
  absl::Status ApplyFinished(const nlohmann::json& event);
  absl::Status ApplyEnd(const nlohmann::json& event);
  Case& At(const std::string& check);

  nlohmann::json run_;
  std::vector<Case> cases_;
  std::map<std::string, size_t, std::less<>> index_;
  std::optional<int> exit_;
  std::string id_, reason_;
  bool strict_ = false, simulated_ = false;
};

// Reads `events.jsonl`. A torn last line (the runner was killed while writing it) is left out; a damaged line in the
// middle is DataLoss with its number. NotFound, PermissionDenied.
absl::StatusOr<RunModel> ReadJournal(const std::filesystem::path& path);
// The same run from its report.json alone. NotFound, PermissionDenied; DataLoss says what is wrong and where.
absl::StatusOr<RunModel> ReadReportJson(const std::filesystem::path& path);

// Projections. Pure functions of the model; the same model gives the same bytes.
std::string ToJUnit(const RunModel& model);  // valid under Jenkins' junit-10.xsd
nlohmann::json ToReportJson(const RunModel& model);
struct TextOptions {
  bool colour = false;
  bool verbose = false;  // also the cases that passed
  int width = 100;
  std::string folder;  // the run's folder, for the line that says where the reports are; Default: no such line
};
std::string ToText(const RunModel& model, const TextOptions& options);  // what the terminal shows at the end
std::string ToMarkdown(const RunModel& model);                          // for the summary page of a CI server
std::string ToHtml(const RunModel& model);                              // one file, whole without scripts
// The first line of every summary: "judged 61 of 84: 59 passed, 2 known; 20 unsupported, 3 blocked".
std::string Summary(const RunModel& model);
std::string Summary(const std::map<Verdict, int>& counts);
// What it comes to: "all as expected", "2 checks fail the run", "nothing was judged", "interrupted", ...
std::string Answer(const RunModel& model);

}  // namespace tales::reports
