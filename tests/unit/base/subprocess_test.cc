#include "harness/base/subprocess.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "harness/base/file.h"
#include "harness/base/how_it_ended.h"
#include "harness/base/parallel.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using ::tales::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Command Shell(std::string script) { return {.argv = {"sh", "-c", std::move(script)}}; }
Deadline Soon() { return Deadline::After(absl::Seconds(20)); }

bool Exists(pid_t pid) { return kill(pid, 0) == 0; }

bool EndsWithin(pid_t pid, absl::Duration limit) {
  const absl::Time end = absl::Now() + limit;
  while (absl::Now() < end) {
    if (!Exists(pid)) return true;
    // A killed grandchild is init's, which may take a moment, or never reap: a zombie counts as gone.
    std::ifstream stat(absl::StrCat("/proc/", pid, "/stat"));
    const std::string text((std::istreambuf_iterator<char>(stat)), {});
    if (absl::StrContains(text, ") Z ")) return true;
    absl::SleepFor(absl::Milliseconds(10));
  }
  return false;
}

TEST(Run, KeepsBothStreamsAndTheExitCode) {
  ASSERT_OK_AND_ASSIGN(const Finished finished, tales::Run(Shell("echo out; echo err >&2; exit 7"), Soon()));
  EXPECT_EQ(finished.exit_code, 7);
  EXPECT_EQ(finished.output, "out\n");
  EXPECT_EQ(finished.error_output, "err\n");
  EXPECT_FALSE(finished.ok());
}

TEST(Run, DoesNotDeadlockOnMuchOfBothStreamsAndMuchInput) {
  Command command = Shell("cat; i=0; while [ $i -lt 300 ]; do printf '%01000d' 0 >&2; i=$((i+1)); done");
  command.input = std::string(3 << 20, 'x');
  ASSERT_OK_AND_ASSIGN(const Finished finished, tales::Run(command, Soon()));
  EXPECT_EQ(finished.output, command.input);
  EXPECT_EQ(finished.error_output.size(), 300u * 1000);
}

TEST(Run, InputThatIsNotReadDoesNotHurt) {
  Command command = Shell("exit 0");
  command.input = std::string(1 << 20, 'x');
  EXPECT_OK(tales::Run(command, Soon()));
}

TEST(Run, WithoutInputStandardInputIsEmpty) {
  ASSERT_OK_AND_ASSIGN(const Finished finished, tales::Run({.argv = {"cat"}}, Soon()));
  EXPECT_TRUE(finished.ok());
  EXPECT_EQ(finished.output, "");
}

TEST(Run, KeepsNoMoreThanTheLimit) {
  Command command = Shell("head -c 1000000 /dev/zero; echo done >&2");
  command.output_limit = 1000;
  ASSERT_OK_AND_ASSIGN(const Finished finished, tales::Run(command, Soon()));
  EXPECT_TRUE(finished.ok());
  EXPECT_EQ(finished.output.size(), 1000u);
  EXPECT_EQ(finished.error_output, "done\n");
}

TEST(Run, SaysWhichSignalEndedIt) {
  ASSERT_OK_AND_ASSIGN(const Finished finished, tales::Run(Shell("kill -SEGV $$"), Soon()));
  EXPECT_EQ(finished.signal, SIGSEGV);
  EXPECT_EQ(finished.exit_code, -1);
  EXPECT_EQ(HowItEnded(finished), "was ended by signal 11 (SIGSEGV)");
}

TEST(Run, SaysWithWhichCodeItEnded) {
  ASSERT_OK_AND_ASSIGN(const Finished finished, tales::Run(Shell("exit 3"), Soon()));
  EXPECT_EQ(HowItEnded(finished), "ended with exit code 3");
}

TEST(Run, KillsAtTheDeadlineWithAllThatItStarted) {
  const absl::Time start = absl::Now();
  ASSERT_OK_AND_ASSIGN(TemporaryFolder folder, TemporaryFolder::Make("subprocess-test"));
  const auto status = tales::Run(
      Shell(absl::StrCat("sleep 1000 & echo $! > ", (folder.path() / "pid").string(), "; echo nearly there >&2; wait")),
      Deadline::After(absl::Milliseconds(500)));
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kDeadlineExceeded,
                               AllOf(HasSubstr("sleep 1000"), HasSubstr("killed; last line: nearly there"))));
  EXPECT_LT(absl::Now() - start, absl::Seconds(10));
  ASSERT_OK_AND_ASSIGN(const std::string pid_text, ReadFile(folder.path() / "pid"));
  int pid = 0;
  ASSERT_TRUE(absl::SimpleAtoi(pid_text, &pid));
  EXPECT_TRUE(EndsWithin(pid, absl::Seconds(5)));
}

TEST(Run, KillsOneThatIgnoresTerm) {
  const absl::Time start = absl::Now();
  EXPECT_THAT(
      tales::Run(Shell("trap '' TERM; while true; do sleep 0.05; done"), Deadline::After(absl::Milliseconds(200))),
      StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("it had written nothing")));
  EXPECT_LT(absl::Now() - start, absl::Seconds(10));
}

