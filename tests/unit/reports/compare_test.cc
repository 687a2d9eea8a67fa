#include "reports/compare.h"

#include <algorithm>
#include <initializer_list>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "tests/unit/reports/events.h"
#include "tests/unit/reports/golden.h"

namespace tales::reports {
namespace {

using ::tales::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

ResultSet Set(std::vector<Event> events, Event run = Event::object()) {
  events.insert(events.begin(), RunEvent(std::move(run)));
  events.push_back(End(0));
  return ResultsOf(ModelOf(events), "runs/x");
}

ResultSet Verdicts(std::initializer_list<std::pair<const char*, const char*>> verdicts) {
  std::vector<Event> events;
  for (const auto& [check, verdict] : verdicts) events.push_back(Finished(check, verdict));
  return Set(std::move(events));
}

Comparison CompareOk(ResultSet base, ResultSet head, const CompareOptions& options = {}) {
  absl::StatusOr<Comparison> comparison = Compare(std::move(base), std::move(head), options);
  EXPECT_OK(comparison);
  return comparison.ok() ? *std::move(comparison) : Comparison();
}

// What one case became; "" is a case that is not there.
Change ChangeOf(std::string_view was, std::string_view is) {
  const auto events = [](std::string_view verdict) {
    std::vector<Event> all = {Finished("h.other", "passed")};
    if (verdict == "not_run") all.push_back(Planned("h.a"));
    if (!verdict.empty() && verdict != "not_run") all.push_back(Finished("h.a", std::string(verdict)));
    return all;
  };
  const Comparison comparison = CompareOk(Set(events(was)), Set(events(is)));
  return comparison.differences.empty() ? Change::kUnchanged : comparison.differences[0].change;
}

TEST(Compare, EveryPairOfVerdicts) {
  for (const char* good : {"passed", "resolved", "flaky"}) {
    for (const char* red : {"failed", "error", "not_run"}) {
      EXPECT_EQ(ChangeOf(good, red), Change::kNewlyFailed) << good << red;
    }
    for (const char* skipped : {"unsupported", "blocked", "inconclusive", "known"}) {
      EXPECT_EQ(ChangeOf(good, skipped), Change::kNewlySkipped) << good << skipped;
    }
    EXPECT_EQ(ChangeOf(good, ""), Change::kMissing) << good;
    EXPECT_EQ(ChangeOf(good, "missing"), Change::kMissing) << good;
  }
  for (const char* red : {"failed", "error"}) {
    EXPECT_EQ(ChangeOf(red, "passed"), Change::kFixed) << red;
    EXPECT_EQ(ChangeOf(red, "failed"), Change::kStillFailing) << red;
    EXPECT_EQ(ChangeOf(red, "unsupported"), Change::kNewlySkipped) << red;
    EXPECT_EQ(ChangeOf(red, ""), Change::kMissing) << red;
    EXPECT_EQ(ChangeOf(red, "flaky"), Change::kNewlyFlaky) << red;
  }
  for (const char* skipped : {"unsupported", "blocked", "inconclusive", "not_run"}) {
    EXPECT_EQ(ChangeOf(skipped, "passed"), Change::kNewlyJudged) << skipped;
    EXPECT_EQ(ChangeOf(skipped, "failed"), Change::kNewlyFailed) << skipped;
    EXPECT_EQ(ChangeOf(skipped, "unsupported"), Change::kUnchanged) << skipped;
    EXPECT_EQ(ChangeOf(skipped, ""), Change::kGone) << skipped;
  }
  EXPECT_EQ(ChangeOf("passed", "flaky"), Change::kNewlyFlaky);
  EXPECT_EQ(ChangeOf("flaky", "passed"), Change::kUnchanged);
  EXPECT_EQ(ChangeOf("known", "known"), Change::kUnchanged);
  EXPECT_EQ(ChangeOf("known", "resolved"), Change::kFixed);
  EXPECT_EQ(ChangeOf("known", "failed"), Change::kNewlyFailed);
  EXPECT_EQ(ChangeOf("known", "inconclusive"), Change::kNewlySkipped);
  EXPECT_EQ(ChangeOf("known", ""), Change::kMissing);
  EXPECT_EQ(ChangeOf("", "passed"), Change::kNew);
  EXPECT_EQ(ChangeOf("", "known"), Change::kNew);
  EXPECT_EQ(ChangeOf("", "failed"), Change::kNewlyFailed) << "a red case is never only new";
}

TEST(Compare, WhatIsARegression) {
  const auto regression = [](const char* was, const char* is, const CompareOptions& options = {}) {
    return CompareOk(Verdicts({{"h.ok", "passed"}, {"h.a/x", was}}), Verdicts({{"h.ok", "passed"}, {"h.a/x", is}}),
                     options)
        .IsRegression();
  };
  EXPECT_TRUE(regression("passed", "failed"));
  EXPECT_TRUE(regression("passed", "missing"));
  EXPECT_TRUE(regression("passed", "unsupported"));
  EXPECT_FALSE(regression("passed", "known")) << "the ledger declares it";
  EXPECT_FALSE(regression("failed", "failed"));
  EXPECT_FALSE(regression("failed", "passed"));
  EXPECT_FALSE(regression("passed", "flaky"));
  EXPECT_FALSE(regression("passed", "unsupported", {.declared = {"h.*"}}));
  EXPECT_FALSE(regression("passed", "missing", {.declared = {"h.a"}}));
  EXPECT_TRUE(regression("passed", "failed", {.declared = {"*"}})) << "a failure cannot be declared away";
}

TEST(Compare, OrdersByGravityThenAsTheRunsDo) {
  const Comparison comparison =
      CompareOk(Verdicts({{"h.gone", "passed"}, {"h.b", "failed"}, {"h.a", "passed"}, {"h.c", "passed"}}),
                Verdicts({{"h.new", "passed"}, {"h.c", "failed"}, {"h.b", "passed"}, {"h.a", "failed"}}));
  std::vector<std::string> told;
  for (const Difference& each : comparison.differences) {
    told.push_back(absl::StrCat(ToString(each.change), " ", each.either().label));
  }
  EXPECT_THAT(told, ElementsAre("newly failed h.c", "newly failed h.a", "missing h.gone", "fixed h.b", "new h.new"));
  EXPECT_EQ(Summary(comparison), "compared 4 with 4: 2 newly failed, 1 missing; 1 fixed, 1 new");
}

TEST(Compare, ABaseThatJudgedNothingIsNoBase) {
  for (ResultSet& base : std::vector<ResultSet>{Verdicts({}), Verdicts({{"h.a", "unsupported"}, {"h.b", "error"}})}) {
    EXPECT_THAT(Compare(base, Verdicts({{"h.a", "passed"}}), {}).status(),
                StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("judged nothing")));
  }
  const Comparison comparison = CompareOk(Verdicts({{"h.a", "passed"}}), Verdicts({}));
  EXPECT_TRUE(comparison.IsRegression());
  EXPECT_THAT(absl::StrJoin(comparison.notes, "\n"), HasSubstr("judged nothing"));
}

TEST(Compare, RefusesDifferentFixtures) {
  const ResultSet lab = Set({Finished("h.a", "passed")});
  const ResultSet real = Set({Finished("h.a", "passed")}, {{"fixture", "adopt"}, {"simulated", false}});
  EXPECT_THAT(Compare(lab, real, {}).status(),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("fixture lab"), HasSubstr("fixture adopt"), HasSubstr("--across-fixtures"))));
  const Comparison comparison = CompareOk(lab, real, {.across_fixtures = true});
  EXPECT_THAT(absl::StrJoin(comparison.notes, "\n"), HasSubstr("different fixtures"));
}

