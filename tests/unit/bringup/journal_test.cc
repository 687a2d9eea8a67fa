#include "fixtures/bringup/journal.h"

#include "harness/base/file.h"
#include "tests/support/status_matchers.h"

namespace tales::bringup {
namespace {

using ::tales::testing::StatusIs;
using ::testing::HasSubstr;

class JournalTest : public ::testing::Test {
 protected:
  std::unique_ptr<Journal> Open() {
    absl::StatusOr<std::unique_ptr<Journal>> journal = Journal::Open(file());
    EXPECT_OK(journal);
    return journal.ok() ? *std::move(journal) : nullptr;
  }
  std::filesystem::path file() const { return folder_.path() / "bringup.jsonl"; }
  TemporaryFolder folder_ = *TemporaryFolder::Make("journal");
};

TEST_F(JournalTest, RemembersAcrossProcesses) {
  {
    const auto journal = Open();
    ASSERT_OK(journal->Append({{"event", "started"}, {"step", "secrets"}}));
    ASSERT_OK(journal->Remember("boot_id/control", "one"));
    ASSERT_OK(journal->Remember("boot_id/control", "two"));
    ASSERT_OK(journal->Remember("off/control", "yes"));
    ASSERT_OK(journal->Forget("off/control"));
    ASSERT_OK(journal->Forget("never known"));
  }
  const auto journal = Open();
  EXPECT_EQ(journal->Recall("boot_id/control"), "two");
  EXPECT_EQ(journal->Recall("off/control"), std::nullopt);
  EXPECT_EQ(std::filesystem::status(file()).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(JournalTest, ATornLastLineIsCutOff) {
  const std::string whole = "{\"event\":\"remember\",\"key\":\"a\",\"value\":\"1\"}\n";
  for (const char* torn :
       {"{", "{\"event\":\"remember\",\"key\":\"a\",\"val", "{\"event\":\"remember\",\"key\":\"a\",\"value\":\"2\"}"}) {
    ASSERT_OK(WriteFileAtomically(file(), whole + torn));
    const auto journal = Open();
    ASSERT_NE(journal, nullptr);
    EXPECT_EQ(journal->Recall("a"), "1");
    ASSERT_OK(journal->Remember("b", "2"));
    EXPECT_EQ(*ReadFile(file()), whole + "{\"event\":\"remember\",\"key\":\"b\",\"value\":\"2\"}\n");
  }
}

TEST_F(JournalTest, ADamagedLineBeforeItIsTold) {
  ASSERT_OK(WriteFileAtomically(file(), "{\"event\":\"started\"}\nnonsense\n{\"event\":\"started\"}\n"));
  EXPECT_THAT(Journal::Open(file()).status(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("bringup.jsonl:2")));
}

TEST_F(JournalTest, UnknownEventsAreLeftAlone) {
  ASSERT_OK(WriteFileAtomically(file(), "{\"event\":\"newer\",\"key\":3}\n{\"event\":\"remember\",\"key\":3}\n"));
  EXPECT_NE(Open(), nullptr);
}

}  // namespace
}  // namespace tales::bringup
