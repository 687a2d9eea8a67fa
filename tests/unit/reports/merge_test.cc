#include "reports/merge.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gmock/gmock.h"
#include "tests/unit/reports/events.h"
#include "tests/unit/reports/golden.h"

namespace tales::reports {
namespace {

using ::tales::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

// Run number `number` of a cluster that was adopted.
RunModel RunOf(int number, std::vector<Event> events, Event more = Event::object()) {
  Event run = {{"run", absl::StrCat("2025-03-0", number, "T01-00-00Z-7f3a")},
               {"fixture", "adopt"},
               {"simulated", false},
               {"authority", "sha256:2c6f"}};
  run.update(more);
  events.insert(events.begin(), RunEvent(run));
  return ModelOf(events);
}

RunModel Merged(const std::vector<RunModel>& runs) {
  absl::StatusOr<MergedRun> merged = MergeRuns(runs);
  EXPECT_OK(merged);
  return merged.ok() ? ModelOf(merged->events) : RunModel();
}

// The verdict of h.a, and those of its earlier attempts: "passed (failed)".
std::string VerdictOf(const RunModel& model) {
  const Case& one = *model.Find("h.a");
  std::vector<std::string> attempts;
  for (const Attempt& attempt : one.attempts) attempts.emplace_back(ToString(attempt.verdict));
  const std::string kind = one.verdict == Verdict::kError ? absl::StrCat(" ", one.error_kind) : "";
  return absl::StrCat(ToString(one.verdict), kind, attempts.empty() ? "" : " (", absl::StrJoin(attempts, ", "),
                      attempts.empty() ? "" : ")");
}

TEST(Merge, ShardsBecomeOneRun) {
  const RunModel model = Merged({RunOf(2, {Finished("h.b", "passed"), Finished("i.c", "failed"), End(1)}),
                                 RunOf(1, {Planned("h.a", {{"required", true}}), Finished("h.a", "passed"), End(0)})});
  EXPECT_EQ(Summary(model), "judged 3 of 3: 2 passed, 1 failed");
  EXPECT_EQ(model.exit(), 1);
  EXPECT_EQ(model.run()["run"], "2025-03-02T01-00-00Z-7f3a-merged");
  EXPECT_EQ(model.run()["merged"].size(), 2u);
  EXPECT_TRUE(model.Find("h.a")->required);
}

TEST(Merge, OfTheSameClusterTheLaterAnswerCounts) {
  const auto verdict = [](const char* first, const char* second) {
    const RunModel a = RunOf(1, {Planned("h.a"), Finished("h.a", first)}), b = RunOf(2, {Finished("h.a", second)});
    EXPECT_EQ(VerdictOf(Merged({b, a})), VerdictOf(Merged({a, b}))) << "in whatever order they are given";
    return VerdictOf(Merged({a, b}));
  };
  EXPECT_EQ(verdict("failed", "passed"), "passed (failed)");
  EXPECT_EQ(verdict("passed", "failed"), "failed (passed)");
  EXPECT_EQ(verdict("passed", "passed"), "passed");
  EXPECT_EQ(verdict("failed", "unsupported"), "failed") << "an answer beats a look that was not possible";
  EXPECT_EQ(verdict("blocked", "passed"), "passed");
  EXPECT_EQ(verdict("passed", "missing"), "passed");
  EXPECT_EQ(verdict("unsupported", "inconclusive"), "inconclusive");
}

TEST(Merge, WhereTheOrderOrTheClusterIsNotKnownTheWorseCounts) {
  const auto verdict = [](const Event& more) {
    return VerdictOf(Merged(
        {RunOf(1, {Finished("h.a", "failed", {{"found", "x"}})}, more), RunOf(2, {Finished("h.a", "passed")}, more)}));
  };
  EXPECT_EQ(verdict({{"authority", ""}}), "failed (passed)");
  EXPECT_EQ(verdict({{"at", "2025-03-01T00:00:00Z"}}), "failed (passed)") << "both at once";
  const std::vector<Event> failed = {Finished("h.a", "failed")}, passed = {Finished("h.a", "passed")};
  EXPECT_EQ(VerdictOf(Merged({RunOf(1, failed, {{"fixture", "lab"}, {"authority", "sha256:1"}}),
                              RunOf(2, passed, {{"fixture", "lab"}, {"authority", "sha256:2"}})})),
            "failed (passed)")
      << "each run had a cluster of its own";
}

TEST(Merge, WhatNoRunFinishedStaysAnError) {
  const RunModel model = Merged({RunOf(1, {Planned("h.a"), Planned("h.b"), Finished("h.b", "passed"), End(130)}),
                                 RunOf(2, {Planned("h.a"), {{"event", "started"}, {"check", "h.a"}}})});
  EXPECT_EQ(VerdictOf(model), "error not_run");
  EXPECT_EQ(model.exit(), 1);
  EXPECT_EQ(VerdictOf(Merged({RunOf(1, {Finished("h.a", "passed")}), RunOf(2, {Planned("h.a")})})), "passed");
}

TEST(Merge, EvidenceGetsAPlaceOfItsOwn) {
  const absl::StatusOr<MergedRun> merged = MergeRuns(
      {RunOf(1, {Finished("h.a", "failed", {{"evidence", {"artifacts/h.a/log", "../x"}}})}, {{"run", "../../2025"}})});
  ASSERT_OK(merged);
  ASSERT_EQ(merged->evidence.size(), 1u);
  EXPECT_EQ(merged->evidence[0].from, "artifacts/h.a/log");
  EXPECT_EQ(merged->evidence[0].to, "artifacts/1-______2025/h.a/log");
  EXPECT_EQ(ModelOf(merged->events).Find("h.a")->evidence, std::vector<std::string>{merged->evidence[0].to});
}

TEST(Merge, RefusesWhatIsToBeCompared) {
  const RunModel run = RunOf(1, {Finished("h.a", "passed")});
  const auto refused = [&](const Event& more) { return MergeRuns({run, RunOf(2, {}, more)}).status(); };
  EXPECT_OK(
      MergeRuns({RunOf(1, {Finished("h.a", "passed")}, {{"fixture", "lab"}}), RunOf(2, {Finished("h.b", "passed")})},
                {.across_fixtures = true}));
  EXPECT_THAT(refused({{"fixture", "lab"}}),
              StatusIs(absl::StatusCode::kInvalidArgument, AllOf(HasSubstr("fixture adopt"), HasSubstr("compare"))));
  EXPECT_THAT(refused({{"authority", "sha256:ffff"}}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("authority")));
  EXPECT_THAT(MergeRuns({run, run}).status(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("twice")));
  const RunModel old = RunOf(1, {}, {{"cluster", {{"talos", "v1.9.4"}}}});
  EXPECT_THAT(MergeRuns({old, RunOf(2, {}, {{"cluster", {{"talos", "v1.9.5"}}}})}).status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("Talos v1.9.4")));
}

TEST(Merge, Golden) {
  const absl::StatusOr<MergedRun> merged = MergeRuns(
      {RunOf(1, {Planned("h.a", {{"question", "Is a well?"}}),
                 Finished("h.a", "failed", {{"expected", "well"}, {"found", "ill"}, {"next", "mend it"}}),
                 Finished("h.b", "passed", {{"evidence", {"artifacts/h.b/log"}}}), Planned("h.c"), End(130)}),
       RunOf(2, {Finished("h.a", "passed", {{"duration", 2}}),
                 {{"event", "retry"}, {"check", "h.c"}, {"verdict", "error"}, {"kind", "timeout"}, {"found", "hung"}},
                 Finished("h.c", "flaky"),
                 Finished("h.d", "known", {{"issue", "KI"}, {"found", "still"}}),
                 End(0)})});
  ASSERT_OK(merged);
  std::string text;
  for (const Event& event : merged->events) absl::StrAppend(&text, event.dump(), "\n");
  CompareWithGolden("merge/events.jsonl", text);
  CompareWithGolden("merge/junit.xml", ToJUnit(ModelOf(merged->events)));
}

}  // namespace
}  // namespace tales::reports
