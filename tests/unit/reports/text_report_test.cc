#include "gmock/gmock.h"
#include "tests/unit/reports/events.h"

namespace tales::reports {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Text, StartsWithHowMuchWasJudgedAndSaysSimulated) {
  const std::string text = ToText(ModelOf({RunEvent(), Finished("h.a", "passed"), End(0)}), {});
  EXPECT_THAT(text, StartsWith("judged 1 of 1: 1 passed\n"));
  EXPECT_THAT(text, HasSubstr("SIMULATED"));
  EXPECT_THAT(ToText(ModelOf({RunEvent({{"simulated", false}})}), {}), Not(HasSubstr("SIMULATED")));
}

TEST(Text, TellsBlockedChecksUnderTheirRoot) {
  const std::string text = ToText(ModelOf({RunEvent(), Finished("h.r/w", "failed", {{"found", "down"}}),
                                           Finished("h.a/w", "blocked", {{"found", "h.r/w"}}),
                                           Finished("h.b/w", "blocked", {{"found", "h.x, h.r/w"}}),
                                           Finished("h.c", "blocked", {{"found", "h.gone"}})}),
                                  {});
  EXPECT_THAT(text, HasSubstr("    blocks    2 checks: h.a/w, h.b/w\n"));
  EXPECT_THAT(text, HasSubstr("by h.gone: h.c"));
}

TEST(Text, NeverBreaksACommand) {
  const std::string command =
      "kubectl label namespace cilium pod-security.kubernetes.io/enforce=privileged --overwrite";
  EXPECT_THAT(ToText(ModelOf({RunEvent(), Finished("h.a", "failed", {{"next", command}})}), {.width = 40}),
              HasSubstr(command));
}

TEST(Text, OneEntryForOneReason) {
  std::vector<Event> events = {RunEvent()};
  for (int i = 0; i < 40; ++i) events.push_back(Planned("h.a/" + std::to_string(i)));
  const std::string text = ToText(ModelOf(events), {});
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 15);
  EXPECT_THAT(text, HasSubstr("planned, and never run"));
}

TEST(Text, SaysThatTheRunHasNotEndedAndWhereTheReportsAre) {
  const RunModel model = ModelOf({RunEvent(), Finished("h.a", "passed")});
  EXPECT_THAT(ToText(model, {.folder = "runs/x"}), HasSubstr("has not ended"));
  EXPECT_THAT(ToText(model, {.folder = "runs/x"}), HasSubstr("reports: runs/x/junit.xml"));
}

TEST(Text, TheAnswerIsTheLastLine) {
  EXPECT_THAT(ToText(ModelOf({RunEvent(), Finished("h.a", "passed"), End(0)}), {.folder = "runs/x"}),
              EndsWith("reports: runs/x/report.html, junit.xml, report.json, events.jsonl\nexit 0: all as expected\n"));
  EXPECT_THAT(ToText(ModelOf({RunEvent(), Finished("h.a", "failed"), Finished("h.b", "error"), End(1)}), {}),
              EndsWith("exit 1: 2 checks fail the run\n"));
  EXPECT_THAT(ToText(ModelOf({RunEvent(), Finished("h.a", "failed"), End(130)}), {}),
              EndsWith("exit 130: interrupted\n"));
  EXPECT_THAT(ToText(ModelOf({RunEvent(), End(3)}), {}), EndsWith("exit 3: nothing was judged\n"));
}

TEST(Text, AMergedRunSaysWhatAnEarlierOneSaw) {
  EXPECT_THAT(ToText(ModelOf({RunEvent(),
                              {{"event", "retry"}, {"check", "h.a"}, {"verdict", "failed"}, {"found", "no"}},
                              Finished("h.a", "passed"),
                              End(0)}),
                     {}),
              HasSubstr("passed        at last, not in an earlier run: h.a"));
}

TEST(Text, ColourOnlyWhereAsked) {
  const RunModel model = ModelOf({RunEvent(), Finished("h.a", "failed")});
  EXPECT_THAT(ToText(model, {.colour = true}), HasSubstr("\x1B[31m"));
  EXPECT_THAT(ToText(model, {}), Not(HasSubstr("\x1B")));
}

}  // namespace
}  // namespace tales::reports
