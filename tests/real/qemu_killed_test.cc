// kill -9 of whoever controls the machines, at any moment: the machine is found again, there is never a second one, and
// doing it once more ends where it would have ended.
#include <signal.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "fixtures/qemu/machine_process.h"
#include "harness/base/subprocess.h"
#include "harness/definition/cluster_file.h"
#include "tests/real/qemu_guest.h"
#include "tests/support/status_matchers.h"

namespace tales::qemu {
namespace {

using ::tales::qemu::testing::QemuHostTest;
using ::tales::qemu::testing::Soon;
using ::tales::testing::IsOkAndHolds;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class QemuKilledTest : public QemuHostTest {
 protected:
  void SetUp() override {
    QemuHostTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    cluster_.nodes_declared = true;
    file_ = (folder_->path() / "cluster.yaml").string();
    ASSERT_OK(WriteFileAtomically(file_, WriteClusterFile(cluster_)));
  }

  Command Program(const std::vector<std::string>& actions) const {
    Command command{.argv = {TALES_QEMU_PROGRAM, file_, "control"}};
    command.argv.insert(command.argv.end(), actions.begin(), actions.end());
    return command;
  }
  // Whether it came to its end before it was killed.
  bool RunAndKill(const std::vector<std::string>& actions, absl::Duration after) {
    auto child = Child::Start({.command = Program(actions)});
    EXPECT_OK(child);
    if (const auto finished = child->Wait(Deadline::After(after))) {
      EXPECT_TRUE(finished->ok());
      return true;
    }
    kill(child->pid(), SIGKILL);  // the process alone: what it started is not told
    child->Wait(Soon());
    return false;
  }
  // As somebody else, after that: to its end.
  void RunToTheEnd(const std::vector<std::string>& actions) {
    ASSERT_OK_AND_ASSIGN(const Finished finished, tales::Run(Program(actions), Soon()));
    ASSERT_TRUE(finished.ok()) << finished.error_output;
  }
  std::vector<std::string> Leftovers() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(Files().folder.parent_path())) {
      const std::string name = entry.path().filename().string();
      if (name != "mark.json" && !absl::EndsWith(name, ".lock")) names.push_back(name);
    }
    return names;
  }

  std::string file_;
};

TEST_F(QemuKilledTest, MakingAndStarting) {
  int ended = 0, killed = 0;
  std::string uuid;
  for (absl::Duration after = absl::Milliseconds(1); ended < 2; after += absl::Milliseconds(6)) {
    SCOPED_TRACE(absl::StrCat("killed after ", absl::FormatDuration(after)));
    (RunAndKill({"create", "on"}, after) ? ended : killed)++;
    RunToTheEnd({"create", "on"});
    ASSERT_THAT(Processes(), SizeIs(1));
    EXPECT_THAT(Power(), IsOkAndHolds(PowerState::kOn));
    ASSERT_OK_AND_ASSIGN(const StoredMachine stored, Host().store().Find("control"));
    EXPECT_TRUE(stored.machine.complete);
    EXPECT_THAT(Leftovers(), SizeIs(1));
    // A new machine every second time: once the making is what was killed, once the starting.
    if (killed % 2 == 0) {
      RunToTheEnd({"delete"});
    } else {
      RunToTheEnd({"off"});
    }
    ASSERT_THAT(Processes(), IsEmpty());
    ASSERT_LT(after, absl::Seconds(5));
  }
  std::cout << "killed " << killed << " times" << std::endl;
  EXPECT_GT(killed, 0) << "the program was never cut off: nothing was tried";
}

TEST_F(QemuKilledTest, DisksSwitchingOffAndDeleting) {
  int ended = 0, killed = 0;
  for (absl::Duration after = absl::Milliseconds(1); ended < 2; after += absl::Milliseconds(7)) {
    SCOPED_TRACE(absl::StrCat("killed after ", absl::FormatDuration(after)));
    RunToTheEnd({"create", "on"});
    const std::vector<pid_t> before = Processes();
    RunAndKill({"add"}, after / 2);
    EXPECT_EQ(Processes(), before);
    RunToTheEnd({"add"});
    RunAndKill({"remove"}, after / 2);
    RunToTheEnd({"remove"});
    EXPECT_FALSE(std::filesystem::exists(Files().disk("data")));
    EXPECT_EQ(Processes(), before);
    (RunAndKill({"off", "delete"}, after) ? ended : killed)++;
    RunToTheEnd({"delete"});
    EXPECT_THAT(Processes(), IsEmpty());
    EXPECT_THAT(Leftovers(), IsEmpty());
    ASSERT_LT(after, absl::Seconds(5));
  }
  std::cout << "killed " << killed << " times" << std::endl;
  EXPECT_GT(killed, 0) << "the program was never cut off: nothing was tried";
}

TEST_F(QemuKilledTest, TwoAtOnceMakeOneMachine) {
  ASSERT_OK_AND_ASSIGN(Child one, Child::Start({.command = Program({"create", "on"})}));
  ASSERT_OK_AND_ASSIGN(Child two, Child::Start({.command = Program({"create", "on"})}));
  EXPECT_TRUE(one.Wait(Soon())->ok());
  EXPECT_TRUE(two.Wait(Soon())->ok());
  EXPECT_THAT(Processes(), SizeIs(1));
}

}  // namespace
}  // namespace tales::qemu
