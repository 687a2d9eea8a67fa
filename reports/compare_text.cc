#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "reports/clean_text.h"
#include "reports/compare.h"
#include "reports/names.h"
#include "reports/text_writer.h"

namespace tales::reports {
namespace {

constexpr size_t kLongestFound = 600;
constexpr size_t kFullEntries = 30;  // with what was found; the rest is named
constexpr int kNamesShown = 12;

class Text {
 public:
  Text(const Comparison& comparison, const CompareTextOptions& options)
      : comparison_(comparison), options_(options), out_(options.width, options.colour) {}

  std::string Write() {
    const bool regression = comparison_.IsRegression();
    out_.Entry(regression ? Colour::kRed : Colour::kGreen, regression ? "regression" : "no regression",
               Summary(comparison_));
    WriteRun("base", comparison_.base);
    WriteRun("head", comparison_.head);
    for (const std::string& note : comparison_.notes) out_.Entry(Colour::kYellow, "note", note);
    WriteFacts();
    for (Change change : {Change::kNewlyFailed, Change::kMissing, Change::kNewlySkipped, Change::kNewlyFlaky}) {
      WriteInFull(change);
    }
    for (Change change : {Change::kStillFailing, Change::kFixed, Change::kNewlyJudged, Change::kNew, Change::kGone}) {
      WriteNames(change);
    }
    return out_.Take();
  }

 private:
  void WriteRun(std::string_view label, const ResultSet& set) {
    const std::string& when = set.run.empty() ? set.started : set.run;  // a run's id starts with its time
    out_.Entry(Colour::kNone, label,
               absl::StrCat(set.origin, when.empty() ? "" : ", ", when, ", judged ", set.Judged(), " of ",
                            set.results.size()));
  }

  void WriteFacts() {
    for (const FactChange& fact : comparison_.facts) {
      const auto shown = [](const std::string& value) { return value.empty() ? std::string("not told") : value; };
      out_.Entry(Colour::kNone, "changed",
                 absl::StrCat(FactTitle(fact.name), ": ", shown(fact.base), " -> ", shown(fact.head)));
    }
  }

  static Colour ColourOf(const Difference& difference) {
    if (difference.IsRegression()) return Colour::kRed;
    return difference.change == Change::kFixed ? Colour::kGreen : Colour::kYellow;
  }

  static std::string_view WhoDeclared(const Difference& one) {
    const bool known = one.head != nullptr && one.head->verdict == Verdict::kKnown;
    return known ? "a known issue of the cluster file: no regression" : "by --declared: no regression";
  }

  static std::string Word(const Result* result) { return result == nullptr ? "not there" : result->Word(); }

  // Cases of which the same is to be said are told once.
  struct Entry {
    const Difference* first;
    std::vector<std::string> names;
  };
  std::vector<Entry> EntriesOf(Change change) const {
    std::vector<Entry> entries;
    std::map<std::string, size_t> index;
    for (const Difference& each : comparison_.differences) {
      if (each.change != change) continue;
      std::string key = absl::StrCat(Word(each.base), "\n", Word(each.head), "\n", each.declared, "\n");
      if (each.head != nullptr) absl::StrAppend(&key, FoundIn(*each.head), "\n", each.head->next);
      const auto [it, is_new] = index.emplace(std::move(key), entries.size());
      if (is_new) entries.push_back({.first = &each, .names = {}});
      entries[it->second].names.emplace_back(each.either().label);
    }
    return entries;
  }

  // That a foreign case was skipped is all there is to say of it.
  static std::string FoundIn(const Result& result) {
    return result.kind == "skipped" ? "" : HeadAndTail(result.found, kLongestFound);
  }

  void WriteInFull(Change change) {
    size_t told = 0;
    std::vector<std::string> rest;
    for (const Entry& entry : EntriesOf(change)) {
      if (told++ >= kFullEntries && !options_.verbose) {
        rest.insert(rest.end(), entry.names.begin(), entry.names.end());
        continue;
      }
      const Difference& one = *entry.first;
      out_.Line();
      out_.Entry(ColourOf(one), ToString(change), Names(entry.names));
      out_.Field("before", Word(one.base));
      out_.Field("now", Word(one.head));
      if (one.head != nullptr) {
        out_.Field("found", FoundIn(*one.head));
        out_.Command("next", one.head->next);
      }
      if (one.declared) out_.Field("declared", WhoDeclared(one));
    }
    if (rest.empty()) return;
    out_.Line();
    out_.Entry(Colour::kYellow, ToString(change), absl::StrCat("and ", rest.size(), " more: ", Names(rest)));
  }

  void WriteNames(Change change) {
    std::vector<std::string> names;
    for (const Difference& each : comparison_.differences) {
      if (each.change == change) names.emplace_back(each.either().label);
    }
    if (names.empty()) return;
    out_.Line();
    out_.Entry(change == Change::kFixed ? Colour::kGreen : Colour::kYellow, ToString(change), Names(names));
  }

  // Names of checks fit on a line; names that are sentences have one each.
  std::string Names(const std::vector<std::string>& names) const {
    if (names.size() == 1) return names[0];
    const std::string count = absl::StrCat(names.size(), " cases:");
    const bool are_sentences = std::any_of(names.begin(), names.end(),
                                           [](const std::string& name) { return name.find(' ') != std::string::npos; });
    if (!are_sentences) return absl::StrCat(count, " ", JoinNames(names, options_.verbose ? 0 : kNamesShown));
    std::string out = count;
    for (int i = 0; i < static_cast<int>(names.size()); ++i) {
      if (i == kNamesShown && !options_.verbose) {
        return absl::StrCat(out, "\nand ", names.size() - static_cast<size_t>(i), " more; --verbose names them");
      }
      absl::StrAppend(&out, "\n- ", names[static_cast<size_t>(i)]);
    }
    return out;
  }

  const Comparison& comparison_;
  const CompareTextOptions& options_;
  TextWriter out_;
};

}  // namespace

std::string ToText(const Comparison& comparison, const CompareTextOptions& options) {
  return Text(comparison, options).Write();
}

}  // namespace tales::reports
