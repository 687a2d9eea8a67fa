#include "harness/base/held_folder.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <string>

#include "gtest/gtest.h"
#include "harness/base/file.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

TEST(HeldFolderTest, WhatAKilledProcessLeftIsRemovedByTheNext) {
  std::array<int, 2> ends;
  ASSERT_EQ(pipe(ends.data()), 0);
  const pid_t other = fork();
  if (other == 0) {
    const absl::StatusOr<HeldFolder> folder = HeldFolder::Make("tales-held-test");
    const std::string path = folder.ok() ? folder->path().string() : "";
    const bool ok = folder.ok() && WriteFileAtomically(folder->path() / "secrets.yaml", "x", 0600).ok() &&
                    write(ends[1], path.data(), path.size()) == static_cast<ssize_t>(path.size());
    if (!ok) _exit(1);
    close(ends[1]);
    while (true) pause();
  }
  close(ends[1]);
  std::array<char, 256> block{};
  const ssize_t size = read(ends[0], block.data(), block.size());
  close(ends[0]);
  ASSERT_GT(size, 0);
  const std::filesystem::path left(std::string(block.data(), static_cast<size_t>(size)));
  // A young one's process may not have come to holding it.
  const auto long_ago = std::filesystem::file_time_type::clock::now() - std::chrono::minutes(5);
  std::filesystem::last_write_time(left, long_ago);
  {
    ASSERT_OK_AND_ASSIGN(const HeldFolder folder, HeldFolder::Make("tales-held-test"));
    EXPECT_TRUE(std::filesystem::exists(left / "secrets.yaml")) << "its process lives";
  }
  kill(other, SIGKILL);
  waitpid(other, nullptr, 0);
  ASSERT_OK_AND_ASSIGN(const HeldFolder folder, HeldFolder::Make("tales-held-test"));
  EXPECT_FALSE(std::filesystem::exists(left));
  EXPECT_TRUE(std::filesystem::exists(folder.path()));
}

}  // namespace
}  // namespace tales
