// Two runs side by side: what is different, and whether that is a regression.
//
// A case is the same case when suite, check and instance are. What counts is whether it was judged, and how:
//
//   base \ head        good             red              not judged         not there
//   good               -                newly failed     newly skipped      missing
//   red                fixed            still failing    newly skipped      missing
//   known issue        fixed            newly failed     newly skipped      missing
//   not judged         newly judged     newly failed     -                  gone
//   not there          new              newly failed     new
//
// good is passed, resolved or flaky; red is failed or error; not judged is unsupported, blocked, inconclusive or
// skipped, and in the base also an error of kind not_run or fixture. Good that became flaky is newly flaky. What became
// a known issue is newly skipped, and declared: the ledger's entry says so. A verdict `missing` is "not there". Newly
// failed, missing and newly skipped are regressions, the last two unless they are declared.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "reports/result_set.h"

namespace tales::reports {

enum class Change {
  kNewlyFailed,
  kMissing,
  kNewlySkipped,
  kStillFailing,
  kNewlyFlaky,
  kFixed,
  kNewlyJudged,
  kNew,
  kGone,
  kUnchanged,
};
// In the order in which they are told.
inline constexpr std::array kAllChanges = {
    Change::kNewlyFailed, Change::kMissing,     Change::kNewlySkipped, Change::kStillFailing, Change::kNewlyFlaky,
    Change::kFixed,       Change::kNewlyJudged, Change::kNew,          Change::kGone,         Change::kUnchanged};
std::string_view ToString(Change change);  // "newly failed"

struct Difference {
  Change change = Change::kUnchanged;
  const Result* base = nullptr;  // null: not there
  const Result* head = nullptr;
  bool declared = false;  // missing or newly skipped on purpose

  bool IsRegression() const;
  const Result& either() const { return head != nullptr ? *head : *base; }
};

struct FactChange {
  std::string name, base, head;  // "" where that run does not say
};

struct CompareOptions {
  std::vector<std::string> declared;  // globs over labels: may be missing or skipped in HEAD
  bool across_fixtures = false;       // a lab beside a real cluster
};

// Movable; the differences point into its own sets.
struct Comparison {
  Comparison() = default;
  Comparison(Comparison&&) = default;
  Comparison& operator=(Comparison&&) = default;

  ResultSet base, head;
  std::vector<std::string> notes;       // what a reader has to know before the rest
  std::vector<FactChange> facts;        // those that differ
  std::vector<Difference> differences;  // without the unchanged; by change, then in the order of HEAD, then of BASE
  std::array<int, kAllChanges.size()> counts{};  // by Change

  int Count(Change change) const { return counts[static_cast<size_t>(change)]; }
  bool IsRegression() const;
};

// FailedPrecondition: BASE judged nothing, so that nothing can be said. InvalidArgument: fixtures (or a simulated and a
// real cluster) that are not to be compared.
absl::StatusOr<Comparison> Compare(ResultSet base, ResultSet head, const CompareOptions& options);

// Projections.
struct CompareTextOptions {
  bool colour = false;
  bool verbose = false;  // all names, however many
  int width = 100;
};
std::string ToText(const Comparison& comparison, const CompareTextOptions& options);
std::string ToMarkdown(const Comparison& comparison);
nlohmann::json ToJson(const Comparison& comparison);
// "compared 51 with 51: 1 newly failed, 1 missing; 2 still failing, 1 fixed, 46 unchanged".
std::string Summary(const Comparison& comparison);

}  // namespace tales::reports
