#include "reports/history.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace tales::reports {
namespace {

constexpr int kEnoughAnswers = 7;  // before that a red check is unproven
constexpr int kBrokenFrom = 3;     // red runs in a row

// The facts whose change is a point to compare before and after.
constexpr std::string_view kPoints[] = {"talos.version", "kubernetes.version", "cilium.version", "nodes.total",
                                        "nodes.schedulable"};
// The facts that have to be alike for two runs to be of one history.
constexpr std::string_view kSameCluster[] = {"fixture", "simulated", "cluster"};

enum class Answer { kNone, kGood, kRed };

Answer AnswerOf(const Result* result) {
  if (result == nullptr) return Answer::kNone;
  switch (result->verdict) {
    case Verdict::kPassed:
    case Verdict::kResolved:
    case Verdict::kFlaky:
      return Answer::kGood;
    case Verdict::kFailed:
      return Answer::kRed;
    case Verdict::kError:
      return result->IsAnswer() ? Answer::kRed : Answer::kNone;
    default:
      return Answer::kNone;
  }
}

Counts CountIn(const std::vector<const Result*>& results, size_t begin, size_t end) {
  Counts counts;
  for (size_t i = begin; i < end; ++i) {
    const Answer answer = AnswerOf(results[i]);
    counts.answers += answer != Answer::kNone;
    counts.red += answer == Answer::kRed;
  }
  return counts;
}

// Lengths of the red streaks, oldest first, and what stands around the last of them.
struct Streaks {
  std::vector<int> red;
  bool ends_red = false;
  int passes_before_last = 0;  // in a row, directly before the last red streak
  bool retried = false;        // passed on a retry somewhere
};

Streaks StreaksOf(const std::vector<const Result*>& results) {
  Streaks streaks;
  int passes = 0;
  for (const Result* result : results) {
    const Answer answer = AnswerOf(result);
    if (answer == Answer::kNone) continue;
    streaks.retried = streaks.retried || result->verdict == Verdict::kFlaky;
    if (answer == Answer::kGood) {
      streaks.ends_red = false;
      ++passes;
      continue;
    }
    if (!streaks.ends_red) {
      streaks.red.push_back(0);
      streaks.passes_before_last = std::exchange(passes, 0);
    }
    streaks.ends_red = true;
    ++streaks.red.back();
  }
  return streaks;
}

Trend TrendOf(const CheckHistory& check) {
  if (check.results.back() != nullptr && check.results.back()->verdict == Verdict::kKnown) return Trend::kKnown;
  if (check.window.answers == 0) return Trend::kUnjudged;
  const Streaks streaks = StreaksOf(check.results);
  const bool mixed = streaks.red.size() > 1 || streaks.retried;
  if (!streaks.ends_red) {
    if (mixed) return Trend::kFlaky;
    if (streaks.red.empty()) return Trend::kSteady;
    return streaks.red.back() >= kBrokenFrom ? Trend::kFixed : Trend::kFlaky;
  }
  if (streaks.red.back() >= kBrokenFrom) return Trend::kBroken;
  if (check.window.answers < kEnoughAnswers) return Trend::kUnproven;
  if (mixed) return Trend::kFlaky;
  return streaks.red.back() > 1 && streaks.passes_before_last >= kEnoughAnswers ? Trend::kRegression : Trend::kNew;
}

double LogChoose(int n, int k) { return std::lgamma(n + 1.0) - std::lgamma(k + 1.0) - std::lgamma(n - k + 1.0); }

class Maker {
 public:
  explicit Maker(std::vector<ResultSet> runs) { history_.runs = std::move(runs); }

  absl::StatusOr<History> Make(size_t last) {
    std::stable_sort(history_.runs.begin(), history_.runs.end(),
                     [](const ResultSet& a, const ResultSet& b) { return When(a) < When(b); });
    KeepOneHistory();
    if (history_.runs.size() > last) {
      history_.runs.erase(history_.runs.begin(), history_.runs.end() - static_cast<std::ptrdiff_t>(last));
    }
    if (history_.runs.empty()) return absl::FailedPreconditionError("there is no run to tell the history of");
    for (size_t i = 0; i < history_.runs.size(); ++i) {
      history_.changes.push_back(i == 0 ? std::vector<FactChange>() : PointsBetween(i));
    }
    CollectChecks();
    for (CheckHistory& check : history_.checks) Judge(check);
    std::stable_sort(history_.checks.begin(), history_.checks.end(),
                     [](const CheckHistory& a, const CheckHistory& b) { return a.trend < b.trend; });
    return std::move(history_);
  }

 private:
  static std::string When(const ResultSet& set) { return set.started.empty() ? set.run : set.started; }

