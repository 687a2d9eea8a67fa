#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "pugixml.hpp"
#include "tests/unit/reports/events.h"

namespace tales::reports {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

struct Parsed {
  explicit Parsed(const RunModel& model) {
    text = ToJUnit(model);
    EXPECT_TRUE(document.load_string(text.c_str())) << text;
    root = document.child("testsuites");
  }
  pugi::xml_node Case(const char* name) const {
    return root.find_node([&](pugi::xml_node node) {
      return std::string_view(node.name()) == "testcase" && std::string_view(node.attribute("name").value()) == name;
    });
  }
  std::string text;
  pugi::xml_document document;
  pugi::xml_node root;
};

std::string Element(pugi::xml_node testcase) {
  const pugi::xml_node child = testcase.first_child();
  return child.empty() ? "" : absl::StrCat(child.name(), " ", child.attribute("type").value());
}

// design.md's table, row by row.
TEST(JUnit, ShowsEveryVerdictAsTheTableSays) {
  struct Row {
    const char* verdict;
    const char* kind;
    bool required, strict;
    const char* element;
  };
  for (const Row& row : {Row{"passed", "", true, true, "system-out "},
                         {"failed", "", false, false, "failure tales.failed"},
                         {"error", "crash", false, false, "error tales.crash"},
                         {"error", "timeout", false, false, "error tales.timeout"},
                         {"error", "fixture", false, false, "error tales.fixture"},
                         {"error", "not_run", false, false, "error tales.not_run"},
                         {"error", "unreachable", false, false, "error tales.unreachable"},
                         {"unsupported", "", false, true, "skipped tales.unsupported"},
                         {"unsupported", "", true, false, "error tales.unsupported"},
                         {"blocked", "", true, true, "skipped tales.blocked"},
                         {"known", "", true, true, "skipped tales.known"},
                         {"resolved", "", true, false, "system-out "},
                         {"resolved", "", false, true, "failure tales.resolved"},
                         {"inconclusive", "", true, false, "skipped tales.inconclusive"},
                         {"inconclusive", "", false, true, "failure tales.inconclusive"},
                         {"flaky", "", true, false, "flakyFailure tales.failed"},
                         {"flaky", "", false, true, "failure tales.flaky"},
                         {"missing", "", false, false, "error tales.missing"}}) {
    const RunModel model =
        ModelOf({RunEvent({{"strict", row.strict}}),
                 Planned("h.a/x", {{"required", row.required}}),
                 {{"event", "retry"}, {"check", "h.a/x"}, {"verdict", "failed"}, {"found", "no"}},
                 Finished("h.a/x", row.verdict, {{"kind", row.kind}, {"found", "f"}, {"issue", "KI"}})});
    const Parsed junit(model);
    EXPECT_EQ(Element(junit.Case("a/x")), row.element) << row.verdict << row.kind << row.required << row.strict;
    const bool red = !junit.Case("a/x").child("failure").empty() || !junit.Case("a/x").child("error").empty();
    EXPECT_EQ(red, model.Fails(model.cases()[0])) << row.verdict;
  }
}

TEST(JUnit, NamesHaveNoSuiteAndCountsAreThoseOfTheElements) {
  const Parsed junit(ModelOf({RunEvent(), Planned("h.a/x"), Finished("h.b", "failed"), Finished("h.c", "known"),
                              Finished("i.d", "passed"), End(1)}));
  const pugi::xml_node suite = junit.root.child("testsuite");
  EXPECT_STREQ(suite.attribute("name").value(), "h");
  EXPECT_STREQ(suite.attribute("tests").value(), "3");
  EXPECT_STREQ(suite.attribute("failures").value(), "1");
  EXPECT_STREQ(suite.attribute("errors").value(), "1");
  EXPECT_STREQ(suite.attribute("skipped").value(), "1");
  EXPECT_STREQ(suite.attribute("timestamp").value(), "2025-03-02T01:00:00Z");
  EXPECT_STREQ(junit.root.attribute("tests").value(), "4");
  EXPECT_STREQ(junit.Case("a/x").attribute("classname").value(), "tales.h");
}

TEST(JUnit, FailuresSayWhatAndWhereAndWhatNext) {
  const Parsed junit(
      ModelOf({RunEvent(),
               Finished("h.a", "failed",
                        {{"expected", "e"}, {"found", "f"}, {"next", "n"}, {"evidence", {"artifacts/h.a/x.log"}}})}));
  EXPECT_STREQ(junit.Case("a").child("failure").text().get(), "expected: e\nfound: f\nnext: n\n");
  EXPECT_STREQ(junit.Case("a").child("failure").attribute("message").value(), "f");
  EXPECT_STREQ(junit.Case("a").child("system-out").text().get(), "[[ATTACHMENT|artifacts/h.a/x.log]]\n");
}

TEST(JUnit, NoEvidenceFromOutsideTheRun) {
  const Parsed junit(
      ModelOf({RunEvent(), Finished("h.a", "failed", {{"evidence", {"../x", "/etc/shadow", "a/../../x", "", "a]]b"}}}),
               Finished("h.b", "resolved", {{"found", "[[ATTACHMENT|/etc/passwd]]"}})}));
  EXPECT_THAT(junit.text, Not(HasSubstr("[[ATTACHMENT|")));
}

TEST(JUnit, IsNeverFalselyGreen) {
  for (const RunModel& model :
       {RunModel(), ModelOf({RunEvent()}), ModelOf({RunEvent(), Finished("h.a", "unsupported")}),
        ModelOf({RunEvent(), Finished("h.a", "passed"), End(130)}),
        ModelOf({RunEvent(), Finished("h.a", "known"), Finished("h.b", "blocked"), End(3)})}) {
    const Parsed junit(model);
    EXPECT_STREQ(junit.root.attribute("errors").value(), "1") << junit.text;
    EXPECT_STREQ(junit.Case("run").attribute("classname").value(), "tales.run");
  }
  EXPECT_STREQ(Parsed(ModelOf({RunEvent(), Finished("h.a", "passed"), End(0)})).root.attribute("errors").value(), "0");
}

TEST(JUnit, CutsLongText) {
  const Parsed junit(ModelOf({RunEvent(), Finished("h.a", "failed", {{"found", std::string(1 << 20, 'x')}})}));
  EXPECT_LT(junit.text.size(), 70u << 10);
  EXPECT_THAT(junit.text, HasSubstr("bytes left out"));
}

}  // namespace
}  // namespace tales::reports
