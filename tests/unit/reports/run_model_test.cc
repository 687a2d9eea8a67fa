#include "reports/run_model.h"

#include "gmock/gmock.h"
#include "tests/unit/reports/events.h"

namespace tales::reports {
namespace {

using ::tales::testing::StatusIs;
using ::testing::HasSubstr;

TEST(RunModel, APlannedCaseIsAnErrorUntilItsVerdict) {
  RunModel model = ModelOf({RunEvent(), Planned("health.a")});
  EXPECT_EQ(model.Find("health.a")->verdict, Verdict::kError);
  EXPECT_EQ(model.Find("health.a")->error_kind, "not_run");
  EXPECT_EQ(model.ExitCode(), 3);
  ASSERT_OK(model.Apply({{"event", "started"}, {"check", "health.a"}}));
  EXPECT_EQ(model.ExitCode(), 3);
  ASSERT_OK(model.Apply(Finished("health.a", "passed")));
  EXPECT_EQ(model.ExitCode(), 0);
  EXPECT_EQ(model.exit(), std::nullopt);
}

TEST(RunModel, OneUnfinishedCaseFailsTheRun) {
  EXPECT_EQ(ModelOf({RunEvent(), Planned("h.a"), Planned("h.b"), Finished("h.a", "passed")}).ExitCode(), 1);
}

TEST(RunModel, ExitCodes) {
  const auto code = [](const char* verdict, bool required, bool strict) {
    return ModelOf({RunEvent({{"strict", strict}}), Planned("h.ok"), Finished("h.ok", "passed"),
                    Planned("h.a", {{"required", required}}), Finished("h.a", verdict), End(0)})
        .ExitCode();
  };
  for (const char* verdict : {"failed", "error", "missing"}) EXPECT_EQ(code(verdict, false, false), 1) << verdict;
  for (const char* verdict : {"passed", "blocked", "known"}) EXPECT_EQ(code(verdict, true, true), 0) << verdict;
  EXPECT_EQ(code("unsupported", false, true), 0);
  EXPECT_EQ(code("unsupported", true, false), 1);
  for (const char* verdict : {"resolved", "inconclusive", "flaky"}) {
    EXPECT_EQ(code(verdict, false, false), 0) << verdict;
    EXPECT_EQ(code(verdict, false, true), 1) << verdict;
  }
}

TEST(RunModel, ASecondFinishNeverTurnsRedIntoGreen) {
  RunModel model = ModelOf({RunEvent(), Planned("h.a"), Finished("h.a", "failed"), Finished("h.a", "passed")});
  EXPECT_EQ(model.Find("h.a")->verdict, Verdict::kFailed);
  ASSERT_OK(model.Apply(Planned("h.a")));
  EXPECT_EQ(model.Find("h.a")->error_kind, "not_run") << "a new plan voids the earlier verdict";
}

TEST(RunModel, ARetryKeepsTheFirstTry) {
  const RunModel model =
      ModelOf({RunEvent(),
               Planned("h.a", {{"question", "Why?"}, {"required", true}}),
               {{"event", "retry"}, {"check", "h.a"}, {"verdict", "failed"}, {"found", "no"}, {"duration", 2}},
               Finished("h.a", "flaky")});
  const Case& one = *model.Find("h.a");
  ASSERT_EQ(one.attempts.size(), 1u);
  EXPECT_EQ(one.attempts[0].found, "no");
  EXPECT_EQ(one.question, "Why?");
  EXPECT_TRUE(one.required);
}

TEST(RunModel, AResumedRunHasNotEnded) {
  RunModel model = ModelOf({RunEvent(), Planned("h.a"), Finished("h.a", "passed"), End(130)});
  EXPECT_EQ(model.exit(), 130);
  ASSERT_OK(model.Apply(RunEvent()));
  EXPECT_EQ(model.exit(), std::nullopt);
  EXPECT_THAT(model.Apply(RunEvent({{"run", "another"}})),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("second run")));
}

TEST(RunModel, AnUnplannedVerdictIsNotLost) {
  EXPECT_EQ(ModelOf({RunEvent(), Finished("h.a", "missing")}).cases().size(), 1u);
}

TEST(RunModel, EventsOfAnotherKindAreSkipped) {
  EXPECT_OK(ModelOf({RunEvent()}).Apply({{"event", "looked"}, {"check", 7}}));
}

TEST(RunModel, SaysWhatIsWrongWithAnEvent) {
  RunModel model;
  const auto bad = [&](const Event& event) { return std::string(model.Apply(event).message()); };
  EXPECT_THAT(bad(Planned("h.a")), HasSubstr("first event"));
  EXPECT_THAT(bad({1, 2}), HasSubstr("JSON object"));
  EXPECT_THAT(bad(RunEvent({{"strict", "yes"}})), HasSubstr("\"strict\" is string, not true or false"));
  ASSERT_OK(model.Apply(RunEvent({{"strict", nullptr}, {"cluster", "text"}})));
  EXPECT_THAT(bad({{"event", "planned"}}), HasSubstr("names no check"));
  EXPECT_THAT(bad(Finished("h.a", "green")), HasSubstr("\"green\" is not a verdict"));
  EXPECT_THAT(bad(Finished("h.a", "passed", {{"duration", "1"}})), HasSubstr("of h.a: \"duration\" is string"));
  EXPECT_THAT(bad(Finished("h.a", "passed", {{"evidence", {1}}})), HasSubstr("a list of strings"));
  EXPECT_THAT(bad({{"event", "end"}}), HasSubstr("no exit code"));
  EXPECT_TRUE(model.cases().empty()) << "a bad event changes nothing";
}

TEST(Summary, SaysFirstHowMuchWasJudged) {
  EXPECT_EQ(Summary(ModelOf({RunEvent(), Finished("h.a", "passed"), Finished("h.b", "known"),
                             Finished("h.c", "unsupported"), Finished("h.d", "blocked"), Planned("h.e")})),
            "judged 2 of 5: 1 passed, 1 known; 1 error, 1 unsupported, 1 blocked");
  EXPECT_EQ(Summary(ModelOf({RunEvent(), Finished("h.c", "unsupported")})), "judged 0 of 1: 1 unsupported");
  EXPECT_EQ(Summary(ModelOf({RunEvent()})), "judged 0 of 0: nothing was planned");
}

}  // namespace
}  // namespace tales::reports
