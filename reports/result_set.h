// The verdicts of one run, wherever they were written down: what comparing, merging and history start from.
//
//   TALES_ASSIGN_OR_RETURN(const ResultSet base, LoadResults("runs/before"));
//
// A run's folder, an events.jsonl, a report.json, or anybody's JUnit.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/base/verdict.h"
#include "reports/facts.h"
#include "reports/junit_reader.h"
#include "reports/run_model.h"

namespace tales::reports {

// Text is that of the set's owner.
struct Result {
  std::string_view suite;  // "health"; of foreign JUnit the classname, else the suite's path
  std::string_view name;   // check and instance, "kubelet/worker"; of foreign JUnit without ginkgo's "[It] "
  std::string_view label;  // as a person knows it: "health.kubelet/worker", "[sig-network] DNS ..."
  // Foreign `skipped` is kUnsupported, of kind "skipped".
  Verdict verdict = Verdict::kError;
  std::string_view kind;  // of kError: crash, timeout, fixture, not_run, unreachable, ...
  std::string_view issue, found, next;

  std::string Word() const;  // "passed", "error (timeout)", "known (KI-GARP)", "skipped"
  // Whether it says something of the case: it was looked at, and what went wrong was not the run as a whole (never run,
  // no fixture).
  bool IsAnswer() const;
  std::pair<std::string_view, std::string_view> key() const { return {suite, name}; }
};

struct ResultSet {
  std::string origin;   // the path that it was read from
  std::string run;      // its id; "" for foreign JUnit
  std::string started;  // RFC 3339; "" where nothing says so
  bool ours = false;    // written by tales: names can be matched with checks
  bool ended = true;    // false: the run was killed, or still goes on
  std::vector<Fact> facts;
  std::vector<Result> results;        // no two with the same key
  std::shared_ptr<const void> owner;  // of their text; shared by copies of the set

  int Judged() const;
};

// NotFound, PermissionDenied, DataLoss, InvalidArgument: each with the path and what is wrong with it.
absl::StatusOr<ResultSet> LoadResults(const std::filesystem::path& path);

ResultSet ResultsOf(RunModel model, std::string origin);
// Of several cases with the same name the worst counts: a repeated name is more often two cases than a second try.
ResultSet ResultsOf(JUnitReport report, std::string origin);

}  // namespace tales::reports
