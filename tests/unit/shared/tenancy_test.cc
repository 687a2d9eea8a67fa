// Who may still be at work in a namespace: one that lives here, one that was killed here, one elsewhere.
#include "suites/shared/tenancy.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/base/file.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using ::testing::HasSubstr;
using testing::StatusIs;

class TenancyTest : public ::testing::Test {
 protected:
  absl::StatusOr<Tenancy> Begin() const { return Tenancy::Begin(folder_.path() / "run", now_ + absl::Hours(1)); }

  const TemporaryFolder folder_ = *TemporaryFolder::Make("tenancy");
  const absl::Time now_ = absl::Now();
};

TEST_F(TenancyTest, OneThatLivesIsAtWorkUntilItsTimeIsOver) {
  ASSERT_OK_AND_ASSIGN(const Tenancy mine, Begin());
  EXPECT_TRUE(MayBeAtWork(mine.tenant(), now_));
  EXPECT_FALSE(MayBeAtWork(mine.tenant(), now_ + absl::Hours(1)));
  EXPECT_THAT(mine.tenant().run, HasSubstr((folder_.path() / "run").string()));
  EXPECT_THAT(Begin().status(), StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("another run works there")));
}

TEST_F(TenancyTest, TheMarkSaysAllOfIt) {
  ASSERT_OK_AND_ASSIGN(const Tenancy mine, Begin());
  const std::optional<Tenant> read = ReadTenant(WriteTenant(mine.tenant()));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->run, mine.tenant().run);
  EXPECT_EQ(read->machine, mine.tenant().machine);
  EXPECT_EQ(read->lock, mine.tenant().lock);
  EXPECT_LE(absl::AbsDuration(read->until - mine.tenant().until), absl::Seconds(1));
}

TEST_F(TenancyTest, OneThatHasEndedIsNot) {
  std::optional<Tenant> ended;
  {
    ASSERT_OK_AND_ASSIGN(const Tenancy mine, Begin());
    ended = mine.tenant();
  }
  EXPECT_FALSE(MayBeAtWork(*ended, now_));
  EXPECT_OK(Begin());  // and is taken up again
  std::filesystem::remove_all(folder_.path() / "run");
  EXPECT_FALSE(MayBeAtWork(*ended, now_));
}

TEST_F(TenancyTest, OneThatWasKilledIsNot) {
  int line[2];
  ASSERT_EQ(pipe(line), 0);
  const pid_t child = fork();
  if (child == 0) {
    const absl::StatusOr<Tenancy> theirs = Begin();
    const std::string mark = theirs.ok() ? WriteTenant(theirs->tenant()) : "";
    if (write(line[1], mark.data(), mark.size()) < 0) _exit(1);
    close(line[1]);
    pause();
    _exit(0);
  }
  close(line[1]);
  std::string mark;
  char some[256];
  for (ssize_t count = 0; (count = read(line[0], some, sizeof(some))) > 0;) mark.append(some, count);
  close(line[0]);
  const std::optional<Tenant> theirs = ReadTenant(mark);
  EXPECT_TRUE(theirs.has_value() && MayBeAtWork(*theirs, now_));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(theirs.has_value() && !MayBeAtWork(*theirs, now_));
}

// Its lock cannot be seen from here: it is believed.
TEST_F(TenancyTest, OneElsewhereIsUntilItsTimeIsOver) {
  for (const char* machine : {"", "another boot mnt:[4026531840]"}) {
    const Tenant theirs{"nas:/runs/1", now_ + absl::Minutes(1), machine, folder_.path() / "none"};
    EXPECT_TRUE(MayBeAtWork(theirs, now_)) << machine;
    EXPECT_FALSE(MayBeAtWork(theirs, now_ + absl::Minutes(2))) << machine;
  }
}

TEST_F(TenancyTest, OneWithoutALockIsBelieved) {
  ASSERT_TRUE(std::filesystem::create_directories(folder_.path() / "run/.at-work"));  // no file, so no lock
  std::optional<Tenant> theirs;
  {
    ASSERT_OK_AND_ASSIGN(const Tenancy tenancy, Begin());
    theirs = tenancy.tenant();
  }
  EXPECT_TRUE(MayBeAtWork(*theirs, now_));
  EXPECT_FALSE(MayBeAtWork(*theirs, now_ + absl::Hours(1)));
}

TEST_F(TenancyTest, AMarkOfAnyShapeIsNobodys) {
  for (const char* mark : {"", "[]", "{\"until\":7}", "{\"until\":\"soon\",\"run\":\"x\"}", "{{"}) {
    EXPECT_FALSE(ReadTenant(mark).has_value()) << mark;
  }
}

}  // namespace
}  // namespace tales
