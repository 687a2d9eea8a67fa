#include <fstream>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "harness/base/file.h"
#include "tests/unit/reports/events.h"

namespace tales::reports {
namespace {

using ::tales::testing::StatusIs;
using ::testing::HasSubstr;

class JournalTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(TemporaryFolder folder, TemporaryFolder::Make("tales-journal"));
    folder_ = std::make_unique<TemporaryFolder>(std::move(folder));
  }
  std::filesystem::path Journal(std::string_view text) const {
    std::ofstream(folder_->path() / "events.jsonl", std::ios::binary) << text;
    return folder_->path() / "events.jsonl";
  }
  std::unique_ptr<TemporaryFolder> folder_;
  const std::string head_ = RunEvent().dump() + "\n" + Planned("h.a").dump() + "\n";
};

TEST_F(JournalTest, LeavesATornLastLineOut) {
  const std::string last = Finished("h.a", "passed").dump();
  for (size_t length = 0; length < last.size(); ++length) {
    ASSERT_OK_AND_ASSIGN(const RunModel model, ReadJournal(Journal(head_ + last.substr(0, length))));
    EXPECT_FALSE(model.Find("h.a")->finished) << length;
  }
  ASSERT_OK_AND_ASSIGN(const RunModel whole, ReadJournal(Journal(head_ + last)));
  EXPECT_TRUE(whole.Find("h.a")->finished) << "only the line's end is missing";
}

TEST_F(JournalTest, TakesZerosThatAPowerCutLeftForATornLine) {
  EXPECT_OK(ReadJournal(Journal(head_ + std::string(4096, '\0'))));
}

TEST_F(JournalTest, ADamagedLineInTheMiddleIsNamed) {
  EXPECT_THAT(ReadJournal(Journal(head_ + "{\"event\":\n" + End(0).dump() + "\n")),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("events.jsonl:3: not a line of JSON")));
  EXPECT_THAT(ReadJournal(Journal(head_ + "{\"event\":\"finished\",\"check\":\"h.a\",\"verdict\":\"green\"}\n")),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr(":3: ")));
  EXPECT_THAT(ReadJournal(Journal(head_ + "{\"event\":\"planned\",\"check\":\"\xFF\"}\n\n")),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr(":3: ")));
}

TEST_F(JournalTest, AnEmptyFileIsNoRun) {
  EXPECT_THAT(ReadJournal(Journal("")), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("no run in it")));
}

TEST_F(JournalTest, SaysWhichFileIsMissing) {
  EXPECT_THAT(ReadJournal(folder_->path() / "none"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("none")));
  EXPECT_THAT(ReadJournal(folder_->path()), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is a folder")));
}

TEST_F(JournalTest, SurvivesDeepNesting) {
  EXPECT_OK(ReadJournal(Journal(absl::StrCat("{\"event\":\"run\",\"run\":\"x\",\"a\":", std::string(1 << 20, '['),
                                             std::string(1 << 20, ']'), "}\n"))));
}

TEST_F(JournalTest, RefusesALineWithoutEnd) {
  EXPECT_THAT(ReadJournal(Journal(head_ + std::string(17 << 20, ' '))),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("longer than 16 MiB")));
}

TEST_F(JournalTest, ReadsALargeJournal) {
  std::string text = RunEvent().dump() + "\n";
  const std::string found(10000, 'x');
  for (int i = 0; i < 500; ++i) text += Finished(absl::StrCat("h.a/", i), "passed", {{"found", found}}).dump() + "\n";
  ASSERT_OK_AND_ASSIGN(const RunModel model, ReadJournal(Journal(text)));
  EXPECT_EQ(model.cases().size(), 500u);
}

}  // namespace
}  // namespace tales::reports
