#include "reports/compare.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/base/glob.h"

namespace tales::reports {
namespace {

// How a verdict stands in the table of compare.h.
enum class State { kGood, kRed, kKnown, kNotJudged, kNotThere };

State StateOf(const Result* result, bool is_base) {
  if (result == nullptr) return State::kNotThere;
  switch (result->verdict) {
    case Verdict::kPassed:
    case Verdict::kResolved:
    case Verdict::kFlaky:
      return State::kGood;
    case Verdict::kKnown:
      return State::kKnown;
    case Verdict::kFailed:
      return State::kRed;
    case Verdict::kError:
      // A run that broke down says nothing of the case; in HEAD that is red all the same.
      return is_base && !result->IsAnswer() ? State::kNotJudged : State::kRed;
    case Verdict::kMissing:
      return State::kNotThere;
    case Verdict::kUnsupported:
    case Verdict::kBlocked:
    case Verdict::kInconclusive:
      return State::kNotJudged;
  }
  return State::kRed;
}

Change ChangeOf(const Result* base, const Result* head) {
  const State was = StateOf(base, true), is = StateOf(head, false);
  switch (is) {
    case State::kRed:
      return was == State::kRed ? Change::kStillFailing : Change::kNewlyFailed;
    case State::kNotThere:
      return was == State::kNotJudged || was == State::kNotThere ? Change::kGone : Change::kMissing;
    case State::kNotJudged:
      if (was == State::kNotThere) return Change::kNew;
      return was == State::kNotJudged ? Change::kUnchanged : Change::kNewlySkipped;
    case State::kKnown:
      if (was == State::kNotThere) return Change::kNew;
      if (was == State::kNotJudged) return Change::kNewlyJudged;
      return was == State::kKnown ? Change::kUnchanged : Change::kNewlySkipped;
    case State::kGood:
      break;
  }
  if (head->verdict == Verdict::kFlaky && (base == nullptr || base->verdict != Verdict::kFlaky))
    return Change::kNewlyFlaky;
  switch (was) {
    case State::kRed:
    case State::kKnown:
      return Change::kFixed;
    case State::kNotJudged:
      return Change::kNewlyJudged;
    case State::kNotThere:
      return Change::kNew;
    case State::kGood:
      break;
  }
  return Change::kUnchanged;
}

bool IsDeclared(const Difference& difference, const std::vector<std::string>& globs) {
  if (difference.change != Change::kMissing && difference.change != Change::kNewlySkipped) return false;
  if (difference.head != nullptr && difference.head->verdict == Verdict::kKnown) return true;
  return std::any_of(globs.begin(), globs.end(),
                     [&](const std::string& glob) { return GlobMatches(glob, difference.either().label); });
}

// Facts that differ from run to run by their nature: a cluster that the run made has an authority of its own.
bool IsOfTheRunAlone(std::string_view name, const ResultSet& head) {
  const std::string_view fixture = FactValue(head.facts, "fixture");
  return name == "run" || (name == "authority" && !fixture.empty() && !FindsItsCluster(fixture));
}

std::vector<FactChange> FactChanges(const ResultSet& base, const ResultSet& head) {
  std::vector<FactChange> changes;
  const auto add = [&](const Fact& fact) {
    if (IsOfTheRunAlone(fact.name, head)) return;
    FactChange change{fact.name, std::string(FactValue(base.facts, fact.name)),
                      std::string(FactValue(head.facts, fact.name))};
    const bool is_told =
        std::any_of(changes.begin(), changes.end(), [&](const FactChange& each) { return each.name == change.name; });
    if (!is_told && change.base != change.head) changes.push_back(std::move(change));
  };
  for (const Fact& fact : base.facts) add(fact);
  for (const Fact& fact : head.facts) add(fact);
  return changes;
}

absl::Status RefuseOtherFixtures(const ResultSet& base, const ResultSet& head) {
  for (const char* name : {"fixture", "simulated"}) {
    const std::string_view was = FactValue(base.facts, name), is = FactValue(head.facts, name);
    if (was.empty() || is.empty() || was == is) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        base.origin, " has ", name, " ", was, ", ", head.origin, " has ", name, " ", is,
        ": what differs between them says nothing about a cluster. Add --across-fixtures if you want it all the same"));
  }
  return absl::OkStatus();
}

