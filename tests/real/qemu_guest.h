// Guests for tests with real QEMU: boot sectors that say who booted, and a small Linux; and a host whose machines are
// gone with the test.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "fixtures/qemu/qemu_host.h"
#include "gtest/gtest.h"
#include "harness/base/file.h"
#include "harness/base/spawn.h"
#include "harness/base/subprocess.h"

namespace tales::qemu::testing {

// 512 bytes that print `text` to the first serial port and stop. REQUIRES: at most 300 characters.
std::string BootSector(std::string_view text);
// The same as an image that boots from a CD (El Torito, no emulation).
std::string BootIso(std::string_view text);
// What the Linux guest installs to the disk.
inline constexpr std::string_view kInstalled = "booted from disk";
// The ISO of qemu_guest/make_iso.sh; Unavailable with what is missing.
absl::StatusOr<std::filesystem::path> MakeLinuxIso(const std::filesystem::path& folder,
                                                   const std::vector<std::string>& kernel_arguments);

// A cluster of two machines without network, small, with an ISO that says "booted from CD". Skipped where a program is
// missing. Whatever a test does, and also when it is killed, its machines are killed and its files removed at the end.
class QemuHostTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  QemuHost Host() const { return QemuHost(cluster_, {}); }  // a new one each time: nothing is kept in memory
  const NodeDefinition& Node(size_t i = 0) const { return cluster_.nodes.at(i); }
  MachineFiles Files(size_t i = 0) const { return Host().store().Files(Node(i).name); }
  absl::StatusOr<PowerState> Power(size_t i = 0) const;
  // Waits for it in the serial log of the current power cycle.
  ::testing::AssertionResult Says(std::string_view text, absl::Duration limit = absl::Seconds(20), size_t i = 0) const;
  ::testing::AssertionResult GoesOff(absl::Duration limit = absl::Seconds(20), size_t i = 0) const;
  absl::Status WriteToDisk(std::string_view sector, size_t i = 0) const;  // the first bytes; the machine is off
  // Processes whose command line has this machine's files.
  std::vector<pid_t> Processes(size_t i = 0) const;

  std::unique_ptr<TemporaryFolder> folder_;
  ClusterDefinition cluster_;

 private:
  void Guard();

  internal::Fd alive_;  // a pipe's end: when it closes, however we end, the guard clears up
  std::optional<Child> guard_;
};

// A kernel without KVM, on a machine that does other things too: five seconds on one that does not.
inline constexpr absl::Duration kBoot = absl::Seconds(100);
inline Deadline Soon() { return Deadline::After(absl::Seconds(40)); }

}  // namespace tales::qemu::testing