TEST(Compare, SaysWhatAReaderHasToKnow) {
  const Comparison comparison = CompareOk(
      Set({Finished("h.a", "passed")}, {{"authority", "sha256:1"},
                                        {"fixture", "adopt"},
                                        {"profile", "health"},
                                        {"run", "2025-03-03T01-00-00Z-7f3a"}}),
      Set({Finished("h.b", "passed")}, {{"authority", "sha256:2"}, {"fixture", "adopt"}, {"profile", "nightly"}}),
      {.across_fixtures = true});
  const std::string notes = absl::StrJoin(comparison.notes, "\n");
  EXPECT_THAT(notes, HasSubstr("not one case of HEAD is in BASE"));
  EXPECT_THAT(notes, HasSubstr("not the same cluster"));
  EXPECT_THAT(notes, HasSubstr("different profile (health, nightly)"));
  EXPECT_THAT(notes, HasSubstr("HEAD is older than BASE"));
  EXPECT_THAT(
      CompareOk(Verdicts({{"h.a", "passed"}}), ResultsOf(ModelOf({RunEvent(), Planned("h.a")}), "runs/killed")).notes,
      Contains(HasSubstr("runs/killed has not ended")));
}

TEST(Compare, SaysThatNotTheSameWasAskedFor) {
  const auto asked = [](Event run) { return Set({Finished("h.a", "passed")}, std::move(run)); };
  EXPECT_THAT(CompareOk(asked({{"conformance", "sample"}}), asked({{"conformance", "full"}})).notes,
              ElementsAre("different conformance tests (sample, full): a reason for missing and new cases"));
  EXPECT_THAT(CompareOk(asked({{"connectivity", "all"}}), asked(Event::object())).notes,
              ElementsAre("different connectivity tests (all, none): a reason for missing and new cases"));
  EXPECT_THAT(CompareOk(asked({{"connectivity", "all"}}), asked({{"connectivity", "all"}})).notes, ElementsAre());
}

