#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "reports/clean_text.h"
#include "reports/evidence_path.h"
#include "reports/facts.h"
#include "reports/groups.h"
#include "reports/html.h"
#include "reports/html_style.h"
#include "reports/run_model.h"

namespace tales::reports {
namespace {

constexpr size_t kLongestField = 16 << 10;
constexpr size_t kLongestFound = 200;  // of a case that passed
constexpr size_t kNamesInTitle = 3;

class Html {
 public:
  explicit Html(const RunModel& model) : model_(model), facts_(FactsOf(model.run())) {}

  std::string Write() {
    const std::string title = absl::StrCat("tales: ", Answer(model_));
    Add("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\n",
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n",
        // Whatever slips through: nothing is loaded and nothing is run.
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n",
        "<title>", HtmlText(title), "</title>\n<style>", kHtmlStyle, "</style></head><body>\n");
    WriteHead();
    WriteSuites();
    Add("</body></html>\n");
    return std::move(out_);
  }

 private:
  template <typename... Parts>
  void Add(const Parts&... parts) {
    absl::StrAppend(&out_, parts...);
  }

  void WriteHead() {
    const bool green = model_.exit() == 0 && model_.ExitCode() == 0;
    Add("<header><h1 class=\"", green ? "green" : "red", "\">", HtmlText(Answer(model_)), "</h1>\n<p>",
        HtmlText(Summary(model_)), "</p>\n");
    if (model_.simulated()) {
      Banner("SIMULATED: this cluster was made by tales itself; the run says nothing about a real one.");
    }
    if (!model_.exit_reason().empty()) {
      Banner(absl::StrCat("ended early: ", model_.exit_reason()));
    } else if (!model_.exit().has_value()) {
      Banner("The run has not ended: it still goes on, or it was killed.");
    }
    Add("<dl>");
    if (const std::string start = StartOf(model_.run()); !start.empty()) Fact("started", start);
    for (const reports::Fact& fact : facts_) Fact(FactTitle(fact.name), fact.value);
    Add("</dl></header>\n");
  }

  void Banner(std::string_view text) { Add("<p class=\"banner\">", HtmlText(text), "</p>\n"); }
  void Fact(std::string_view title, std::string_view value) {
    Add("<dt>", HtmlText(title), "</dt><dd>", HtmlText(value), "</dd>");
  }

  struct Suite {
    std::string name;
    int red = 0;
    std::map<Verdict, int> counts;
  };

  std::vector<Suite> SuitesRedFirst() const {
    std::vector<Suite> suites;
    std::map<std::string, size_t> index;
    for (const Case& one : model_.cases()) {
      const auto [it, is_new] = index.emplace(one.suite(), suites.size());
      if (is_new) suites.push_back({.name = one.suite(), .counts = {}});
      ++suites[it->second].counts[one.verdict];
      suites[it->second].red += model_.Fails(one);
    }
    std::stable_partition(suites.begin(), suites.end(), [](const Suite& suite) { return suite.red > 0; });
    return suites;
  }

  void WriteSuites() {
    for (const Suite& suite : SuitesRedFirst()) {
      Add("<details class=\"suite\"", suite.red > 0 ? " open=\"\"" : "", "><summary><span class=\"",
          suite.red > 0 ? "red" : "green", "\">", HtmlText(suite.name), "</span> <span class=\"soft\">",
          HtmlText(Summary(suite.counts)), "</span></summary>\n");
      for (const Group& group : RedGroups(model_, suite.name)) WriteGroup(group, true);
      for (Verdict verdict : kToldQuietly) {
        for (const Group& group : QuietGroups(model_, verdict, suite.name)) WriteGroup(group, false);
      }
      WritePassed(suite);
      Add("</details>\n");
    }
  }

  static std::string Title(const Group& group) {
    std::string title;
    for (size_t i = 0; i < std::min(group.checks.size(), kNamesInTitle); ++i) {
      absl::StrAppend(&title, i == 0 ? "" : ", ", group.checks[i]);
    }
    if (group.checks.size() > kNamesInTitle) {
      absl::StrAppend(&title, " and ", group.checks.size() - kNamesInTitle, " more");
    }
    return title;
  }

  // `red`: it fails the run, and is open from the start.
  void WriteGroup(const Group& group, bool red) {
    const Case& one = *group.first;
    Add("<details class=\"case", red ? "\" open=\"\"" : " quiet\"", "><summary><b class=\"", red ? "red" : "amber",
        "\">", HtmlText(one.Word()), "</b> <code>", HtmlText(Title(group)), "</code></summary>\n");
    if (!one.question.empty()) Add("<p class=\"soft\">", HtmlText(OneLine(one.question)), "</p>");
    Add("<dl>");
    if (!red) Field("why", Reason(model_, one));
    if (red && one.required && one.verdict == Verdict::kUnsupported) Field("required", "by the profile or a flag");
    Field("expected", red ? one.expected : "");
    Field("found", red ? FoundOf(one) : "");
    Field("next", one.next);
    for (const Attempt& attempt : one.attempts) {
      Field("before", absl::StrCat(ToString(attempt.verdict), ": ", attempt.found));
    }
    Add("</dl>");
    WriteEvidence(one);
    if (group.checks.size() > kNamesInTitle) WriteNames("all of them", group.checks);
    if (!group.blocks.empty()) WriteNames("could not be judged because of it", group.blocks);
    Add("</details>\n");
  }

  void Field(std::string_view name, std::string_view text) {
    if (text.empty()) return;
    Add("<dt>", name, "</dt><dd><pre>", HtmlText(HeadAndTail(text, kLongestField)), "</pre></dd>");
  }

  void WriteEvidence(const Case& one) {
    for (const std::string& path : one.evidence) {
      if (!IsInsideTheRun(path)) continue;
      Add("<p>evidence <a href=\"", HtmlHref(path), "\"><code>", HtmlText(path), "</code></a></p>\n");
    }
  }

  void WriteNames(std::string_view what, const std::vector<std::string>& names) {
    Add("<details><summary>", names.size(), " checks: ", what, "</summary><ul class=\"names\">");
    for (const std::string& name : names) Add("<li><code>", HtmlText(name), "</code></li>\n");
    Add("</ul></details>\n");
  }

  void WritePassed(const Suite& suite) {
    const auto passed = suite.counts.find(Verdict::kPassed);
    if (passed == suite.counts.end()) return;
    Add("<details><summary class=\"green\">", passed->second, " passed</summary><ul class=\"names\">");
    for (const Case& one : model_.cases()) {
      if (one.verdict != Verdict::kPassed || one.suite() != suite.name) continue;
      Add("<li><code>", HtmlText(one.name()), "</code> <span class=\"soft\">", absl::StrFormat("%.2f s", one.duration),
          one.found.empty() ? "" : "; ", HtmlText(OneLine(HeadAndTail(one.found, kLongestFound))), "</span>");
      for (const Attempt& attempt : one.attempts) {
        Add("<br/>before: ", HtmlText(OneLine(absl::StrCat(ToString(attempt.verdict), ": ",
                                                           HeadAndTail(attempt.found, kLongestFound)))));
      }
      WriteEvidence(one);
      Add("</li>\n");
    }
    Add("</ul></details>\n");
  }

  const RunModel& model_;
  const std::vector<reports::Fact> facts_;
  std::string out_;
};

}  // namespace

std::string ToHtml(const RunModel& model) { return Html(model).Write(); }

}  // namespace tales::reports
