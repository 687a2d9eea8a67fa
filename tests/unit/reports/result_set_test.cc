#include "reports/result_set.h"

#include <algorithm>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "harness/base/file.h"
#include "tests/unit/reports/events.h"

namespace tales::reports {
namespace {

using ::tales::testing::StatusIs;
using ::testing::HasSubstr;

class LoadResultsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(TemporaryFolder folder, TemporaryFolder::Make("tales-results"));
    folder_.emplace(std::move(folder));
  }
  std::filesystem::path Write(std::string_view name, std::string_view text) const {
    std::ofstream(folder_->path() / name, std::ios::binary) << text;
    return folder_->path() / name;
  }
  std::optional<TemporaryFolder> folder_;
};

// Every verdict there is, with all that a report keeps of it.
std::vector<Event> AllVerdicts() {
  std::vector<Event> events = {RunEvent({{"version", "0.1.0"}, {"cluster", {{"talos", "v1.9.4"}, {"nodes", 2}}}})};
  for (Verdict verdict : kAllVerdicts) {
    const std::string name(ToString(verdict));
    events.push_back(Planned(absl::StrCat("h.a/", name)));
    if (verdict == Verdict::kFlaky) {
      events.push_back({{"event", "retry"}, {"check", "h.a/flaky"}, {"verdict", "failed"}, {"found", "first"}});
    }
    events.push_back(Finished(
        absl::StrCat("h.a/", name), name,
        {{"kind", "timeout"}, {"issue", verdict == Verdict::kKnown ? "KI" : ""}, {"found", "f"}, {"next", "n"}}));
  }
  events.push_back(Planned("h.never"));
  events.push_back(End(1));
  return events;
}

TEST_F(LoadResultsTest, EveryFileOfARunTellsTheSame) {
  std::string journal;
  for (const Event& event : AllVerdicts()) journal += event.dump() + "\n";
  const RunModel model = ModelOf(AllVerdicts());
  const ResultSet wanted = ResultsOf(model, "");
  for (const std::filesystem::path& path :
       {Write("events.jsonl", journal), Write("report.json", ToReportJson(model).dump(1)),
        Write("junit.xml", ToJUnit(model)), folder_->path()}) {
    ASSERT_OK_AND_ASSIGN(const ResultSet read, LoadResults(path));
    ASSERT_EQ(read.results.size(), wanted.results.size()) << path;
    EXPECT_EQ(read.run, wanted.run);
    EXPECT_EQ(read.started, "2025-03-02T01:00:00Z");
    EXPECT_TRUE(read.ours);
    EXPECT_EQ(FactValue(read.facts, "talos.version"), "v1.9.4");
    for (size_t i = 0; i < read.results.size(); ++i) {
      const Result& one = read.results[i];
      EXPECT_EQ(one.label, wanted.results[i].label);
      EXPECT_EQ(one.suite, wanted.results[i].suite);
      // JUnit has no word for it: it is a pass there, with a line in its output.
      if (one.label == "h.a/resolved" && path.extension() == ".xml") continue;
      EXPECT_EQ(one.Word(), wanted.results[i].Word()) << path << one.label;
    }
  }
}

TEST_F(LoadResultsTest, AReportIsTheRunOnceMore) {
  std::vector<Event> events = AllVerdicts();
  events.insert(events.end() - 1,
                {{{"event", "retry"}, {"check", "h.b"}, {"verdict", "failed"}, {"found", "first"}, {"duration", 1}},
                 Finished("h.b", "flaky", {{"evidence", {"artifacts/x"}}, {"duration", 2}})});
  const RunModel model = ModelOf(events);
  ASSERT_OK_AND_ASSIGN(const RunModel again, ReadReportJson(Write("report.json", ToReportJson(model).dump())));
  EXPECT_EQ(ToReportJson(again), ToReportJson(model));
}

TEST_F(LoadResultsTest, SaysWhatIsWrong) {
  EXPECT_THAT(LoadResults(folder_->path() / "none").status(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("none")));
  EXPECT_THAT(LoadResults(folder_->path()).status(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("no run is in")));
  EXPECT_THAT(LoadResults(Write("a", "")).status(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("empty")));
  EXPECT_THAT(LoadResults(Write("b", "hello")).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not XML")));
  EXPECT_THAT(LoadResults(Write("c", "{\"a\":")).status(),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("not JSON, or cut off")));
  EXPECT_THAT(LoadResults(Write("d", "{\"a\":1}")).status(),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("not a report.json")));
  for (const char* checks : {"[1]", "[{}]", "[{\"check\":\"a.b\",\"verdict\":\"green\"}]",
                             "[{\"check\":\"a.b\",\"verdict\":\"passed\",\"attempts\":3}]",
                             "[{\"check\":\"a.b\",\"verdict\":\"passed\",\"attempts\":[3]}]"}) {
    EXPECT_THAT(LoadResults(Write("e", absl::StrCat("{\"run\":{\"run\":\"x\"},\"checks\":", checks, "}"))).status(),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr("checks[0]")))
        << checks;
  }
}

TEST(ResultsOf, OfCasesWithOneNameTheWorstCounts) {
  const auto word = [](std::string_view cases) {
    absl::StatusOr<JUnitReport> report = ParseJUnit(absl::StrCat("<testsuite>", cases, "</testsuite>"), "x");
    const ResultSet set = ResultsOf(*std::move(report), "x");
    EXPECT_EQ(set.results.size(), 1u);
    return set.results[0].Word();
  };
  EXPECT_EQ(word("<testcase name='a'/><testcase name='a'><failure/></testcase>"), "failed");
  EXPECT_EQ(word("<testcase name='a'><failure/></testcase><testcase name='a'/>"), "failed");
  EXPECT_EQ(word("<testcase name='a'><skipped/></testcase><testcase name='a'/>"), "passed");
  EXPECT_EQ(word("<testcase name='a'><error type='t'/></testcase><testcase name='a'><failure/></testcase>"),
            "error (t)");
}

TEST(ResultsOf, TellsTheSuiteWhereThereAreSeveral) {
  absl::StatusOr<JUnitReport> report = ParseJUnit(
      "<testsuites><testsuite name='s'><testcase name='a'/><failure message='m'/></testsuite><testsuite name='t'>"
      "<testcase name='a' classname='T'/></testsuite></testsuites>",
      "x");
  ASSERT_OK(report);
  const ResultSet set = ResultsOf(*std::move(report), "x");
  ASSERT_EQ(set.results.size(), 3u);
  EXPECT_EQ(set.results[0].label, "s: a");
  EXPECT_EQ(set.results[1].label, "s: s (the suite itself)");
  EXPECT_EQ(set.results[2].label, "T: a");
  EXPECT_FALSE(set.ours);
}

TEST(ResultsOf, FindsTheReasonWhereverTheDialectPutsIt) {
  const auto found = [](std::string_view element) {
    absl::StatusOr<JUnitReport> report =
        ParseJUnit(absl::StrCat("<testsuite><testcase name='a'>", element, "</testcase></testsuite>"), "x");
    const ResultSet set = ResultsOf(*std::move(report), "x");
    return std::string(set.results[0].found);
  };
  EXPECT_EQ(found("<failure message=''>body</failure>"), "body");
  EXPECT_EQ(found("<failure message='a failed'>client -&gt; echo</failure>"), "a failed\nclient -> echo");
  EXPECT_EQ(found("<failure message='expected 1'>java: expected 1\n at x</failure>"), "expected 1");
}

}  // namespace
}  // namespace tales::reports
