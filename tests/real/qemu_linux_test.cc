// A guest with a kernel: what the settings do to it, and what it does with the power button.
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "fixtures/qemu/machine_process.h"
#include "tests/real/qemu_guest.h"
#include "tests/support/status_matchers.h"

namespace tales::qemu {
namespace {

using ::tales::qemu::testing::kBoot;
using ::tales::qemu::testing::MakeLinuxIso;
using ::tales::qemu::testing::QemuHostTest;
using ::tales::qemu::testing::Soon;
using ::tales::testing::IsOkAndHolds;
using ::testing::HasSubstr;

// The order of an installation of Talos, with its trap: the ISO does not start what is installed already.
TEST_F(QemuHostTest, LinuxIsInstalledFromTheCdAndBootsFromTheDiskThen) {
  const auto iso = MakeLinuxIso(folder_->path(), {"vga=792", "tales.test=yes"});
  if (absl::IsUnavailable(iso.status())) GTEST_SKIP() << iso.status().message();
  ASSERT_OK(iso);
  cluster_.qemu->iso = iso->string();
  const absl::Time start = absl::Now();
  ASSERT_OK(Host().Create(Node(), Soon()));
  ASSERT_OK(Host().PowerOn(Node(), Soon()));
  EXPECT_TRUE(Says("console=ttyS0 quiet panic=-1 vga=792 tales.test=yes", kBoot));
  EXPECT_TRUE(Says("cpus: 2"));
  EXPECT_TRUE(Says("sda=100000000000"));
  EXPECT_TRUE(Says("guest: installed, rebooting"));
  EXPECT_TRUE(Says("booted from disk"));
  std::cout << "installed and booted from its disk after " << absl::Now() - start << std::endl;

  // From the CD once more: it finds the installed disk, and waits. Now ACPI.
  ASSERT_OK(Host().BootFrom(Node(), BootSource::kCdrom, Soon()));
  ASSERT_OK(Host().Reset(Node(), Soon()));
  EXPECT_TRUE(Says("already installed to disk but booted from another media", kBoot));
  ASSERT_TRUE(Says("waiting for the power button", kBoot));
  ASSERT_OK(Host().AddDisk(Node(), "data", int64_t{1} << 30, Soon()));
  EXPECT_TRUE(Says("block devices: /sys/block/sda /sys/block/sdb"));
  ASSERT_OK(Host().DeleteDisk(Node(), "data", Soon()));
  ASSERT_OK(Host().Screenshot(Node(), folder_->path() / "screen.png", Soon()));
  const Deadline patience = Deadline::After(absl::Seconds(30));
  while (!AwaitOff(Files(), Deadline::After(absl::Seconds(3))).ok() && !patience.passed())
    ASSERT_OK(Host().Shutdown(Node(), Soon()));
  EXPECT_TRUE(Says("guest: power button"));
  EXPECT_THAT(Power(), IsOkAndHolds(PowerState::kOff));
  // Off by its own will: no power cut.
  EXPECT_FALSE(WasCutOff(Files()));
  EXPECT_THAT(Host().StartAll(Soon()).nodes, ::testing::IsEmpty());

  ASSERT_OK(Host().BootFrom(Node(), BootSource::kDisk, Soon()));
  ASSERT_OK(Host().PowerOn(Node(), Soon()));
  EXPECT_TRUE(Says("booted from disk"));
  std::cout << "all of it took " << absl::Now() - start << std::endl;
}

// With UEFI too: what its boot manager tries, in that order.
TEST_F(QemuHostTest, UefiTriesTheDiskBeforeTheCd) {
  if (!std::filesystem::exists("/usr/share/OVMF/OVMF_CODE_4M.fd")) GTEST_SKIP() << "no OVMF: apt install ovmf";
  cluster_.vm->firmware = "uefi";
  ASSERT_OK(Host().Create(Node(), Soon()));
  ASSERT_OK(Host().PowerOn(Node(), Soon()));
  ASSERT_TRUE(Says("DVD-ROM", kBoot));
  const std::string log = *ReadFile(Files().serial_log());
  EXPECT_LT(log.find("HARDDISK"), log.find("DVD-ROM")) << log;
  ASSERT_OK(Host().PowerOff(Node(), Soon()));
  ASSERT_OK(Host().BootFrom(Node(), BootSource::kCdrom, Soon()));
  ASSERT_OK(Host().PowerOn(Node(), Soon()));
  ASSERT_TRUE(Says("HARDDISK", kBoot));
  const std::string again = *ReadFile(Files().serial_log());
  EXPECT_LT(again.find("DVD-ROM"), again.find("HARDDISK")) << again;
}

}  // namespace
}  // namespace tales::qemu
