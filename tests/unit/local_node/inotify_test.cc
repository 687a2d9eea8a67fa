#include "fixtures/local/node/inotify.h"

#include <sys/inotify.h>
#include <unistd.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/base/file.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

namespace fs = std::filesystem;

TEST(InotifyTest, CountsTheInstancesOfAllProcesses) {
  ASSERT_OK_AND_ASSIGN(const TemporaryFolder folder, TemporaryFolder::Make("tales-inotify"));
  const fs::path proc = folder.path();
  EXPECT_FALSE(ReadInotifyUse(proc).has_value());
  fs::create_directories(proc / "sys/fs/inotify");
  ASSERT_OK(WriteFileAtomically(proc / "sys/fs/inotify/max_user_instances", "many\n"));
  EXPECT_FALSE(ReadInotifyUse(proc).has_value());
  ASSERT_OK(WriteFileAtomically(proc / "sys/fs/inotify/max_user_instances", "128\n"));
  for (const char* process : {"1", "27", "self", "300"}) fs::create_directories(proc / process / "fd");
  fs::remove(proc / "300/fd");  // ended while we look
  fs::create_symlink("anon_inode:inotify", proc / "1/fd/4");
  fs::create_symlink("anon_inode:inotify", proc / "1/fd/5");
  fs::create_symlink("anon_inode:[eventpoll]", proc / "1/fd/6");
  fs::create_symlink("anon_inode:inotify", proc / "27/fd/3");
  fs::create_symlink("anon_inode:inotify", proc / "self/fd/3");  // one of the others
  const std::optional<InotifyUse> use = ReadInotifyUse(proc);
  ASSERT_TRUE(use.has_value());
  EXPECT_EQ(use->limit, 128);
  EXPECT_EQ(use->used, 3);
}

TEST(InotifyTest, SeesOurOwn) {
  const int instance = inotify_init1(IN_CLOEXEC);
  if (instance < 0) GTEST_SKIP() << "this user has no inotify instance left";
  const std::optional<InotifyUse> use = ReadInotifyUse();
  close(instance);
  ASSERT_TRUE(use.has_value());
  EXPECT_GE(use->used, 1);
}

TEST(InotifyTest, ThreeLabsOfTwoNodesFitIntoTheUsualLimitAndAFourthDoesNot) {
  const int lab = InotifyInstancesOf(Cni::kCilium, 2);
  EXPECT_LT(InotifyInstancesOf(Cni::kBridge, 2), lab);
  EXPECT_EQ(InotifyLimitToSet({.used = 2 * lab, .limit = 128}, lab), std::nullopt);
  EXPECT_EQ(InotifyLimitToSet({.used = 3 * lab, .limit = 128}, lab), 1024);
  EXPECT_EQ(InotifyLimitToSet({.used = 128 - lab, .limit = 128}, lab), std::nullopt);
  EXPECT_EQ(InotifyLimitToSet({.used = 1000, .limit = 1024}, lab), 4096);
}

}  // namespace
}  // namespace tales
