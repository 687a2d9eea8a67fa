#include "fixtures/served/served_fixture.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/base/file.h"
#include "harness/base/file_lock.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using tales::testing::StatusIs;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

bool Exists(pid_t pid) { return std::filesystem::exists("/proc/" + std::to_string(pid)); }

bool Gone(pid_t pid, absl::Duration within) {
  return RetryUntil(Deadline::After(within), "the end", absl::Milliseconds(5),
                    [&] { return Exists(pid) ? absl::UnavailableError("still there") : absl::OkStatus(); })
      .ok();
}

class ServedFixtureTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = TemporaryFolder::Make("tales-served-test");
    ASSERT_OK(folder);
    folder_ = std::make_unique<TemporaryFolder>(*std::move(folder));
    request_.state_folder = folder_->path();
    request_.deadline = Deadline::After(absl::Seconds(20));
    request_.progress = [this](std::string_view line) { progress_.emplace_back(line); };
  }
  ServedFixture Make(const std::string& mode) {
    return ServedFixture({.name = "sham", .arguments = {mode}, .simulated = true, .program = TALES_SERVED_PROGRAM});
  }
  std::unique_ptr<TemporaryFolder> folder_;
  FixtureRequest request_;
  std::vector<std::string> progress_;
};

// That of a run that was killed may still be ending, and removes what it made by its name.
TEST_F(ServedFixtureTest, WaitsForTheEndOfTheOneBefore) {
  const std::filesystem::path lock = folder_->path() / "sham" / ".lock";
  std::filesystem::create_directories(lock.parent_path());
  ASSERT_OK_AND_ASSIGN(internal::Fd held, LockFile(lock, "held"));
  ServedFixture fixture = Make("serve");
  request_.deadline = Deadline::After(absl::Milliseconds(300));
  EXPECT_THAT(fixture.Up(request_).status(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("the end of the one that served there before")));
  EXPECT_TRUE(std::filesystem::exists(lock)) << "it is the other one's";
  held.Close();
  request_.deadline = Deadline::After(absl::Seconds(20));
  EXPECT_OK(fixture.Up(request_));
}

TEST_F(ServedFixtureTest, ServesUntilItIsTakenDown) {
  ServedFixture fixture = Make("serve");
  request_.definition.emplace().path = "wanted.yaml";
  request_.faults = {{.domain = "lab", .id = "off", .target = "worker"}};
  ASSERT_OK_AND_ASSIGN(ClusterAccess access, fixture.Up(request_));
  EXPECT_EQ(access.fixture, "sham");
  EXPECT_TRUE(access.simulated);
  EXPECT_TRUE(access.owned);
  EXPECT_EQ(access.granted, Tier::kDisruptive);
  EXPECT_TRUE(access.talosconfig.empty());
  EXPECT_EQ(access.kubeconfig, folder_->path() / "sham" / "kubeconfig");
  ASSERT_OK_AND_ASSIGN(std::string arguments, ReadFile(access.cluster_file));
  EXPECT_THAT(arguments, AllOf(HasSubstr("--lifeline\n"), HasSubstr("--cluster\nwanted.yaml\n"),
                               HasSubstr("--fault\nlab:off=worker\n")));
  EXPECT_OK(fixture.Alive());
  const pid_t pid = fixture.pid();
  EXPECT_OK(fixture.Down());
  EXPECT_FALSE(Exists(pid));
  EXPECT_TRUE(std::filesystem::is_empty(folder_->path()));
}

TEST_F(ServedFixtureTest, TheDestructorTakesItDown) {
  pid_t pid = 0;
  {
    ServedFixture fixture = Make("serve");
    ASSERT_OK(fixture.Up(request_));
    pid = fixture.pid();
  }
  EXPECT_FALSE(Exists(pid));
  EXPECT_TRUE(std::filesystem::is_empty(folder_->path()));
}

TEST_F(ServedFixtureTest, WhatTheRunGrantsIsTheLimit) {
  ServedFixture fixture = Make("serve");
  request_.allow = Tier::kRead;
  ASSERT_OK_AND_ASSIGN(ClusterAccess access, fixture.Up(request_));
  EXPECT_EQ(access.granted, Tier::kRead);
}

TEST_F(ServedFixtureTest, SaysWhatTheProcessSaidLast) {
  ServedFixture fixture = Make("fail");
  EXPECT_THAT(fixture.Up(request_), StatusIs(absl::StatusCode::kUnavailable,
                                             AllOf(HasSubstr("fixture sham: its process ended with exit code 3"),
                                                   HasSubstr("no etcd to be found"))));
  EXPECT_TRUE(std::filesystem::is_empty(folder_->path()));
}