void AddNotes(Comparison& comparison, size_t in_both) {
  const auto note = [&](auto... parts) { comparison.notes.push_back(absl::StrCat(parts...)); };
  const ResultSet& base = comparison.base;
  const ResultSet& head = comparison.head;
  if (in_both == 0) note("not one case of HEAD is in BASE: are these two runs of the same thing?");
  for (const ResultSet* set : {&base, &head}) {
    if (!set->ended) note(set->origin, " has not ended: what it did not judge is an error in it");
  }
  if (head.Judged() == 0) note(head.origin, " judged nothing");
  for (const FactChange& fact : comparison.facts) {
    // How much was asked of those who bring verdicts of their own; a run that does not say was asked for none.
    if (base.ours && head.ours && (fact.name == "conformance.mode" || fact.name == "connectivity.tests")) {
      const auto asked = [](const std::string& value) { return value.empty() ? std::string("none") : value; };
      note("different ", FactTitle(fact.name), " (", asked(fact.base), ", ", asked(fact.head),
           "): a reason for missing and new cases");
    }
    if (fact.base.empty() || fact.head.empty()) continue;
    if (fact.name == "fixture" || fact.name == "simulated") note("different fixtures: ", fact.base, " and ", fact.head);
    if (fact.name == "authority") note("not the same cluster: the Kubernetes CA differs");
    if (fact.name == "profile" || fact.name == "tier") {
      note("a different ", fact.name, " (", fact.base, ", ", fact.head, ") is a reason for missing and new cases");
    }
    if (fact.name == "DryRun" && fact.head == "true") note("HEAD is a dry run: ginkgo calls all of it passed");
  }
  if (!base.started.empty() && !head.started.empty() && head.started < base.started) {
    note("HEAD is older than BASE: are they the right way round?");
  }
}

}  // namespace

std::string_view ToString(Change change) {
  switch (change) {
    case Change::kNewlyFailed:
      return "newly failed";
    case Change::kMissing:
      return "missing";
    case Change::kNewlySkipped:
      return "newly skipped";
    case Change::kStillFailing:
      return "still failing";
    case Change::kNewlyFlaky:
      return "newly flaky";
    case Change::kFixed:
      return "fixed";
    case Change::kNewlyJudged:
      return "newly judged";
    case Change::kNew:
      return "new";
    case Change::kGone:
      return "gone";
    case Change::kUnchanged:
      return "unchanged";
  }
  return "unchanged";
}

bool Difference::IsRegression() const {
  return change == Change::kNewlyFailed ||
         ((change == Change::kMissing || change == Change::kNewlySkipped) && !declared);
}

bool Comparison::IsRegression() const {
  return std::any_of(differences.begin(), differences.end(),
                     [](const Difference& each) { return each.IsRegression(); });
}

absl::StatusOr<Comparison> Compare(ResultSet base, ResultSet head, const CompareOptions& options) {
  if (base.Judged() == 0) {
    return absl::FailedPreconditionError(absl::StrCat(base.origin, ": judged nothing (", base.results.size(),
                                                      " cases): there is nothing to compare with"));
  }
  if (!options.across_fixtures) {
    if (absl::Status status = RefuseOtherFixtures(base, head); !status.ok()) return status;
  }
  Comparison comparison;
  comparison.base = std::move(base);
  comparison.head = std::move(head);
  comparison.facts = FactChanges(comparison.base, comparison.head);

  absl::flat_hash_map<std::pair<std::string_view, std::string_view>, const Result*> in_base;
  in_base.reserve(comparison.base.results.size());
  for (const Result& result : comparison.base.results) in_base.emplace(result.key(), &result);
  size_t in_both = 0;
  const auto add = [&](const Result* was, const Result* is) {
    Difference difference{.change = ChangeOf(was, is), .base = was, .head = is};
    ++comparison.counts[static_cast<size_t>(difference.change)];
    if (difference.change == Change::kUnchanged) return;
    difference.declared = IsDeclared(difference, options.declared);
    comparison.differences.push_back(difference);
  };
  for (const Result& result : comparison.head.results) {
    const auto found = in_base.find(result.key());
    if (found == in_base.end()) {
      add(nullptr, &result);
      continue;
    }
    ++in_both;
    add(std::exchange(found->second, nullptr), &result);
  }
  for (const Result& result : comparison.base.results) {
    if (in_base.at(result.key()) != nullptr) add(&result, nullptr);
  }
  std::stable_sort(comparison.differences.begin(), comparison.differences.end(),
                   [](const Difference& a, const Difference& b) { return a.change < b.change; });
  AddNotes(comparison, in_both);
  return comparison;
}

std::string Summary(const Comparison& comparison) {
  std::vector<std::string> regressions, others;
  for (Change change : kAllChanges) {
    if (comparison.Count(change) == 0) continue;
    const bool is_first =
        change == Change::kNewlyFailed || change == Change::kMissing || change == Change::kNewlySkipped;
    (is_first ? regressions : others).push_back(absl::StrCat(comparison.Count(change), " ", ToString(change)));
  }
  return absl::StrCat("compared ", comparison.head.results.size(), " with ", comparison.base.results.size(), ": ",
                      absl::StrJoin(regressions, ", "), regressions.empty() || others.empty() ? "" : "; ",
                      absl::StrJoin(others, ", "));
}

}  // namespace tales::reports