TEST(Compare, ReadsKubernetesNamesOfBothKinds) {
  const auto parse = [](std::string_view cases) {
    absl::StatusOr<JUnitReport> report = ParseJUnit(
        absl::StrCat("<testsuites><testsuite name='Kubernetes e2e suite'>", cases, "</testsuite></testsuites>"), "x");
    EXPECT_OK(report);
    return ResultsOf(*std::move(report), "x.xml");
  };
  const Comparison comparison = CompareOk(
      parse("<testcase name='[It] [sig-a] creating/deleting works' classname='c'/><testcase name='b' classname='c'/>"
            "<testcase name='[It] skipped' classname='c'><skipped/></testcase>"),
      parse("<testcase name='[sig-a] creating/deleting works' classname='c'><failure message=''>one\ntwo</failure>"
            "</testcase><testcase name='b' classname='c'><skipped message='s'/></testcase>"));
  ASSERT_EQ(comparison.differences.size(), 3u);
  EXPECT_EQ(comparison.differences[0].change, Change::kNewlyFailed);
  EXPECT_EQ(comparison.differences[0].head->label, "[sig-a] creating/deleting works");
  EXPECT_EQ(comparison.differences[0].head->found, "one\ntwo");
  EXPECT_EQ(comparison.differences[1].change, Change::kNewlySkipped);
  EXPECT_EQ(comparison.differences[1].head->Word(), "skipped");
  EXPECT_EQ(comparison.differences[2].change, Change::kGone) << "it was not judged before: nothing is lost";
}

TEST(Compare, ManyDifferencesStayReadable) {
  std::vector<Event> base, head;
  for (int i = 0; i < 500; ++i) {
    base.push_back(Finished(absl::StrCat("h.a/", i), "passed"));
    head.push_back(Finished(absl::StrCat("h.a/", i), "failed", {{"found", absl::StrCat(i)}}));
  }
  const Comparison comparison = CompareOk(Set(base), Set(head));
  EXPECT_THAT(ToText(comparison, {}), HasSubstr("and 470 more: "));
  EXPECT_THAT(ToText(comparison, {.verbose = true}), Not(HasSubstr("more")));
  EXPECT_THAT(ToMarkdown(comparison), HasSubstr("and 300 more"));
  EXPECT_EQ(ToJson(comparison)["differences"].size(), 500u);
}

TEST(Compare, OneEntryForOneReason) {
  std::vector<Event> base, head;
  for (int i = 0; i < 40; ++i) {
    base.push_back(Finished(absl::StrCat("h.a/", i), "passed"));
    head.push_back(Finished(absl::StrCat("h.a/", i), "unsupported", {{"found", "no talosconfig"}}));
  }
  const std::string text = ToText(CompareOk(Set(base), Set(head)), {});
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 15) << text;
  EXPECT_THAT(text, HasSubstr("newly skipped 40 cases: h.a/{0,1,"));
}

class CompareGoldenTest : public ::testing::Test {
 protected:
  static Comparison Load() {
    absl::StatusOr<ResultSet> base = LoadResults(GoldenFolder() / "compare/base.jsonl");
    absl::StatusOr<ResultSet> head = LoadResults(GoldenFolder() / "compare/head.jsonl");
    EXPECT_OK(base);
    EXPECT_OK(head);
    base->origin = "runs/before";  // the files are where this tree is
    head->origin = "runs/after";
    return CompareOk(*std::move(base), *std::move(head), {.declared = {"cilium.gone"}});
  }
};

TEST_F(CompareGoldenTest, Text) { CompareWithGolden("compare/text.txt", ToText(Load(), {})); }
TEST_F(CompareGoldenTest, Markdown) { CompareWithGolden("compare/markdown.md", ToMarkdown(Load())); }
TEST_F(CompareGoldenTest, Json) { CompareWithGolden("compare/comparison.json", ToJson(Load()).dump(1) + "\n"); }

}  // namespace
}  // namespace tales::reports
