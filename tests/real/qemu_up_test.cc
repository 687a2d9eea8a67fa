// `tales up` and its sibling verbs on real QEMU, as far as a guest without Talos can go: the machine is made with its
// settings, started, installs itself from the CD, boots from its disk, hears the power button, comes back after a loss
// of power, and is given up. Where Talos would answer, the verb says what it waited for.
#include <signal.h>

#include "absl/strings/str_cat.h"
#include "fixtures/qemu/machine_process.h"
#include "harness/definition/cluster_file.h"
#include "reports/run_model.h"
#include "tests/real/qemu_guest.h"
#include "tests/support/status_matchers.h"

namespace tales::qemu {
namespace {

using ::tales::qemu::testing::kBoot;
using ::tales::qemu::testing::MakeLinuxIso;
using ::tales::qemu::testing::QemuHostTest;
using ::tales::qemu::testing::Soon;
using ::tales::testing::IsOkAndHolds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class QemuUpTest : public QemuHostTest {
 protected:
  void SetUp() override {
    QemuHostTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    if (!FindProgram("talosctl").ok()) GTEST_SKIP() << "talosctl is not on PATH";
    const auto iso = MakeLinuxIso(folder_->path(), {"vga=792"});
    if (absl::IsUnavailable(iso.status())) GTEST_SKIP() << iso.status().message();
    ASSERT_OK(iso);
    cluster_.qemu->iso = iso->string();
    cluster_.nodes_declared = true;
    cluster_.disposable = true;
    cluster_.allow = Tier::kDisruptive;
    cluster_.endpoint = "https://10.0.1.50:6443";
    cluster_.talos.version = "v1.9.4";
    cluster_.kubernetes.version = "v1.32.2";
    cluster_.config = ConfigDefinition{.folder = (folder_->path() / "work").string(), .secrets_file = "secrets.yaml"};
    cluster_.config->secrets_file = (folder_->path() / "work/secrets.yaml").string();
    cluster_.config->generator_arguments = {"--install-disk", "/dev/sda"};
    std::filesystem::create_directories(folder_->path() / "work");
    Declare();
  }
  void Declare() { ASSERT_OK(WriteFileAtomically(file(), WriteClusterFile(cluster_))); }
  std::string file() const { return (folder_->path() / "cluster.yaml").string(); }
  std::filesystem::path state() const { return folder_->path() / "bringup"; }
  Finished Tales(std::vector<std::string> arguments) const {
    Command command{.argv = {TALES_SERVE_LAB}};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    command.argv.insert(command.argv.end(), {"--cluster", file(), "--state", state().string()});
    command.environment["HOME"] = folder_->path().string();
    const absl::StatusOr<Finished> finished = tales::Run(command, Deadline::After(absl::Minutes(4)));
    EXPECT_OK(finished);
    return finished.value_or(Finished{});
  }
};

TEST_F(QemuUpTest, AsFarAsAGuestWithoutTalosCanGo) {
  const Finished up = Tales({"up", "--new-secrets", "--verify", "none", "--unattended", "--deadline", "60s", "--out",
                             (folder_->path() / "run").string()});
  EXPECT_EQ(up.exit_code, 1) << up.output << up.error_output;
  EXPECT_THAT(up.output, AllOf(HasSubstr("maintenance/control"), HasSubstr("it does not answer"),
                               HasSubstr("look at its console")));
  const auto model = reports::ReadJournal(folder_->path() / "run/events.jsonl");
  ASSERT_OK(model);
  for (const char* step : {"bringup.secrets", "bringup.validate", "bringup.create/control", "bringup.start/control"})
    EXPECT_EQ(model->Find(step)->verdict, Verdict::kPassed) << step;
  EXPECT_EQ(model->Find("bringup.maintenance/control")->verdict, Verdict::kFailed);
  EXPECT_EQ(model->Find("bringup.apply/control")->verdict, Verdict::kBlocked);
  EXPECT_THAT(Processes(1), SizeIs(0)) << "the worker's turn has not come";
  // Its kernel arguments and its disk; installed, it starts from the CD once more, since that comes first until step
  // boot-source, and the CD does not start what is installed: why there is that step.
  EXPECT_TRUE(Says("vga=792", kBoot));
  EXPECT_TRUE(Says("sda=100000000000"));
  EXPECT_TRUE(Says("guest: installed, rebooting", kBoot));
  EXPECT_TRUE(Says("already installed to disk but booted from another media", kBoot));
  ASSERT_TRUE(Says("waiting for the power button", kBoot));
  EXPECT_THAT(Tales({"status"}).output, HasSubstr("control  on"));

  // Nothing is switched off without the authority in the cluster file.
  const Finished refused = Tales({"power", "shutdown", "control"});
  EXPECT_EQ(refused.exit_code, 2);
  const size_t at = refused.error_output.find("authority: sha256:");
  ASSERT_NE(at, std::string::npos) << refused.error_output;
  EXPECT_THAT(Power(), IsOkAndHolds(PowerState::kOn));
  cluster_.authority = refused.error_output.substr(at + std::string("authority: ").size(), 71);
  ASSERT_NO_FATAL_FAILURE(Declare());
  Finished done = Tales({"power", "shutdown", "control", "--unattended"});
  EXPECT_EQ(done.exit_code, 0) << done.output << done.error_output;
  EXPECT_THAT(done.output, HasSubstr("Talos does not answer; the power button is pressed"));
  EXPECT_TRUE(Says("guest: power button"));
  EXPECT_THAT(Power(), IsOkAndHolds(PowerState::kOff));

  // One more disk, while it is off; its guest sees it at the next start.
  done = Tales({"disk", "add", "control", "--name", "data", "--size", "1GiB", "--unattended"});
  EXPECT_EQ(done.exit_code, 0) << done.output << done.error_output;
  EXPECT_THAT(done.output, HasSubstr("its host has it"));
  EXPECT_EQ(Tales({"power", "on", "control", "--unattended"}).exit_code, 0);
  EXPECT_TRUE(Says("/sys/block/sdb", kBoot));
  EXPECT_EQ(Tales({"power", "off", "control", "--unattended"}).exit_code, 0);
  EXPECT_THAT(Power(), IsOkAndHolds(PowerState::kOff));
  done = Tales({"disk", "delete", "control", "--name", "data", "--unattended"});
  EXPECT_EQ(done.exit_code, 0) << done.output << done.error_output;
  EXPECT_THAT(Host().Disks(Node(), Soon()), IsOkAndHolds(SizeIs(0)));

  // The cold boot, from its disk; then the host goes down with it, and comes back.
  ASSERT_OK(Host().BootFrom(Node(), BootSource::kDisk, Soon()));
  EXPECT_EQ(Tales({"power", "on", "control", "--unattended"}).exit_code, 0);
  EXPECT_TRUE(Says("booted from disk"));
  ASSERT_THAT(Processes(), SizeIs(1));
  const pid_t before = Processes().front();
  kill(before, SIGKILL);
  ASSERT_TRUE(GoesOff());
  EXPECT_THAT(Tales({"autostart"}).output, HasSubstr("qemu: control"));
  EXPECT_TRUE(Says("booted from disk"));
  ASSERT_THAT(Processes(), SizeIs(1));
  EXPECT_NE(Processes().front(), before);
  EXPECT_THAT(Tales({"autostart"}).output, HasSubstr("qemu: nothing to start"));

  done = Tales({"down", "--unattended"});
  EXPECT_EQ(done.exit_code, 0) << done.output << done.error_output;
  EXPECT_THAT(Power(), IsOkAndHolds(PowerState::kAbsent));
  EXPECT_TRUE(std::filesystem::exists(cluster_.config->secrets_file)) << "secrets stay";
}

}  // namespace
}  // namespace tales::qemu
