#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "reports/clean_text.h"
#include "reports/compare.h"
#include "reports/markdown.h"

namespace tales::reports {
namespace {

constexpr size_t kLongestFound = 600;
constexpr size_t kFullEntries = 50;
constexpr size_t kNames = 200;

class Markdown {
 public:
  explicit Markdown(const Comparison& comparison) : comparison_(comparison) {}

  std::string Write() {
    absl::StrAppend(&out_, "# ", comparison_.IsRegression() ? "Regression" : "No regression", "\n\n",
                    Summary(comparison_), "\n\n");
    WriteRun("base", comparison_.base);
    WriteRun("head", comparison_.head);
    for (const std::string& note : comparison_.notes)
      absl::StrAppend(&out_, "\n> **Note:** ", MarkdownText(note), "\n");
    WriteFacts();
    for (Change change : kAllChanges) WriteChange(change);
    return std::move(out_);
  }

 private:
  void WriteRun(std::string_view label, const ResultSet& set) {
    const std::string& when = set.run.empty() ? set.started : set.run;  // a run's id starts with its time
    absl::StrAppend(&out_, "- ", label, ": ", MarkdownCode(set.origin), when.empty() ? "" : ", ", MarkdownText(when),
                    ", judged ", set.Judged(), " of ", set.results.size(), "\n");
  }

  void WriteFacts() {
    if (comparison_.facts.empty()) return;
    absl::StrAppend(&out_, "\n## What else changed\n\n");
    const auto shown = [](const std::string& value) {
      return value.empty() ? std::string("not told") : MarkdownCode(HeadAndTail(value, 200));
    };
    for (const FactChange& fact : comparison_.facts) {
      absl::StrAppend(&out_, "- ", MarkdownText(FactTitle(fact.name)), ": ", shown(fact.base), " -> ", shown(fact.head),
                      "\n");
    }
  }

  void WriteChange(Change change) {
    size_t count = 0;
    const bool in_full = change <= Change::kNewlyFlaky;
    for (const Difference& each : comparison_.differences) {
      if (each.change != change) continue;
      if (count++ == 0) {
        const std::string title(ToString(change));
        absl::StrAppend(&out_, "\n## ", std::string(1, static_cast<char>(title[0] - 'a' + 'A')), title.substr(1), " (",
                        comparison_.Count(change), ")\n\n");
      }
      if (count > kNames) continue;
      absl::StrAppend(&out_, "- ", MarkdownCode(each.either().label));
      WriteVerdicts(each);
      if (in_full && count <= kFullEntries && each.head != nullptr) {
        out_ += MarkdownBlock(HeadAndTail(each.head->found, kLongestFound), 2);
        if (!each.head->next.empty()) absl::StrAppend(&out_, "\n  next:\n", MarkdownBlock(each.head->next, 2));
      }
    }
    if (count > kNames) absl::StrAppend(&out_, "- and ", count - kNames, " more\n");
  }

  void WriteVerdicts(const Difference& each) {
    const auto word = [](const Result* result) {
      return result == nullptr ? std::string("not there") : MarkdownText(result->Word());
    };
    absl::StrAppend(&out_, ": ", word(each.base), " -> ", word(each.head), each.declared ? " (declared)" : "", "\n");
  }

  const Comparison& comparison_;
  std::string out_;
};

}  // namespace

std::string ToMarkdown(const Comparison& comparison) { return Markdown(comparison).Write(); }

}  // namespace tales::reports
