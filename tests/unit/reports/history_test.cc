#include "reports/history.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "gmock/gmock.h"
#include "tests/unit/reports/events.h"
#include "tests/unit/reports/golden.h"

namespace tales::reports {
namespace {

using ::tales::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// The run of day `day`.
ResultSet Night(int day, std::vector<Event> events, Event more = Event::object()) {
  Event run = {
      {"run", absl::StrFormat("2025-03-%02dT01-00-00Z-7f3a", day)}, {"fixture", "adopt"}, {"simulated", false}};
  run.update(more);
  events.insert(events.begin(), RunEvent(run));
  events.push_back(End(0));
  return ResultsOf(ModelOf(events), absl::StrCat("runs/", day));
}

// One run a night, one letter each, as the text shows them. `upgrade`: the night from which Talos is newer.
std::vector<ResultSet> Nights(std::string_view letters, int upgrade = 0) {
  std::vector<ResultSet> runs;
  int day = 0;
  for (char letter : letters) {
    ++day;
    std::vector<Event> events = {Finished("h.other", "passed")};
    switch (letter) {
      case '.':
        events.push_back(Finished("h.a", "passed"));
        break;
      case 'F':
        events.push_back(Finished("h.a", "failed", {{"found", "no"}}));
        break;
      case 'E':
        events.push_back(Finished("h.a", "error", {{"kind", "timeout"}}));
        break;
      case 'X':
        events.push_back(Finished("h.a", "error", {{"kind", "fixture"}}));
        break;
      case 'f':
        events.push_back(Finished("h.a", "flaky"));
        break;
      case 'k':
        events.push_back(Finished("h.a", "known", {{"issue", "KI"}}));
        break;
      case 's':
        events.push_back(Finished("h.a", "unsupported"));
        break;
      default:
        break;
    }
    const char* talos = upgrade > 0 && day >= upgrade ? "v1.9.5" : "v1.9.4";
    runs.push_back(Night(day, std::move(events), {{"cluster", {{"talos", talos}}}}));
  }
  return runs;
}

CheckHistory CheckOf(const History& history) {
  for (const CheckHistory& check : history.checks) {
    if (check.label == "h.a") return check;
  }
  return {};
}

std::string TrendOf(std::string_view letters) {
  absl::StatusOr<History> history = MakeHistory(Nights(letters), 14);
  EXPECT_OK(history);
  return std::string(ToString(CheckOf(*history).trend));
}

TEST(History, Trends) {
  EXPECT_EQ(TrendOf("......."), "steady");
  EXPECT_EQ(TrendOf(".......F"), "new");
  EXPECT_EQ(TrendOf(".......FF"), "regression");
  EXPECT_EQ(TrendOf("......FF"), "new") << "six passes are not enough for more";
  EXPECT_EQ(TrendOf(".......FFE"), "broken");
  EXPECT_EQ(TrendOf("FFF"), "broken");
  EXPECT_EQ(TrendOf(".F"), "unproven");
  EXPECT_EQ(TrendOf(".....F"), "unproven");
  EXPECT_EQ(TrendOf("...F...F"), "flaky");
  EXPECT_EQ(TrendOf("...F...."), "flaky");
  EXPECT_EQ(TrendOf("....f..."), "flaky");
  EXPECT_EQ(TrendOf("...FFF..."), "fixed");
  EXPECT_EQ(TrendOf("F..FFF..."), "flaky");
  EXPECT_EQ(TrendOf(".......k"), "known");
  EXPECT_EQ(TrendOf("kkkkkkk."), "steady");
  EXPECT_EQ(TrendOf("ssss"), "unjudged");
  EXPECT_EQ(TrendOf(".......XXX"), "steady") << "a fixture that failed says nothing of the check";
  EXPECT_EQ(TrendOf(".......FXsF"), "regression") << "nor does what was not judged break a row";
}

// The table of what few nights can prove.
TEST(History, Fisher) {
  EXPECT_NEAR(FisherP({0, 7}, {1, 1}), .125, .0005);
  EXPECT_NEAR(FisherP({0, 7}, {2, 2}), .028, .0005);
  EXPECT_NEAR(FisherP({0, 14}, {1, 1}), .067, .0005);
  EXPECT_NEAR(FisherP({0, 14}, {2, 2}), .008, .0005);
  EXPECT_NEAR(FisherP({0, 30}, {1, 1}), .032, .0005);
  EXPECT_NEAR(FisherP({0, 14}, {2, 5}), .059, .0006);
  EXPECT_NEAR(FisherP({0, 14}, {3, 5}), .010, .0005);
  EXPECT_NEAR(FisherP({3, 30}, {2, 2}), .020, .0005);
  EXPECT_NEAR(FisherP({3, 30}, {1, 3}), .33, .005);
  EXPECT_NEAR(FisherP({6, 30}, {3, 3}), .015, .0006);
  EXPECT_EQ(FisherP({0, 0}, {1, 1}), 1);
  EXPECT_EQ(FisherP({0, 5}, {0, 5}), 1);
}

TEST(History, CountsFromWhereTheRedRunsBegin) {
  absl::StatusOr<History> history = MakeHistory(Nights("............FF"), 14);
  ASSERT_OK(history);
  const CheckHistory check = CheckOf(*history);
  EXPECT_EQ(check.sample.red, 2);
  EXPECT_EQ(check.sample.answers, 2);
  EXPECT_EQ(check.basis.answers, 12);
  EXPECT_NEAR(check.p, FisherP({0, 12}, {2, 2}), 1e-9);
  EXPECT_THAT(ToText(*history, {}), HasSubstr("2 of the last 2, 0 of the 12 before; by chance with p = 0.011"));
}

TEST(History, CountsFromAnUpgrade) {
  absl::StatusOr<History> history = MakeHistory(Nights("..........F.F", 11), 14);
  ASSERT_OK(history);
  const CheckHistory check = CheckOf(*history);
  EXPECT_EQ(check.since, "Talos v1.9.4 -> v1.9.5");
  EXPECT_EQ(check.sample.red, 2);
  EXPECT_EQ(check.sample.answers, 3);
  EXPECT_EQ(check.basis.answers, 10);
  const std::string text = ToText(*history, {});
  EXPECT_THAT(text, HasSubstr("2 of 3 since Talos v1.9.4 -> v1.9.5, 0 of the 10 before"));
  EXPECT_THAT(text, HasSubstr("Talos v1.9.4 -> v1.9.5 with run 11"));
}

TEST(History, IsOfOneClusterAndOfTheNewestRuns) {
  std::vector<ResultSet> runs = Nights("F......");
  runs.push_back(Night(8, {Finished("h.a", "failed")}, {{"fixture", "lab"}, {"simulated", true}}));
  runs.push_back(Night(9, {Finished("h.a", "passed")}, {{"cluster", {{"talos", "v1.9.4"}}}}));
  runs.push_back(Night(10, {Finished("h.a", "failed")}, {{"run", "2025-03-10T01-00-00Z-7f3a-merged"}}));
  std::swap(runs[0], runs[5]);
  absl::StatusOr<History> history = MakeHistory(std::move(runs), 3);
  ASSERT_OK(history);
  ASSERT_EQ(history->runs.size(), 3u);
  EXPECT_EQ(history->runs[2].origin, "runs/9");
  EXPECT_EQ(history->runs[0].origin, "runs/6");
  EXPECT_THAT(history->left_out, ElementsAre(HasSubstr("fixture is \"lab\", not \"adopt\""), HasSubstr("merged")));
  EXPECT_THAT(MakeHistory({}, 14).status(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("no run")));
}

TEST(History, NamesTheSteadyOnesOnlyTogether) {
  absl::StatusOr<History> history = MakeHistory(Nights("...."), 14);
  ASSERT_OK(history);
  EXPECT_THAT(ToText(*history, {}), HasSubstr("steady        2 checks: h.other, h.a"));
  EXPECT_THAT(ToText(*history, {.all = true}), Not(HasSubstr("2 checks: ")));
}

TEST(History, Golden) {
  absl::StatusOr<History> history = MakeHistory(Nights("...s.F..-.EFF", 10), 14);
  ASSERT_OK(history);
  CompareWithGolden("history/text.txt", ToText(*history, {}));
  CompareWithGolden("history/history.json", ToJson(*history).dump(1) + "\n");
}

}  // namespace
}  // namespace tales::reports
