#include "fixtures/served/kept_server.h"

#include <signal.h>
#include <sys/wait.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/base/file.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using ::testing::HasSubstr;

class KeptServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(TemporaryFolder folder, TemporaryFolder::Make("tales-kept-test"));
    folder_.emplace(std::move(folder));
  }
  void TearDown() override { EXPECT_OK(Make("serve").Stop(Soon())); }
  KeptServer Make(const std::string& mode) {
    const std::string out = (folder_->path() / "server").string();
    return KeptServer(out, {TALES_SERVED_PROGRAM, mode, "--out", out});
  }
  static Deadline Soon() { return Deadline::After(absl::Seconds(20)); }
  static absl::Status Await(const KeptServer& server) {
    return RetryUntil(Soon(), "it", absl::Milliseconds(5),
                      [&] { return server.Look().ready ? absl::OkStatus() : absl::UnavailableError("not yet"); });
  }
  std::optional<TemporaryFolder> folder_;
};

TEST_F(KeptServerTest, OutlivesWhoeverStartedItAndIsStoppedByAnother) {
  EXPECT_FALSE(Make("serve").Look().lives);
  // A process that starts it and ends at once.
  const pid_t starter = fork();
  if (starter == 0) _exit(Make("serve").Start().ok() ? 0 : 1);
  int status = -1;
  waitpid(starter, &status, 0);
  ASSERT_EQ(status, 0);
  KeptServer server = Make("serve");
  ASSERT_OK(Await(server));
  EXPECT_THAT(server.Look().said, HasSubstr("building nothing"));
  ASSERT_OK(server.Stop(Soon()));
  EXPECT_FALSE(server.Look().lives);
  EXPECT_FALSE(server.Look().ready);
  EXPECT_OK(server.Stop(Soon())) << "none lives";
}

TEST_F(KeptServerTest, OneThatIsKilledIsGoneOnceWhatItLeftIs) {
  KeptServer server = Make("sweep");
  ASSERT_OK(server.Start());
  ASSERT_OK(Await(server));
  const absl::StatusOr<std::string> text = ReadFile(server.folder() / ".lock");
  ASSERT_OK(text);
  pid_t pid = 0;
  ASSERT_TRUE(absl::SimpleAtoi(*text, &pid));
  ASSERT_EQ(kill(pid, SIGKILL), 0);
  ASSERT_OK(server.Stop(Soon()));
  EXPECT_FALSE(std::filesystem::exists(server.folder() / "state"));
  EXPECT_FALSE(server.Look().ready) << "its `ready` is still there, and means nothing";
  ASSERT_OK(server.Start()) << "and another can come";
  EXPECT_OK(Await(server));
}

TEST_F(KeptServerTest, SaysWhatOneSaidThatCouldNotCome) {
  KeptServer server = Make("fail");
  ASSERT_OK(server.Start());
  EXPECT_OK(RetryUntil(Soon(), "its words", absl::Milliseconds(5), [&] {
    return server.Look().said.empty() ? absl::UnavailableError("none yet") : absl::OkStatus();
  }));
  EXPECT_THAT(server.Look().said, HasSubstr("no etcd to be found"));
}

}  // namespace
}  // namespace tales
