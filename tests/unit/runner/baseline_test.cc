#include "harness/runner/baseline.h"

#include <fstream>
#include <optional>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "harness/base/file.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using ::tales::testing::StatusIs;
using ::testing::HasSubstr;
using Json = nlohmann::json;

Json Finished(const char* check, const char* verdict) {
  return {{"event", "finished"}, {"check", check}, {"verdict", verdict}};
}

class BaselineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(TemporaryFolder folder, TemporaryFolder::Make("tales-baseline"));
    folder_.emplace(std::move(folder));
  }

  std::filesystem::path Journal(const std::vector<Json>& events) const {
    std::ofstream file(folder_->path() / "events.jsonl");
    file << Json({{"event", "run"}, {"run", "2025-03-02T01-00-00Z-7f3a"}, {"fixture", "lab"}}).dump() << "\n";
    for (const Json& event : events) file << event.dump() << "\n";
    return folder_->path();
  }

  static reports::RunModel Model(const std::vector<Json>& events) {
    reports::RunModel model;
    EXPECT_OK(model.Apply({{"event", "run"}, {"run", "2025-03-03T01-00-00Z-11aa"}, {"fixture", "lab"}}));
    for (const Json& event : events) EXPECT_OK(model.Apply(event));
    return model;
  }

  static std::vector<std::string> Missing(const Baseline& baseline, const reports::RunModel& model) {
    std::vector<std::string> names;
    for (const Json& event : baseline.MissingEvents(model)) names.push_back(event["check"]);
    return names;
  }

  std::optional<TemporaryFolder> folder_;
};

TEST_F(BaselineTest, WhatItJudgedIsOwed) {
  ASSERT_OK_AND_ASSIGN(const Baseline baseline, Baseline::Load(Journal({Finished("h.passed", "passed"),
                                                                        Finished("h.failed/worker", "failed"),
                                                                        Finished("h.known", "known"),
                                                                        Finished("h.hung", "error"),
                                                                        Finished("h.skipped", "unsupported"),
                                                                        Finished("h.blocked", "blocked"),
                                                                        {{"event", "planned"}, {"check", "h.never"}},
                                                                        Finished("h.there", "passed")}),
                                                               "lab"));
  reports::RunModel model = Model({Finished("h.there", "unsupported")});
  EXPECT_THAT(Missing(baseline, model), ::testing::ElementsAre("h.passed", "h.failed/worker", "h.known", "h.hung"));
  for (const Json& event : baseline.MissingEvents(model)) ASSERT_OK(model.Apply(event));
  EXPECT_EQ(model.ExitCode(), 3) << "what is missing is not judged";
  EXPECT_EQ(model.Find("h.passed")->verdict, Verdict::kMissing);
  EXPECT_THAT(model.Find("h.failed/worker")->found, HasSubstr("it was failed"));
  EXPECT_TRUE(Missing(baseline, model).empty());
}

TEST_F(BaselineTest, OnlyWhatWasAskedIsOwed) {
  ASSERT_OK_AND_ASSIGN(Baseline baseline,
                       Baseline::Load(Journal({Finished("health.a/x", "passed"), Finished("health.b", "passed"),
                                               Finished("cilium.c", "passed")}),
                                      "lab"));
  const reports::RunModel model = Model({});
  baseline.Ask({"health.*"}, {}, {});
  EXPECT_THAT(Missing(baseline, model), ::testing::ElementsAre("health.a/x", "health.b"));
  baseline.Ask({"*"}, {"cilium"}, {});
  EXPECT_THAT(Missing(baseline, model), ::testing::ElementsAre("cilium.c"));
  baseline.Ask({"*"}, {}, {"health.a"});
  EXPECT_THAT(Missing(baseline, model), ::testing::ElementsAre("health.a/x"));
  baseline.Ask({"*"}, {"cilium"}, {"health.a"});
  EXPECT_THAT(Missing(baseline, model), ::testing::IsEmpty());
}

TEST_F(BaselineTest, WritesTheComparisonBesideTheRun) {
  ASSERT_OK_AND_ASSIGN(
      Baseline baseline,
      Baseline::Load(Journal({Finished("health.a", "passed"), Finished("cilium.c", "passed")}), "lab"));
  baseline.Ask({"health.*"}, {}, {});
  ASSERT_OK_AND_ASSIGN(const std::string text,
                       baseline.Report(Model({Finished("health.a", "failed")}), folder_->path(), {}));
  EXPECT_THAT(text, HasSubstr("compared 1 with 1: 1 newly failed"));
  ASSERT_OK_AND_ASSIGN(const std::string json, ReadFile(folder_->path() / "compare.json"));
  EXPECT_EQ(Json::parse(json)["regression"], true);
  EXPECT_OK(ReadFile(folder_->path() / "compare.md"));
  baseline.Ask({"none.*"}, {}, {});
  EXPECT_THAT(*baseline.Report(Model({}), folder_->path(), {}), HasSubstr("no comparison"));
}

TEST_F(BaselineTest, RefusesWhatIsNoBaseline) {
  EXPECT_THAT(Baseline::Load(folder_->path() / "none", "lab").status(),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("--baseline")));
  EXPECT_THAT(Baseline::Load(Journal({Finished("h.a", "unsupported")}), "lab").status(),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("judged nothing")));
  EXPECT_THAT(Baseline::Load(Journal({Finished("h.a", "passed")}), "adopt").status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("fixture lab, this one is of adopt")));
  std::ofstream(folder_->path() / "foreign.xml") << "<testsuite><testcase name='a'/></testsuite>";
  EXPECT_THAT(Baseline::Load(folder_->path() / "foreign.xml", "lab").status(),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not a run of tales")));
}

}  // namespace
}  // namespace tales
