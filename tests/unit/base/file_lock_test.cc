#include "harness/base/file_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "harness/base/file.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

namespace fs = std::filesystem;
using ::tales::testing::StatusIs;

class FileLockTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = TemporaryFolder::Make("tales-lock");
    ASSERT_OK(folder);
    folder_.emplace(*std::move(folder));
    file_ = folder_->path() / "lock";
  }

  std::optional<TemporaryFolder> folder_;
  fs::path file_;
};

TEST_F(FileLockTest, IsOnesOwnUntilItsDescriptorCloses) {
  EXPECT_FALSE(IsLocked(file_)) << "it is not there";
  ASSERT_OK_AND_ASSIGN(internal::Fd held, LockFile(file_, "a night is not over"));
  EXPECT_TRUE(IsLocked(file_));
  EXPECT_THAT(LockFile(file_, "a night is not over"),
              StatusIs(absl::StatusCode::kAlreadyExists, "a night is not over"));
  EXPECT_THAT(TryLockFile(file_), StatusIs(absl::StatusCode::kAlreadyExists, ::testing::HasSubstr("lock is locked")));
  held.Close();
  EXPECT_FALSE(IsLocked(file_));
  EXPECT_OK(TryLockFile(file_));
}

TEST_F(FileLockTest, GoesWithAProcessThatIsKilled) {
  auto pipe = internal::MakePipe();
  ASSERT_OK(pipe);
  const pid_t child = fork();
  if (child == 0) {
    const auto held = TryLockFile(file_);
    pipe->write_end.Close();
    while (true) pause();
  }
  pipe->write_end.Close();
  char end;
  EXPECT_EQ(read(pipe->read_end.get(), &end, 1), 0);
  EXPECT_TRUE(IsLocked(file_));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_OK(TryLockFile(file_));
}

// Two who each hold a lock, one on a file that has no name any more.
TEST_F(FileLockTest, AFileThatItsHolderRemovesIsMadeAnew) {
  ASSERT_OK_AND_ASSIGN(internal::Fd first, TryLockFile(file_));
  fs::remove(file_);
  first.Close();
  ASSERT_OK_AND_ASSIGN(const internal::Fd second, TryLockFile(file_));
  EXPECT_TRUE(IsLocked(file_));
  EXPECT_THAT(TryLockFile(file_), StatusIs(absl::StatusCode::kAlreadyExists, ::testing::_));
}

TEST_F(FileLockTest, NobodyIsLedAwayByALink) {
  fs::create_symlink(folder_->path() / "elsewhere", file_);
  EXPECT_FALSE(TryLockFile(file_).ok());
  EXPECT_FALSE(fs::exists(folder_->path() / "elsewhere"));
  EXPECT_THAT(TryLockFile(folder_->path() / "no" / "lock"), StatusIs(absl::StatusCode::kNotFound, ::testing::_));
}

}  // namespace
}  // namespace tales
