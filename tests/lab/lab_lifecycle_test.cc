// The lab as a process: side by side, killed, told to stop.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "absl/time/clock.h"
#include "harness/base/file.h"
#include "harness/base/subprocess.h"
#include "tests/lab/running_lab.h"
#include "tests/support/status_matchers.h"

namespace tales::lab {
namespace {

using ::testing::HasSubstr;

TEST(LabLifecycle, TwoRunSideBySide) {
  ASSERT_OK_AND_ASSIGN(const RunningLab first, RunningLab::Start());
  ASSERT_OK_AND_ASSIGN(const RunningLab second, RunningLab::Start());
  EXPECT_NE(first.Address("control"), second.Address("control"));
}

TEST(LabLifecycle, EndsOnSigtermAndLeavesNoReadyBehind) {
  ASSERT_OK_AND_ASSIGN(RunningLab lab, RunningLab::Start());
  lab.process().Kill(SIGTERM);
  const std::optional<Finished> finished = lab.process().Wait(Deadline::After(absl::Seconds(5)));
  ASSERT_TRUE(finished.has_value());
  EXPECT_EQ(finished->exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(lab.folder() / "ready"));
  EXPECT_FALSE(std::filesystem::exists(lab.folder() / "control"));
}

TEST(LabLifecycle, EndsOnSigtermWhileItStarts) {
  ASSERT_OK_AND_ASSIGN(const TemporaryFolder folder, TemporaryFolder::Make("tales-lab-start"));
  Child::Options options;
  options.command.argv = {ServeLabProgram(), "lab", "--out", folder.path().string(), "--nodes", "1000"};
  options.log_file = folder.path() / "log";
  ASSERT_OK_AND_ASSIGN(Child lab, Child::Start(options));
  ASSERT_OK(RetryUntil(Deadline::After(absl::Seconds(20)), "its lock", absl::Milliseconds(5), [&] {
    return ReadFile(folder.path() / ".lock").value_or("").empty() ? absl::UnavailableError("not yet")
                                                                  : absl::OkStatus();
  }));
  absl::SleepFor(absl::Milliseconds(300));
  lab.Kill(SIGTERM);
  const std::optional<Finished> finished = lab.Wait(Deadline::After(absl::Seconds(120)));
  ASSERT_TRUE(finished.has_value());
  EXPECT_EQ(finished->exit_code, 0) << ReadFile(options.log_file).value_or("");
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "cluster.yaml"));
}

TEST(LabLifecycle, WrongArgumentsAreSaidWithWhatMayBe) {
  const auto say = [](std::vector<std::string> arguments) {
    Command command{.argv = {ServeLabProgram(), "lab"}};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    const Finished finished = tales::Run(command, Deadline::After(absl::Seconds(10))).value_or(Finished{});
    EXPECT_NE(finished.exit_code, 0);
    return finished.output + finished.error_output;
  };
  EXPECT_THAT(say({}), HasSubstr("--out DIR is required"));
  EXPECT_THAT(say({"--out", "/nonexistent/x", "--nodes", "-1"}), HasSubstr("--nodes"));
  EXPECT_THAT(say({"--out", "/nonexistent/x", "--control-planes", "2001"}), HasSubstr("2000"));
  const std::string state = say({"--out", "/nonexistent/x", "--state", "on"});
  EXPECT_THAT(state, ::testing::AllOf(HasSubstr("maintenance"), ::testing::Not(HasSubstr("->"))));
  for (const char* order : {"fault", "heal", "power", "machine", "eject", "boot-from"}) {
    Command help{.argv = {ServeLabProgram(), "lab", order, "--help"}};
    const Finished finished = tales::Run(help, Deadline::After(absl::Seconds(10))).value_or(Finished{});
    EXPECT_THAT(finished.output, HasSubstr("--out DIR")) << order;
  }
  EXPECT_THAT(say({"power", "--out", "/nonexistent"}), HasSubstr("WHAT is required"));
  EXPECT_THAT(say({"eject", "control"}), HasSubstr("--out DIR is required"));
}

TEST(LabLifecycle, AKilledOneFreesItsAddresses) {
  ASSERT_OK_AND_ASSIGN(RunningLab first, RunningLab::Start());
  const std::string address = first.Address("control");
  first.process().Kill(SIGKILL);
  ASSERT_TRUE(first.process().Wait(Deadline::After(absl::Seconds(5))).has_value());
  // Other labs may run beside this test and take the block first; but some lab must be able to serve there again.
  std::vector<RunningLab> labs;
  bool again = false;
  for (int i = 0; i < 8 && !again; ++i) {
    absl::StatusOr<RunningLab> lab = RunningLab::Start();
    ASSERT_OK(lab);
    again = lab->Address("control") == address;
    labs.push_back(*std::move(lab));
  }
  EXPECT_TRUE(again);
}

TEST(LabLifecycle, FilesWithSecretsAreItsOwnersAlone) {
  ASSERT_OK_AND_ASSIGN(const RunningLab lab, RunningLab::Start());
  using std::filesystem::perms;
  const auto mode = [&](const char* path) { return std::filesystem::status(lab.folder() / path).permissions(); };
  EXPECT_EQ(mode("config"), perms::owner_all);
  for (const char* file : {"talosconfig", "kubeconfig", "config/secrets.yaml", "config/controlplane.yaml",
                           "config/worker.yaml", "config/talosconfig"})
    EXPECT_EQ(mode(file), perms::owner_read | perms::owner_write) << file;
}

TEST(LabLifecycle, AWrongFaultIsAUsageError) {
  const absl::StatusOr<RunningLab> lab = RunningLab::Start({"--fault", "lab:no-such"});
  ASSERT_FALSE(lab.ok());
  EXPECT_THAT(std::string(lab.status().message()), HasSubstr("the lab has no fault lab:no-such"));
}

TEST(LabLifecycle, OrdersToALabThatIsNotThere) {
  ASSERT_OK_AND_ASSIGN(const RunningLab lab, RunningLab::Start());
  const Finished wrong = lab.Order("heal", "lab:node-down=worker");
  EXPECT_NE(wrong.exit_code, 0);
  EXPECT_THAT(wrong.error_output, HasSubstr("is not in force"));
  Command command;
  command.argv = {ServeLabProgram(), "lab", "fault", "--out", "/nonexistent", "lab:node-down"};
  ASSERT_OK_AND_ASSIGN(const Finished nobody, tales::Run(command, Deadline::After(absl::Seconds(10))));
  EXPECT_EQ(nobody.exit_code, 2);
  EXPECT_THAT(nobody.error_output, HasSubstr("no lab serves from"));
}

}  // namespace
}  // namespace tales::lab
