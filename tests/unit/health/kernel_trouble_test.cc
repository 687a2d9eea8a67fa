#include "suites/health/kernel_trouble.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tales::health {
namespace {

std::vector<std::string> Kinds(std::string_view log) {
  std::vector<std::string> kinds;
  for (const KernelTrouble& trouble : FindKernelTrouble(log)) kinds.push_back(trouble.kind);
  return kinds;
}

TEST(FindKernelTroubleTest, RecognisesEachKind) {
  EXPECT_THAT(
      Kinds("kern: emerg: [2025-03-02T01:00:00Z]: Kernel panic - not syncing: Fatal exception\n"
            "kern: alert: [2025-03-02T01:00:00Z]: BUG: kernel NULL pointer dereference, address: 0000000000000008\n"
            "kern: warning: [2025-03-02T01:00:00Z]: Oops: 0000 [#1] PREEMPT SMP\n"
            "kern: err: [2025-03-02T01:00:00Z]: INFO: task etcd:278 blocked for more than 122 seconds.\n"
            "kern: err: [2025-03-02T01:00:00Z]: I/O error, dev sda, sector 2048 op 0x0:(READ)\n"
            "kern: err: [2025-03-02T01:00:00Z]: Out of memory: Killed process 4711 (prometheus)\n"),
      ::testing::ElementsAre("panic", "oops", "oops", "hung task", "I/O error", "out of memory"));
}

TEST(FindKernelTroubleTest, CountsTheKillInsideAContainer) {
  EXPECT_THAT(Kinds("kern: err: [x]: Memory cgroup out of memory: Killed process 12 (app)"),
              ::testing::ElementsAre("out of memory"));
}

// A virtual machine whose CD is gone reports this at every boot; it says nothing about the machine.
TEST(FindKernelTroubleTest, LeavesOutMediaThatAreNotThere) {
  EXPECT_THAT(Kinds("kern: err: [x]: I/O error, dev fd0, sector 0 op 0x0:(READ)\n"
                    "kern: err: [x]: Buffer I/O error on dev sr0, logical block 0\n"),
              ::testing::IsEmpty());
}

TEST(FindKernelTroubleTest, IsQuietAboutTheUsual) {
  EXPECT_THAT(Kinds("kern: info: [x]: Command line: BOOT_IMAGE=/A/vmlinuz panic=0 oops=panic\n"
                    "user: warning: [x]: [talos] task startAllServices (1/1): done\n"
                    "kern: info: [x]: rcu: Hierarchical RCU implementation.\n"
                    "\xff\xfe\n"),
              ::testing::IsEmpty());
}

}  // namespace
}  // namespace tales::health
