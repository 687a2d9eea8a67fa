#include "tests/real/qemu_guest.h"

#include <signal.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "fixtures/qemu/machine_process.h"
#include "harness/base/status.h"
#include "harness/base/subprocess.h"

namespace tales::qemu::testing {

namespace fs = std::filesystem;

std::string BootSector(std::string_view text) {
  // cld; xor ax,ax; mov ds,ax; mov si,0x7c22
  // next: lodsb; test al,al; jz stop; mov bl,al; mov dx,0x3fd
  // wait: in al,dx; test al,0x20; jz wait; mov dx,0x3f8; mov al,bl; out dx,al; jmp next
  // stop: hlt; jmp stop
  static constexpr unsigned char kCode[] = {0xfc, 0x31, 0xc0, 0x8e, 0xd8, 0xbe, 0x22, 0x7c, 0xac, 0x84, 0xc0, 0x74,
                                            0x12, 0x88, 0xc3, 0xba, 0xfd, 0x03, 0xec, 0xa8, 0x20, 0x74, 0xfb, 0xba,
                                            0xf8, 0x03, 0x88, 0xd8, 0xee, 0xeb, 0xe9, 0xf4, 0xeb, 0xfd};
  static_assert(sizeof kCode == 0x22);
  std::string sector(512, '\0');
  std::memcpy(sector.data(), kCode, sizeof kCode);
  const std::string line = absl::StrCat(text, "\r\n");
  std::memcpy(sector.data() + sizeof kCode, line.data(), std::min<size_t>(line.size(), 400));
  sector[510] = '\x55';
  sector[511] = '\xaa';
  return sector;
}

std::string BootIso(std::string_view text) {
  constexpr size_t kSector = 2048;
  std::string iso(40 * kSector, '\0');
  const auto put = [&](size_t at, std::string_view bytes) { std::memcpy(iso.data() + at, bytes.data(), bytes.size()); };
  put(16 * kSector, std::string_view("\1CD001\1", 7));  // primary volume
  put(17 * kSector, std::string_view("\0CD001\1", 7));  // boot record: the catalogue is sector 19
  put(17 * kSector + 7, "EL TORITO SPECIFICATION");
  iso[17 * kSector + 0x47] = 19;
  put(18 * kSector, std::string_view("\377CD001\1", 7));
  // Validation entry, whose words have the sum 0; then the default entry: bootable, four sectors of 512 from sector 20.
  put(19 * kSector, std::string_view("\1\0\0\0", 4));
  put(19 * kSector + 0x1c, std::string_view("\xaa\x55\x55\xaa", 4));
  put(19 * kSector + 0x20, std::string_view("\x88\0\0\0\0\0\4\0\x14\0\0\0", 12));
  put(20 * kSector, BootSector(text));
  return iso;
}

absl::StatusOr<fs::path> MakeLinuxIso(const fs::path& folder, const std::vector<std::string>& kernel_arguments) {
  const fs::path iso = folder / "linux.iso", disk = folder / "installed";
  TALES_RETURN_IF_ERROR(WriteFileAtomically(disk, BootSector(kInstalled)));
  Command make{.argv = {TALES_MAKE_ISO, iso.string(), disk.string()}};
  make.argv.insert(make.argv.end(), kernel_arguments.begin(), kernel_arguments.end());
  TALES_ASSIGN_OR_RETURN(const Finished finished, tales::Run(make, Deadline::After(absl::Minutes(3))));
  if (finished.ok()) return iso;
  const std::string why = absl::StrCat(finished.output, finished.error_output);
  if (finished.exit_code == 77) return absl::UnavailableError(why);
  return absl::InternalError(absl::StrCat(make.ToString(), ": ", why));
}

void QemuHostTest::SetUp() {
  for (const char* program : {"qemu-system-x86_64", "qemu-img"}) {
    if (!FindProgram(program).ok()) GTEST_SKIP() << program << " is not there: apt install qemu-system-x86 qemu-utils";
  }
  auto folder = TemporaryFolder::Make("qemu-host-test");
  ASSERT_TRUE(folder.ok()) << folder.status();
  folder_ = std::make_unique<TemporaryFolder>(*std::move(folder));
  Guard();
  cluster_.cluster = "tales";
  cluster_.fixture = "qemu";
  cluster_.nodes = {{.name = "control", .role = Role::kControlPlane, .address = "10.0.1.50", .dial = "127.0.0.50"},
                    {.name = "worker", .role = Role::kWorker, .address = "10.0.1.100", .dial = "127.0.0.100"}};
  cluster_.vm = VmDefinition{.machine = "q35",
                             .video = "vmvga",
                             .firmware = "bios",
                             .network = "Default VM Network",
                             .autostart = "last-state",
                             .memory = "512MiB",
                             .cpus = 2,
                             .disk = {.size = "100GB", .bus = "virtio-scsi", .reclaim = false}};
  cluster_.qemu = QemuDefinition{.state = (folder_->path() / "state").string(),
                                 .iso = (folder_->path() / "boot.iso").string(),
                                 .accelerator = "tcg",  // what a test means does not hang on the machine it runs on
                                 .firmware_code = "",
                                 .firmware_variables = "",
                                 .network = {.kind = "none", .name = "", .group = "", .forward = {}}};
  ASSERT_TRUE(WriteFileAtomically(cluster_.qemu->iso, BootIso("booted from CD")).ok());
}

// QEMU outlives whoever started it; in a test that must not be, not even after kill -9. The folder is in the
// environment, so that it is in no command line but QEMU's.
void QemuHostTest::Guard() {
  static constexpr char kScript[] = R"(cat >/dev/null
for process in /proc/[0-9]*; do
  tr '\0' ' ' <$process/cmdline 2>/dev/null | grep -qF -e "-pidfile $FOLDER/" && kill -9 ${process#/proc/}
done
rm -rf "$FOLDER")";
  auto pipe = internal::MakePipe();
  ASSERT_TRUE(pipe.ok()) << pipe.status();
  auto guard =
      Child::Start({.command = {.argv = {"sh", "-c", kScript}, .environment = {{"FOLDER", folder_->path().string()}}},
                    .dies_with_us = false,
                    .descriptors = {{0, pipe->read_end.get()}}});
  ASSERT_TRUE(guard.ok()) << guard.status();
  guard_ = *std::move(guard);
  alive_ = std::move(pipe->write_end);
}

void QemuHostTest::TearDown() {
  if (folder_ == nullptr) return;
  for (size_t i = 0; i < cluster_.nodes.size(); ++i) {
    // By the folder of this test in their command lines: no other process has that.
    for (const pid_t pid : Processes(i)) kill(pid, SIGKILL);
    EXPECT_TRUE(AwaitOff(Files(i), Soon()).ok()) << Node(i).name;
    EXPECT_TRUE(Processes(i).empty()) << Node(i).name;
  }
  if (HasFailure()) {
    for (size_t i = 0; i < cluster_.nodes.size(); ++i) {
      for (const fs::path& log : {Files(i).serial_log(), Files(i).program_log()}) {
        std::string text = ReadFile(log).value_or("");
        if (text.size() > 3000) text.erase(0, text.size() - 3000);
        if (!text.empty()) std::cout << "--- " << log.string() << "\n" << text << std::endl;
      }
    }
  }
  alive_.Close();
  if (guard_.has_value()) {
    EXPECT_TRUE(guard_->Wait(Soon()).has_value());
  }
}

absl::StatusOr<PowerState> QemuHostTest::Power(size_t i) const {
  QemuHost host = Host();
  TALES_ASSIGN_OR_RETURN(const MachineStatus status, host.Status(Node(i), Soon()));
  return status.power;
}

::testing::AssertionResult QemuHostTest::Says(std::string_view text, absl::Duration limit, size_t i) const {
  const Deadline deadline = Deadline::After(limit);
  while (!deadline.passed()) {
    if (absl::StrContains(ReadFile(Files(i).serial_log()).value_or(""), text)) return ::testing::AssertionSuccess();
    absl::SleepFor(absl::Milliseconds(20));
  }
  return ::testing::AssertionFailure() << Node(i).name << " does not say \"" << text << "\" within " << limit
                                       << "; it says: " << ReadFile(Files(i).serial_log()).value_or("");
}

::testing::AssertionResult QemuHostTest::GoesOff(absl::Duration limit, size_t i) const {
  if (AwaitOff(Files(i), Deadline::After(limit)).ok()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << Node(i).name << " is still on after " << limit;
}

absl::Status QemuHostTest::WriteToDisk(std::string_view sector, size_t i) const {
  const fs::path raw = folder_->path() / "sector", image = Files(i).disk(kSystemDisk);
  TALES_RETURN_IF_ERROR(WriteFileAtomically(raw, sector));
  const Command command{
      .argv = {"qemu-io", "-f", "qcow2", "-c", absl::StrCat("write -s ", raw.string(), " 0 512"), image.string()}};
  TALES_ASSIGN_OR_RETURN(const Finished finished, tales::Run(command, Soon()));
  return finished.ok() ? absl::OkStatus() : absl::InternalError(absl::StrCat(finished.output, finished.error_output));
}

std::vector<pid_t> QemuHostTest::Processes(size_t i) const {
  std::vector<pid_t> pids;
  const std::string ours = Files(i).pid_file().string();
  for (const auto& entry : fs::directory_iterator("/proc")) {
    pid_t pid = 0;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &pid)) continue;
    const std::vector<std::string> line = CommandLineOf(pid);
    // setsid, before it becomes QEMU, has the same words.
    if (std::find(line.begin(), line.end(), ours) != line.end() && line.front() != "setsid") pids.push_back(pid);
  }
  return pids;
}

}  // namespace tales::qemu::testing