  // The newest run says which cluster this is; merged runs would count their parts twice.
  void KeepOneHistory() {
    const auto is_merged = [](const ResultSet& run) { return absl::EndsWith(run.run, "-merged"); };
    const auto newest = std::find_if_not(history_.runs.rbegin(), history_.runs.rend(), is_merged);
    if (newest == history_.runs.rend()) return;
    const std::vector<Fact> wanted = newest->facts;
    std::vector<ResultSet> kept;
    for (ResultSet& run : history_.runs) {
      const std::string why = is_merged(run) ? "merged from others" : Difference(run.facts, wanted);
      if (why.empty()) {
        kept.push_back(std::move(run));
      } else {
        history_.left_out.push_back(absl::StrCat(run.origin, ": ", why));
      }
    }
    history_.runs = std::move(kept);
  }

  static std::string Difference(const std::vector<Fact>& facts, const std::vector<Fact>& wanted) {
    for (std::string_view name : kSameCluster) {
      const std::string_view was = FactValue(facts, name), is = FactValue(wanted, name);
      if (was != is) return absl::StrCat(FactTitle(name), " is \"", was, "\", not \"", is, "\"");
    }
    return "";
  }

  std::vector<FactChange> PointsBetween(size_t i) const {
    std::vector<FactChange> changes;
    for (std::string_view name : kPoints) {
      const std::string was(FactValue(history_.runs[i - 1].facts, name)), is(FactValue(history_.runs[i].facts, name));
      if (was != is && !was.empty() && !is.empty()) changes.push_back({std::string(name), was, is});
    }
    return changes;
  }

  void CollectChecks() {
    absl::flat_hash_map<std::pair<std::string_view, std::string_view>, size_t> index;
    const size_t size = history_.runs.size();
    for (size_t run = size; run-- > 0;) {
      for (const Result& result : history_.runs[run].results) {
        const auto [it, is_new] = index.emplace(result.key(), history_.checks.size());
        if (is_new) {
          CheckHistory& check = history_.checks.emplace_back();
          check.label = result.label;
          check.results.resize(size, nullptr);
        }
        history_.checks[it->second].results[run] = &result;
      }
    }
  }

  // Where the red runs at the end begin; the size where the last answer is good.
  static size_t StartOfRed(const std::vector<const Result*>& results) {
    size_t start = results.size();
    for (size_t i = results.size(); i-- > 0;) {
      const Answer answer = AnswerOf(results[i]);
      if (answer == Answer::kGood) break;
      if (answer == Answer::kRed) start = i;
    }
    return start;
  }

  void Judge(CheckHistory& check) const {
    const size_t size = check.results.size();
    check.window = CountIn(check.results, 0, size);
    check.trend = TrendOf(check);
    size_t point = StartOfRed(check.results);
    for (size_t i = size; i-- > 1;) {
      if (history_.changes[i].empty()) continue;
      std::vector<std::string> parts;
      for (const FactChange& change : history_.changes[i]) {
        parts.push_back(absl::StrCat(FactTitle(change.name), " ", change.base, " -> ", change.head));
      }
      check.since = absl::StrJoin(parts, ", ");
      point = i;
      break;
    }
    check.basis = CountIn(check.results, 0, point);
    check.sample = CountIn(check.results, point, size);
    check.p = FisherP(check.basis, check.sample);
  }

  History history_;
};

}  // namespace

std::string_view ToString(Trend trend) {
  switch (trend) {
    case Trend::kRegression:
      return "regression";
    case Trend::kBroken:
      return "broken";
    case Trend::kNew:
      return "new";
    case Trend::kUnproven:
      return "unproven";
    case Trend::kFlaky:
      return "flaky";
    case Trend::kKnown:
      return "known";
    case Trend::kFixed:
      return "fixed";
    case Trend::kUnjudged:
      return "unjudged";
    case Trend::kSteady:
      return "steady";
  }
  return "steady";
}

double FisherP(Counts basis, Counts sample) {
  const int all = basis.answers + sample.answers, red = basis.red + sample.red;
  if (basis.answers == 0 || sample.answers == 0 || red == 0) return 1;
  double p = 0;
  for (int k = sample.red; k <= std::min(red, sample.answers); ++k) {
    if (red - k > basis.answers) continue;
    p += std::exp(LogChoose(sample.answers, k) + LogChoose(basis.answers, red - k) - LogChoose(all, red));
  }
  return std::min(p, 1.0);
}

int History::Count(Trend trend) const {
  return static_cast<int>(
      std::count_if(checks.begin(), checks.end(), [&](const CheckHistory& check) { return check.trend == trend; }));
}

absl::StatusOr<History> MakeHistory(std::vector<ResultSet> runs, size_t last) {
  return Maker(std::move(runs)).Make(last);
}

}  // namespace tales::reports
