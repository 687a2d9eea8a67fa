#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "reports/history.h"
#include "reports/names.h"
#include "reports/text_writer.h"

namespace tales::reports {
namespace {

constexpr int kNamesShown = 12;

char Letter(const Result* result) {
  if (result == nullptr) return '-';
  switch (result->verdict) {
    case Verdict::kPassed:
    case Verdict::kResolved:
      return '.';
    case Verdict::kFailed:
      return 'F';
    case Verdict::kError:
      return 'E';
    case Verdict::kFlaky:
      return 'f';
    case Verdict::kKnown:
      return 'k';
    case Verdict::kMissing:
      return 'M';
    default:
      return 's';
  }
}

Colour ColourOf(Trend trend) {
  if (trend == Trend::kRegression || trend == Trend::kBroken) return Colour::kRed;
  return trend == Trend::kSteady || trend == Trend::kFixed ? Colour::kGreen : Colour::kYellow;
}

// What is told by name alone: of these there is nothing to explain.
bool IsNamedOnly(Trend trend) { return trend == Trend::kSteady || trend == Trend::kUnjudged; }

class Text {
 public:
  Text(const History& history, const HistoryTextOptions& options)
      : history_(history), options_(options), out_(options.width, options.colour) {}

  std::string Write() {
    out_.Wrapped("", Summary());
    for (size_t i = 1; i < history_.runs.size(); ++i) {
      for (const FactChange& change : history_.changes[i]) {
        out_.Entry(Colour::kNone, "changed",
                   absl::StrCat(FactTitle(change.name), " ", change.base, " -> ", change.head, " with run ", i + 1,
                                ", ", history_.runs[i].run));
      }
    }
    for (const std::string& one : history_.left_out) out_.Entry(Colour::kYellow, "left out", one);
    out_.Line();
    out_.Wrapped("",
                 "oldest first: . passed, F failed, E error, f passed on a retry, k known, s skipped, M missing, "
                 "- not there");
    for (const CheckHistory& check : history_.checks) {
      if (!IsNamedOnly(check.trend) || options_.all) WriteCheck(check);
    }
    if (!options_.all) {
      for (Trend trend : {Trend::kUnjudged, Trend::kSteady}) WriteNames(trend);
    }
    return out_.Take();
  }

 private:
  std::string Summary() const {
    std::vector<std::string> parts;
    for (Trend trend : kAllTrends) {
      if (history_.Count(trend) > 0) parts.push_back(absl::StrCat(history_.Count(trend), " ", ToString(trend)));
    }
    const size_t runs = history_.runs.size();
    return absl::StrCat(runs, runs == 1 ? " run" : " runs", " of ", history_.checks.size(), " checks, ",
                        history_.runs.front().run, " to ", history_.runs.back().run, ": ", absl::StrJoin(parts, ", "));
  }

  void WriteCheck(const CheckHistory& check) {
    std::string row;
    for (const Result* result : check.results) row += Letter(result);
    out_.Line();
    out_.Entry(ColourOf(check.trend), ToString(check.trend), check.label);
    out_.Command("runs", row);
    out_.Field("red", Numbers(check));
    const Result* last = check.results.back();
    if (last != nullptr && !IsNamedOnly(check.trend) && check.trend != Trend::kFixed) {
      out_.Field("last", last->found.empty() ? last->Word() : absl::StrCat(last->Word(), ": ", last->found));
    }
  }

  static std::string Numbers(const CheckHistory& check) {
    const Counts &sample = check.sample, &basis = check.basis;
    if (sample.answers == 0 || basis.answers == 0) return absl::StrCat(check.window.red, " of ", check.window.answers);
    const std::string recent = check.since.empty()
                                   ? absl::StrCat(sample.red, " of the last ", sample.answers)
                                   : absl::StrCat(sample.red, " of ", sample.answers, " since ", check.since);
    return absl::StrCat(recent, ", ", basis.red, " of the ", basis.answers, " before",
                        absl::StrFormat("; by chance with p = %.3f", check.p));
  }

  void WriteNames(Trend trend) {
    std::vector<std::string> names;
    for (const CheckHistory& check : history_.checks) {
      if (check.trend == trend) names.push_back(check.label);
    }
    if (names.empty()) return;
    out_.Line();
    out_.Entry(ColourOf(trend), ToString(trend),
               absl::StrCat(names.size(), names.size() == 1 ? " check: " : " checks: ", JoinNames(names, kNamesShown)));
  }

  const History& history_;
  const HistoryTextOptions& options_;
  TextWriter out_;
};

nlohmann::json ToJson(const Counts& counts) { return {{"red", counts.red}, {"answers", counts.answers}}; }

}  // namespace

std::string ToText(const History& history, const HistoryTextOptions& options) { return Text(history, options).Write(); }

nlohmann::json ToJson(const History& history) {
  using nlohmann::json;
  json out = {
      {"runs", json::array()}, {"left_out", history.left_out}, {"trends", json::object()}, {"checks", json::array()}};
  for (size_t i = 0; i < history.runs.size(); ++i) {
    const ResultSet& run = history.runs[i];
    json facts = json::object(), changes = json::array();
    for (const Fact& fact : run.facts) facts[fact.name] = fact.value;
    for (const FactChange& change : history.changes[i]) {
      changes.push_back({{"name", change.name}, {"base", change.base}, {"head", change.head}});
    }
    out["runs"].push_back({{"run", run.run},
                           {"origin", run.origin},
                           {"started", run.started},
                           {"ended", run.ended},
                           {"facts", std::move(facts)},
                           {"changes", std::move(changes)}});
  }
  for (Trend trend : kAllTrends) out["trends"][std::string(ToString(trend))] = history.Count(trend);
  for (const CheckHistory& check : history.checks) {
    json verdicts = json::array();
    for (const Result* result : check.results) {
      verdicts.push_back(result == nullptr ? json(nullptr) : json(ToString(result->verdict)));
    }
    out["checks"].push_back({{"check", check.label},
                             {"trend", ToString(check.trend)},
                             {"verdicts", std::move(verdicts)},
                             {"window", ToJson(check.window)},
                             {"basis", ToJson(check.basis)},
                             {"sample", ToJson(check.sample)},
                             {"since", check.since},
                             {"p", check.p}});
  }
  return out;
}

}  // namespace tales::reports
