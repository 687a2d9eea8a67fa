#include "fixtures/local/node/cgroups.h"

#include <filesystem>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/base/file.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kMixedGroups[] =
    "3:name=systemd:/user\n"
    "2:cpu,cpuacct:/\n"
    "1:memory:/process/one\n"
    "0::/user\n";
constexpr char kMixedMounts[] =
    "21 1 0:5 / / rw - ext4 /dev/vda rw\n"
    "30 21 0:26 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:3 - cgroup cgroup rw,cpu,cpuacct\n"
    "31 21 0:27 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
    "32 21 0:28 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd\n"
    "33 21 0:29 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n";

TEST(CgroupsTest, EveryHierarchyOfAMixedMachineHasOurGroup) {
  const std::vector<CgroupHierarchy> found = ParseCgroups(kMixedGroups, kMixedMounts);
  ASSERT_THAT(found, SizeIs(4));
  EXPECT_EQ(found[1].own, "/sys/fs/cgroup/cpu,cpuacct");
  EXPECT_EQ(found[2].own, "/sys/fs/cgroup/memory/process/one");
  EXPECT_FALSE(IsUnifiedOnly(found));
  EXPECT_THAT(LabCgroups(found, "tales-1"),
              ElementsAre("/sys/fs/cgroup/systemd/user/tales-1", "/sys/fs/cgroup/cpu,cpuacct/tales-1",
                          "/sys/fs/cgroup/memory/process/one/tales-1", "/sys/fs/cgroup/unified/user/tales-1"));
  EXPECT_EQ(CgroupMounts(found),
            "systemd cgroup none,name=systemd\n"
            "cpu,cpuacct cgroup cpu,cpuacct\n"
            "memory cgroup memory\n"
            "unified cgroup2 rw\n");
}

TEST(CgroupsTest, OfVersion2AloneItIsBelowTheRoot) {
  const std::vector<CgroupHierarchy> found =
      ParseCgroups("0::/user.slice/session.scope\n", "33 21 0:29 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
  EXPECT_TRUE(IsUnifiedOnly(found));
  EXPECT_THAT(LabCgroups(found, "tales-1"), ElementsAre("/sys/fs/cgroup/tales-1"));
  EXPECT_EQ(CgroupMounts(found), "");
}

TEST(CgroupsTest, InAContainerTheMountShowsAPart) {
  const std::vector<CgroupHierarchy> found = ParseCgroups(
      "1:memory:/docker/abc\n", "31 21 0:27 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup ro,memory\n");
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].own, "/sys/fs/cgroup/memory");
}

TEST(CgroupsTest, WhatIsNotMountedOrNotUnderstoodIsLeftOut) {
  EXPECT_THAT(ParseCgroups(kMixedGroups, ""), IsEmpty());
  EXPECT_THAT(ParseCgroups("nonsense\n\n1:memory\n", kMixedMounts), IsEmpty());
  EXPECT_THAT(ParseCgroups(kMixedGroups, "31 - cgroup\n - \n31 21 0:27\n"), IsEmpty());
}

TEST(CgroupsTest, RemovalGoesInnermostFirstAndDoesNotMindWhatIsGone) {
  ASSERT_OK_AND_ASSIGN(TemporaryFolder folder, TemporaryFolder::Make("tales-cgroups-test"));
  const std::filesystem::path group = folder.path() / "lab";
  std::filesystem::create_directories(group / "node/kubepods/pod");
  EXPECT_OK(RemoveCgroups({group, folder.path() / "never"}, Deadline::After(absl::Seconds(5))));
  EXPECT_FALSE(std::filesystem::exists(group));
}

TEST(CgroupsTest, WhatCannotBeRemovedIsNamed) {
  ASSERT_OK_AND_ASSIGN(TemporaryFolder folder, TemporaryFolder::Make("tales-cgroups-test"));
  const std::filesystem::path group = folder.path() / "lab";
  std::filesystem::create_directories(group / "node");
  ASSERT_OK(WriteFileAtomically(group / "node/file", "a group has none of its own"));
  const absl::Status status = RemoveCgroups({group}, Deadline::After(absl::Milliseconds(50)));
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("lab"));
}

}  // namespace
}  // namespace tales