TEST(Run, DoesNotWaitForWhatItLeavesBehindHoldingItsOutput) {
  const absl::Time start = absl::Now();
  ASSERT_OK_AND_ASSIGN(const Finished finished, tales::Run(Shell("sleep 3 & echo here"), Soon()));
  EXPECT_EQ(finished.output, "here\n");
  EXPECT_LT(absl::Now() - start, absl::Seconds(2));
}

TEST(Run, ErrorsNameTheProgram) {
  EXPECT_THAT(tales::Run({.argv = {"no-such-program-of-ours"}}, Soon()),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("no-such-program-of-ours: not found in PATH")));
  EXPECT_THAT(tales::Run({.argv = {"/no/such/program"}}, Soon()),
              StatusIs(absl::StatusCode::kNotFound, StartsWith("running /no/such/program")));
  ASSERT_OK_AND_ASSIGN(TemporaryFolder folder, TemporaryFolder::Make("subprocess-test"));
  const std::string text = (folder.path() / "text").string();
  ASSERT_OK(WriteFileAtomically(text, "no program", 0644));
  EXPECT_THAT(tales::Run({.argv = {text}}, Soon()), StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr(text)));
  EXPECT_THAT(tales::Run({.argv = {}}, Soon()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("without a program")));
  EXPECT_THAT(tales::Run({.argv = {"true"}, .working_folder = "/no/such/folder"}, Soon()),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/no/such/folder")));
}

TEST(Run, EnvironmentAndWorkingFolder) {
  ASSERT_EQ(setenv("TALES_TEST_TAKEN", "x", 1), 0);
  Command command = Shell("echo $TALES_TEST_A-$TALES_TEST_TAKEN; pwd");
  command.environment = {{"TALES_TEST_A", "a b"}, {"TALES_TEST_TAKEN", ""}};
  command.working_folder = "/";
  ASSERT_OK_AND_ASSIGN(const Finished finished, tales::Run(command, Soon()));
  unsetenv("TALES_TEST_TAKEN");
  EXPECT_EQ(finished.output, "a b-\n/\n");
}

TEST(Run, InheritsNoDescriptorOfOurs) {
  const int leaky = open("/dev/null", O_RDONLY);  // without O_CLOEXEC, as libraries do it
  ASSERT_OK_AND_ASSIGN(
      const Finished finished,
      tales::Run(Shell("for i in 3 4 5 6 7 8 9; do [ -e /proc/$$/fd/$i ] && echo $i; done; true"), Soon()));
  close(leaky);
  EXPECT_EQ(finished.output, "");
}

TEST(Run, ManySideBySide) {
  std::vector<std::string> outputs(40);
  ForEachInParallel(outputs.size(), 8, [&](size_t i) {
    const auto finished = tales::Run(Shell(absl::StrCat("echo ", i)), Soon());
    if (finished.ok()) outputs[i] = finished->output;
  });
  for (size_t i = 0; i < outputs.size(); ++i) EXPECT_EQ(outputs[i], absl::StrCat(i, "\n"));
}

TEST(CommandText, IsWhatAShellWouldTake) {
  const Command command{.argv = {"talosctl", "-n", "10.0.1.50", "it's", "", "a b"}};
  EXPECT_EQ(command.ToString(), R"(talosctl -n 10.0.1.50 'it'\''s' '' 'a b')");
}

TEST(FindProgram, LooksInPath) {
  ASSERT_OK_AND_ASSIGN(const std::filesystem::path sh, FindProgram("sh"));
  EXPECT_TRUE(sh.is_absolute());
  EXPECT_THAT(FindProgram("no-such-program-of-ours"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("PATH")));
  EXPECT_THAT(FindProgram("/etc"), StatusIs(absl::StatusCode::kNotFound, HasSubstr("/etc")));
}

class ChildTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = TemporaryFolder::Make("child-test");
    ASSERT_OK(folder);
    folder_.emplace(*std::move(folder));
  }
  std::filesystem::path path(std::string_view name) const { return folder_->path() / name; }
  std::optional<TemporaryFolder> folder_;
};

TEST_F(ChildTest, RunsBesideUsAndLogs) {
  ASSERT_OK_AND_ASSIGN(Child child, Child::Start({.command = Shell("echo out; echo err >&2; exec sleep 1000"),
                                                  .log_file = path("log")}));
  EXPECT_TRUE(child.running());
  EXPECT_EQ(getpgid(child.pid()), child.pid());
  EXPECT_FALSE(child.Wait(Deadline::After(absl::Milliseconds(300))).has_value());
  const pid_t pid = child.pid();
  EXPECT_EQ(child.Stop(absl::Seconds(5)).signal, SIGTERM);
  EXPECT_FALSE(child.running());
  EXPECT_FALSE(Exists(pid));
  ASSERT_OK_AND_ASSIGN(const std::string log, ReadFile(path("log")));
  EXPECT_EQ(log, "out\nerr\n");
}

