// The lab as a process: side by side, killed, told to stop.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "absl/time/clock.h"
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
