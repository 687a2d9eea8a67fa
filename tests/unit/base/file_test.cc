#include "harness/base/file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "harness/base/parallel.h"
#include "harness/base/pause.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using ::tales::testing::IsOkAndHolds;
using ::tales::testing::StatusIs;
using ::testing::HasSubstr;

class FileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = TemporaryFolder::Make("file-test");
    ASSERT_OK(folder);
    folder_.emplace(*std::move(folder));
  }
  std::filesystem::path path(std::string_view name) const { return folder_->path() / name; }
  std::optional<TemporaryFolder> folder_;
};

TEST_F(FileTest, WritesAndReadsAnyBytes) {
  const std::string content("a\0b\n\xff", 5);
  ASSERT_OK(WriteFileAtomically(path("f"), content, 0600));
  EXPECT_THAT(ReadFile(path("f")), IsOkAndHolds(content));
  struct stat info;
  ASSERT_EQ(stat(path("f").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(FileTest, ReplacesWholeAndLeavesNothingBeside) {
  ASSERT_OK(WriteFileAtomically(path("f"), "old"));
  ASSERT_OK(WriteFileAtomically(path("f"), "new"));
  EXPECT_THAT(ReadFile(path("f")), IsOkAndHolds("new"));
  size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder_->path())) ++entries;
  EXPECT_EQ(entries, 1u);
}

TEST_F(FileTest, AKillLeavesNothingHalf) {
  const int unnamed = open(folder_->path().c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  if (unnamed < 0) GTEST_SKIP() << "this file system has no files without a name";
  close(unnamed);
  const std::string content(16 << 20, 'x');
  int killed = 0;
  for (int round = 0; round < 20; ++round) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) _exit(WriteFileAtomically(path("f"), content).ok() ? 0 : 1);
    Pause(absl::Milliseconds(round / 2), Deadline::After(absl::Seconds(1)));
    kill(child, SIGKILL);
    int how = 0;
    ASSERT_EQ(waitpid(child, &how, 0), child);
    if (WIFSIGNALED(how)) ++killed;
    for (const auto& entry : std::filesystem::directory_iterator(folder_->path())) {
      EXPECT_EQ(entry.path().filename(), "f");
      EXPECT_EQ(entry.file_size(), content.size());
    }
    std::filesystem::remove(path("f"));
  }
  EXPECT_GT(killed, 0);
}

TEST_F(FileTest, AReaderNeverSeesHalf) {
  const std::string a(1 << 16, 'a'), b(1 << 16, 'b');
  ASSERT_OK(WriteFileAtomically(path("f"), a));
  ForEachInParallel(2, 2, [&](size_t who) {
    for (int i = 0; i < 100; ++i) {
      if (who == 0) {
        EXPECT_OK(WriteFileAtomically(path("f"), i % 2 == 0 ? b : a));
      } else {
        const auto read = ReadFile(path("f"));
        ASSERT_OK(read);
        EXPECT_TRUE(*read == a || *read == b);
      }
    }
  });
}

TEST_F(FileTest, ErrorsNameTheFile) {
  EXPECT_THAT(ReadFile(path("none")), StatusIs(absl::StatusCode::kNotFound, HasSubstr("none")));
  EXPECT_FALSE(ReadFile(folder_->path()).ok());
  EXPECT_THAT(WriteFileAtomically(path("none/f"), "x"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("none/f")));
}

TEST_F(FileTest, ALimitIsALimit) {
  ASSERT_OK(WriteFileAtomically(path("f"), "12345"));
  EXPECT_OK(ReadFile(path("f"), 5));
  EXPECT_THAT(ReadFile(path("f"), 4), StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("longer than 4 bytes")));
  EXPECT_THAT(ReadFile("/dev/zero", 1000), StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("/dev/zero")));
}

TEST(ReadFilePart, IsWhatThereIsFromAPlaceOn) {
  ASSERT_OK_AND_ASSIGN(const TemporaryFolder folder, TemporaryFolder::Make("tales-file-test"));
  const std::filesystem::path file = folder.path() / "log";
  ASSERT_OK(WriteFileAtomically(file, "one\ntwo\n"));
  EXPECT_EQ(ReadFilePart(file, 4, 3).value_or(""), "two");
  EXPECT_EQ(ReadFilePart(file, 4, 100).value_or(""), "two\n");
  EXPECT_EQ(ReadFilePart(file, 100, 100).value_or("x"), "");
  EXPECT_TRUE(absl::IsNotFound(ReadFilePart(folder.path() / "none", 0, 1).status()));
}

TEST(TemporaryFolder, GoesWithItsContentUnlessReleased) {
  std::filesystem::path gone, kept;
  {
    ASSERT_OK_AND_ASSIGN(TemporaryFolder folder, TemporaryFolder::Make("temporary-test"));
    gone = folder.path();
    std::filesystem::create_directories(gone / "a/b");
    ASSERT_OK(WriteFileAtomically(gone / "a/b/f", "x"));
    struct stat info;
    ASSERT_EQ(stat(gone.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u);
    ASSERT_OK_AND_ASSIGN(TemporaryFolder second, TemporaryFolder::Make("temporary-test"));
    kept = second.Release();
  }
  EXPECT_FALSE(std::filesystem::exists(gone));
  EXPECT_TRUE(std::filesystem::exists(kept));
  std::filesystem::remove_all(kept);
}

// As a process that was killed a moment ago does.
TEST(TemporaryFolder, GoesAlsoWhileSomebodyStillWritesThere) {
  std::filesystem::path gone;
  std::thread writer;
  {
    ASSERT_OK_AND_ASSIGN(const TemporaryFolder folder, TemporaryFolder::Make("temporary-test"));
    gone = folder.path();
    writer = std::thread([gone] {
      for (int i = 0; i < 30; ++i) {
        std::ofstream(gone / absl::StrCat(i)) << "x";
        absl::SleepFor(absl::Milliseconds(1));
      }
    });
    absl::SleepFor(absl::Milliseconds(5));
  }
  EXPECT_FALSE(std::filesystem::exists(gone));
  writer.join();
}

TEST(ForEachInParallel, DoesEachOnce) {
  std::vector<std::atomic<int>> counts(1000);
  ForEachInParallel(counts.size(), 7, [&](size_t i) { ++counts[i]; });
  for (const auto& count : counts) EXPECT_EQ(count, 1);
  ForEachInParallel(0, 0, [](size_t) { FAIL(); });
}

}  // namespace
}  // namespace tales