TEST_F(ChildTest, ItsEndIsSeenOnceAndRemembered) {
  ASSERT_OK_AND_ASSIGN(Child child, Child::Start({.command = Shell("exit 3")}));
  const auto finished = child.Wait(Soon());
  ASSERT_TRUE(finished.has_value());
  EXPECT_EQ(finished->exit_code, 3);
  EXPECT_EQ(child.Wait(Soon())->exit_code, 3);
  EXPECT_EQ(child.Stop(absl::Seconds(1)).exit_code, 3);
  child.Kill(SIGKILL);  // nobody else is hit
}

TEST_F(ChildTest, StopKillsOneThatIgnoresTermAndWhatItStarted) {
  ASSERT_OK_AND_ASSIGN(
      Child child, Child::Start({.command = Shell("trap '' TERM; sleep 1000 & echo $!; while :; do sleep 0.05; done"),
                                 .log_file = path("log")}));
  std::string log;
  while (log.empty()) {
    absl::SleepFor(absl::Milliseconds(10));
    log = ReadFile(path("log")).value_or("");
  }
  EXPECT_EQ(child.Stop(absl::Milliseconds(100)).signal, SIGKILL);
  int grandchild = 0;
  ASSERT_TRUE(absl::SimpleAtoi(log, &grandchild));
  EXPECT_TRUE(EndsWithin(grandchild, absl::Seconds(5)));
}

TEST_F(ChildTest, GoesWithItsOwner) {
  pid_t pid;
  {
    ASSERT_OK_AND_ASSIGN(Child child, Child::Start({.command = {.argv = {"sleep", "1000"}}}));
    pid = child.pid();
    Child moved = std::move(child);
    EXPECT_TRUE(moved.running());
  }
  EXPECT_FALSE(Exists(pid));
}

TEST_F(ChildTest, DiesWithOurProcessEvenByKill) {
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const pid_t middle = fork();
  ASSERT_GE(middle, 0);
  if (middle == 0) {
    auto child = Child::Start({.command = {.argv = {"sleep", "1000"}}});
    const pid_t pid = child.ok() ? child->pid() : -1;
    [[maybe_unused]] const ssize_t n = write(pipe_ends[1], &pid, sizeof pid);
    kill(getpid(), SIGKILL);
    _exit(1);
  }
  pid_t grandchild = -1;
  ASSERT_EQ(read(pipe_ends[0], &grandchild, sizeof grandchild), static_cast<ssize_t>(sizeof grandchild));
  close(pipe_ends[0]);
  close(pipe_ends[1]);
  waitpid(middle, nullptr, 0);
  ASSERT_GT(grandchild, 0);
  EXPECT_TRUE(EndsWithin(grandchild, absl::Seconds(5)));
}

TEST_F(ChildTest, MapsDescriptorsAlsoCrosswise) {
  int first[2], second[2];
  ASSERT_EQ(pipe(first), 0);
  ASSERT_EQ(pipe(second), 0);
  // Each of the two under the number of the other: the order of dup2 must not matter.
  ASSERT_OK_AND_ASSIGN(Child child,
                       Child::Start({.command = Shell(absl::StrCat("echo one >&", second[1], "; echo two >&", first[1],
                                                                   "; echo three >&9")),
                                     .descriptors = {{second[1], first[1]}, {first[1], second[1]}, {9, first[1]}}}));
  EXPECT_EQ(child.Wait(Soon())->exit_code, 0);
  char buffer[64];
  ssize_t n = read(first[0], buffer, sizeof buffer);
  EXPECT_EQ(std::string(buffer, static_cast<size_t>(std::max<ssize_t>(n, 0))), "one\nthree\n");
  n = read(second[0], buffer, sizeof buffer);
  EXPECT_EQ(std::string(buffer, static_cast<size_t>(std::max<ssize_t>(n, 0))), "two\n");
  for (int fd : {first[0], first[1], second[0], second[1]}) close(fd);
}

TEST_F(ChildTest, AFailedStartIsReportedWhateverNumbersAreMapped) {
  const std::map<int, int> descriptors = {{3, 1}, {4, 1}, {5, 1}, {6, 1}, {7, 1}, {8, 1}, {9, 1}, {10, 1}};
  EXPECT_THAT(Child::Start({.command = {.argv = {"/no/such/program"}}, .descriptors = descriptors}),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/no/such/program")));
}

TEST_F(ChildTest, DetachedGoesOn) {
  pid_t pid;
  {
    ASSERT_OK_AND_ASSIGN(Child child, Child::Start({.command = {.argv = {"sleep", "1000"}}, .dies_with_us = false}));
    pid = child.pid();
    child.Detach();
  }
  EXPECT_TRUE(Exists(pid));
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
}

}  // namespace
}  // namespace tales