TEST_F(ServedFixtureTest, WhatTheProcessRefusesIsAMistakeOfTheQuestion) {
  ServedFixture fixture = Make("refuse");
  EXPECT_THAT(fixture.Up(request_), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no such fault")));
  EXPECT_TRUE(std::filesystem::is_empty(folder_->path()));
}

TEST_F(ServedFixtureTest, NotReadyInTime) {
  ServedFixture fixture = Make("never");
  request_.deadline = Deadline::After(absl::Milliseconds(500));
  EXPECT_THAT(fixture.Up(request_), StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("not ready after")));
  EXPECT_THAT(progress_, Contains("building nothing"));
}

TEST_F(ServedFixtureTest, NoSuchProgram) {
  ServedFixture fixture({.name = "sham", .program = folder_->path() / "nothing"});
  EXPECT_THAT(fixture.Up(request_), StatusIs(absl::StatusCode::kNotFound, HasSubstr("nothing")));
}

TEST_F(ServedFixtureTest, NoticesThatItDied) {
  ServedFixture fixture = Make("serve");
  ASSERT_OK(fixture.Up(request_));
  kill(fixture.pid(), SIGKILL);
  EXPECT_OK(RetryUntil(Deadline::After(absl::Seconds(10)), "its end to be noticed", absl::Milliseconds(10), [&] {
    return fixture.Alive().ok() ? absl::UnavailableError("it is alive") : absl::OkStatus();
  }));
  EXPECT_THAT(fixture.Alive(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("signal 9")));
}

// The runner killed by -9: here a child of the test that holds a fixture and never takes it down.
TEST_F(ServedFixtureTest, EndsWithItsParentHoweverThatEnds) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t runner = fork();
  if (runner == 0) {
    alarm(60);  // where the test itself dies
    ServedFixture fixture = Make("serve");
    const bool up = fixture.Up(request_).ok();
    const pid_t pid = up ? fixture.pid() : -1;
    if (write(ends[1], &pid, sizeof pid) != sizeof pid) _exit(1);
    while (true) pause();
  }
  close(ends[1]);  // so that the end of the child is the end of the pipe
  pollfd told{.fd = ends[0], .events = POLLIN, .revents = 0};
  pid_t server = 0;
  const bool up = poll(&told, 1, 30'000) == 1 && read(ends[0], &server, sizeof server) == sizeof server;
  const bool served = up && server > 0 && Exists(server);
  kill(runner, SIGKILL);
  waitpid(runner, nullptr, 0);
  close(ends[0]);
  ASSERT_TRUE(served) << "it did not come up within 30 s";
  EXPECT_TRUE(Gone(server, absl::Seconds(10)));
}

TEST_F(ServedFixtureTest, WhatItSweepsIsGoneAlsoAfterMinus9) {
  const std::filesystem::path state = folder_->path() / "sham" / "state";
  {
    ServedFixture fixture = Make("sweep");
    ASSERT_OK(fixture.Up(request_));
    ASSERT_TRUE(std::filesystem::exists(state / "key"));
    kill(fixture.pid(), SIGKILL);
    EXPECT_OK(RetryUntil(Deadline::After(absl::Seconds(10)), "the sweeper", absl::Milliseconds(10), [&] {
      return std::filesystem::exists(state) ? absl::UnavailableError("the key is there") : absl::OkStatus();
    }));
  }
  // Without the fixture, which would remove the whole folder.
  Child::Options options{.command = {.argv = {TALES_SERVED_PROGRAM, "sweep", "--out", folder_->path() / "sham"}}};
  ASSERT_OK_AND_ASSIGN(Child by_hand, Child::Start(options));
  ASSERT_OK(RetryUntil(Deadline::After(absl::Seconds(10)), "the server", absl::Milliseconds(10), [&] {
    return std::filesystem::exists(state.parent_path() / "ready") ? absl::OkStatus()
                                                                  : absl::UnavailableError("not yet");
  }));
  EXPECT_EQ(by_hand.Stop(absl::Seconds(10)).exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(state));
}

TEST_F(ServedFixtureTest, OneServerPerFolder) {
  ServedFixture fixture = Make("serve");
  ASSERT_OK(fixture.Up(request_));
  ASSERT_OK_AND_ASSIGN(
      Finished second,
      tales::Run({.argv = {TALES_SERVED_PROGRAM, "serve", "--out", (folder_->path() / "sham").string()}},
                 Deadline::After(absl::Seconds(10))));
  EXPECT_EQ(second.exit_code, 3);
  EXPECT_THAT(second.error_output, HasSubstr("another process serves there"));
}

TEST(LogTailTest, KeepsTheEnd) {
  ASSERT_OK_AND_ASSIGN(TemporaryFolder folder, TemporaryFolder::Make("tales-tail-test"));
  ASSERT_OK(WriteFileAtomically(folder.path() / "log", "one\ntwo\nthree\n\n"));
  EXPECT_EQ(LogTail(folder.path() / "log", 2), "two\nthree");
  EXPECT_EQ(LogTail(folder.path() / "none"), "");
  ASSERT_OK(WriteFileAtomically(folder.path() / "long", std::string(100'000, 'x')));
  EXPECT_EQ(LogTail(folder.path() / "long").size(), 4096u);
}

}  // namespace
}  // namespace tales
