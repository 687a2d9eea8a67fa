#include "fixtures/local/node/leftovers.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/base/file.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

namespace fs = std::filesystem;
using tales::testing::IsOkAndHolds;
using tales::testing::StatusIs;

class LeftoversTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto folder = TemporaryFolder::Make("tales-leftovers-test");
    ASSERT_OK(folder);
    folder_ = std::make_unique<TemporaryFolder>(*std::move(folder));
    fs::create_directories(record_.state / "nodes/node-1");
    fs::create_directories(record_.cgroups[0] / "node-1");
  }
  absl::StatusOr<int> Sweep() { return SweepLeftovers(Deadline::After(absl::Seconds(5)), registry()); }
  fs::path registry() const { return folder_->path() / "run/registry"; }
  // As if the owner had been killed: the record stays.
  void Abandon(const LabRecord& record) {
    std::string text;
    fs::path file;
    {
      auto registration = LabRegistration::Make(record, registry());
      ASSERT_OK(registration);
      file = fs::directory_iterator(registry())->path();
      auto content = ReadFile(file);
      ASSERT_OK(content);
      text = *content;
    }
    fs::create_directories(file.parent_path());  // gone with its last record
    ASSERT_OK(WriteFileAtomically(file, text));
  }
  std::unique_ptr<TemporaryFolder> folder_;
  LabRecord record_ = [] {
    LabRecord record = OwnLabRecord();
    static const fs::path base = fs::temp_directory_path() / ("tales-leftovers-" + std::to_string(getpid()));
    record.cgroups = {base / "group"};
    record.state = base / "out/state";
    return record;
  }();
  void TearDown() override { fs::remove_all(record_.cgroups[0].parent_path()); }
};

TEST_F(LeftoversTest, OfALivingOwnerNothingIsTouched) {
  ASSERT_OK_AND_ASSIGN(LabRegistration registration, LabRegistration::Make(record_, registry()));
  EXPECT_THAT(Sweep(), IsOkAndHolds(0));
  EXPECT_TRUE(fs::exists(record_.state));
  EXPECT_TRUE(fs::exists(record_.cgroups[0]));
}

TEST_F(LeftoversTest, OfADeadOneAllThatIsNamed) {
  record_.owner_start += 1;  // the number was used again
  Abandon(record_);
  EXPECT_THAT(Sweep(), IsOkAndHolds(1));
  EXPECT_FALSE(fs::exists(record_.state));
  EXPECT_FALSE(fs::exists(record_.cgroups[0]));
  EXPECT_TRUE(fs::exists(record_.cgroups[0].parent_path()));
  EXPECT_FALSE(fs::exists(registry().parent_path()));
  EXPECT_THAT(Sweep(), IsOkAndHolds(0));
}

TEST_F(LeftoversTest, AFolderThatAnotherServesInByNowStays) {
  record_.owner_start += 1;
  Abandon(record_);
  const int lock = open((record_.state.parent_path() / ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_EQ(flock(lock, LOCK_EX), 0);
  EXPECT_THAT(Sweep(), IsOkAndHolds(1));
  close(lock);
  EXPECT_TRUE(fs::exists(record_.state));
  EXPECT_FALSE(fs::exists(record_.cgroups[0]));
}

TEST_F(LeftoversTest, TheRecordGoesWithItsObject) {
  {
    ASSERT_OK_AND_ASSIGN(LabRegistration registration, LabRegistration::Make(record_, registry()));
    EXPECT_FALSE(fs::is_empty(registry()));
  }
  EXPECT_FALSE(fs::exists(registry()));
}

TEST_F(LeftoversTest, WhatIsNoRecordIsAnErrorAndStays) {
  fs::create_directories(registry());
  for (const char* text : {"", "[]", "{}", R"({"owner": "x"})", R"({"owner":1,"ownerStart":1,"cgroups":{}})"}) {
    ASSERT_OK(WriteFileAtomically(registry() / "bad.json", text));
    EXPECT_THAT(Sweep(), StatusIs(absl::StatusCode::kDataLoss, ::testing::HasSubstr("bad.json"))) << text;
  }
  EXPECT_TRUE(fs::exists(registry() / "bad.json"));
}

TEST(SweepTest, WithoutARegistryThereIsNothingToDo) {
  EXPECT_THAT(SweepLeftovers(Deadline::After(absl::Seconds(1)), "/nonexistent/registry"), IsOkAndHolds(0));
}

}  // namespace
}  // namespace tales
