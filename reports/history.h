// Verdicts over time: is a red check a regression, a flake, or broken for long?
//
// The runs are those of one cluster in one kind of fixture, oldest first. Only answers count: what was skipped, not
// there, a known issue, or an error that says nothing of the check (fixture, not_run) is left out of every number.
//
//   known        a known issue of the cluster file is present in the last run
//   broken       red in the last three or more runs
//   unproven     red, with fewer than seven answers: too few to say more
//   flaky        red or passed at last, and mixed in the window; or passed on a retry
//   regression   red in the last two runs, after seven or more passes in a row
//   new          red in the last run, and passed before
//   fixed        passed at last, after a time of three or more red runs that was the only one
//   steady       passed in every run of the window
//   unjudged     no answer in the window
//
// Beside the word stand the counts: how often it was red since a point and before it, and how likely so large a part
// would be by chance (one-sided Fisher's exact test). The point is the last change of the cluster's facts in the window
// (an upgrade), else where the red runs at the end begin.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "reports/compare.h"
#include "reports/result_set.h"

namespace tales::reports {

enum class Trend { kRegression, kBroken, kNew, kUnproven, kFlaky, kKnown, kFixed, kUnjudged, kSteady };
// In the order in which they are told.
inline constexpr std::array kAllTrends = {Trend::kRegression, Trend::kBroken,   Trend::kNew,
                                          Trend::kUnproven,   Trend::kFlaky,    Trend::kKnown,
                                          Trend::kFixed,      Trend::kUnjudged, Trend::kSteady};
std::string_view ToString(Trend trend);  // "regression"

struct Counts {
  int red = 0, answers = 0;
};

// The probability of at least as many red ones in the sample, were sample and basis alike: one-sided Fisher. 1 where
// there is nothing to compare.
double FisherP(Counts basis, Counts sample);

struct CheckHistory {
  std::string label;
  std::vector<const Result*> results;  // one for each run; null where the run does not have it
  Trend trend = Trend::kSteady;
  Counts window, basis, sample;  // the whole window; before and since the point
  double p = 1;
  std::string since;  // what the point is: "Talos v1.9.4 -> v1.9.5", or "" for where the red runs begin
};

// Movable; the checks point into its runs.
struct History {
  History() = default;
  History(History&&) = default;
  History& operator=(History&&) = default;

  std::vector<ResultSet> runs;        // oldest first
  std::vector<std::string> left_out;  // runs that were given and are not in it, with the reason
  // runs[i] differs from runs[i-1] in these; empty for the first.
  std::vector<std::vector<FactChange>> changes;
  std::vector<CheckHistory> checks;  // by trend, then in the order of the newest run that has them

  int Count(Trend trend) const;
};

// `last`: how many runs, the newest. FailedPrecondition: there is no run.
absl::StatusOr<History> MakeHistory(std::vector<ResultSet> runs, size_t last);

struct HistoryTextOptions {
  bool colour = false;
  bool all = false;  // also the steady ones
  int width = 100;
};
std::string ToText(const History& history, const HistoryTextOptions& options);
nlohmann::json ToJson(const History& history);

}  // namespace tales::reports
