#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "pugixml.hpp"
#include "reports/html.h"
#include "tests/unit/reports/events.h"

namespace tales::reports {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(HtmlText, IsNeverMarkup) {
  EXPECT_EQ(HtmlText("<a b='c' d=\"e\">&amp;"), "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;amp;");
}

TEST(HtmlHref, LeadsNowhereElse) {
  EXPECT_EQ(HtmlHref("artifacts/a b/x.log"), "./artifacts/a%20b/x.log");
  EXPECT_EQ(HtmlHref("javascript:alert(1)"), "./javascript%3Aalert%281%29");
  EXPECT_EQ(HtmlHref("\"><script>"), "./%22%3E%3Cscript%3E");
}

TEST(HtmlReport, SaysTheAnswerFirst) {
  const auto page = [](std::vector<Event> events) {
    events.insert(events.begin(), RunEvent());
    return ToHtml(ModelOf(events));
  };
  EXPECT_THAT(page({Finished("h.a", "passed"), End(0)}), HasSubstr("<h1 class=\"green\">all as expected</h1>"));
  EXPECT_THAT(page({Finished("h.a", "failed"), End(1)}), HasSubstr("<h1 class=\"red\">1 check fails the run</h1>"));
  EXPECT_THAT(page({Finished("h.a", "passed")}), HasSubstr("<h1 class=\"red\">the run has not ended</h1>"));
  EXPECT_THAT(page({Finished("h.a", "unsupported"), End(3)}), HasSubstr("<h1 class=\"red\">nothing was judged</h1>"));
  EXPECT_THAT(page({Finished("h.a", "passed"), End(130)}), HasSubstr("<h1 class=\"red\">interrupted</h1>"));
  EXPECT_THAT(page({Finished("h.a", "passed"), End(3)}),
              HasSubstr("<h1 class=\"red\">the run ended with trouble</h1>"));
  EXPECT_THAT(page({Finished("h.a", "passed"), End(0)}), HasSubstr("SIMULATED"));
}

TEST(HtmlReport, RedSuitesAreFirstAndOpen) {
  const std::string page =
      ToHtml(ModelOf({RunEvent(), Finished("a.a", "passed"), Finished("z.a", "failed", {{"found", "down"}}),
                      Finished("z.b", "blocked", {{"found", "z.a"}}), End(1)}));
  EXPECT_LT(page.find("<details class=\"suite\" open=\"\"><summary><span class=\"red\">z"),
            page.find("<details class=\"suite\"><summary><span class=\"green\">a"));
  EXPECT_THAT(page, HasSubstr("could not be judged because of it"));
}

TEST(HtmlReport, NothingOfOthersBecomesMarkup) {
  const std::string evil = "\"'><script>alert(1)</script><img src=x onerror=y>&";
  const std::string page = ToHtml(ModelOf(
      {RunEvent({{"run", evil}, {"fixture", evil}, {"cluster", {{"name", evil}, {"talos", evil}}}}),
       Planned("h.a" + evil, {{"question", evil}}),
       {{"event", "retry"}, {"check", "h.a" + evil}, {"verdict", "error"}, {"kind", evil}, {"found", evil}},
       Finished("h.a" + evil, "failed",
                {{"expected", evil}, {"found", evil}, {"next", evil}, {"evidence", {evil, "javascript:alert(1)"}}}),
       Finished("s" + evil + ".b", "error", {{"kind", evil}, {"found", evil}}),
       Finished("h.c", "known", {{"issue", evil}, {"found", evil}}),
       Finished("h.d", "passed", {{"found", evil}}),
       {{"event", "end"}, {"exit", 1}, {"reason", evil}}}));
  // Well-formed as XML too, so that a parser sees what is an element and what is not.
  pugi::xml_document document;
  ASSERT_TRUE(document.load_string(page.c_str()));
  EXPECT_TRUE(document.select_nodes("//script | //img | //iframe | //@onerror").empty());
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("<img")));
  EXPECT_THAT(page, Not(HasSubstr("href=\"javascript")));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

TEST(HtmlReport, LinksOnlyEvidenceOfTheRun) {
  const std::string page = ToHtml(
      ModelOf({RunEvent(),
               Finished("h.a", "failed", {{"evidence", {"artifacts/h.a/x.log", "../../etc/passwd", "/etc/passwd"}}})}));
  EXPECT_THAT(page, HasSubstr("<a href=\"./artifacts/h.a/x.log\">"));
  EXPECT_THAT(page, Not(HasSubstr("passwd")));
}

TEST(HtmlReport, StaysUsableWithThousandsOfCases) {
  std::vector<Event> events = {RunEvent()};
  for (int i = 0; i < 6626; ++i) {
    const char* verdict = i % 100 == 0 ? "failed" : i % 3 == 0 ? "passed" : "unsupported";
    events.push_back(Finished(absl::StrCat("conformance.case/[sig-storage] In-tree Volumes number ", i), verdict,
                              {{"found", i % 100 == 0 ? absl::StrCat("reason ", i) : "skipped"}}));
  }
  const std::string page = ToHtml(ModelOf(events));
  EXPECT_LT(page.size(), 2u << 20);
  EXPECT_THAT(page, HasSubstr("and 4370 more"));
}

}  // namespace
}  // namespace tales::reports
