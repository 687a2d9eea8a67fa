#include "fixtures/qemu/machine_store.h"

#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "harness/base/file.h"
#include "harness/base/subprocess.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/qemu/machines.h"

namespace tales::qemu {
namespace {

namespace fs = std::filesystem;
using ::tales::qemu::testing::TalesCluster;
using ::tales::testing::IsOkAndHolds;
using ::tales::testing::StatusIs;
using ::testing::HasSubstr;
using Kind = StoredMachine::Kind;

class MachineStoreTest : public ::testing::Test {
 protected:
  MachineStoreTest() : folder_(*TemporaryFolder::Make("machine-store-test")) {}

  MachineStore Store(std::string authority = "", std::string mark = "") const {
    return MachineStore(folder_.path(), "tales", std::move(authority), std::move(mark));
  }
  static Machine Declared(size_t node = 0) {
    const ClusterDefinition definition = TalesCluster();
    return *DeclaredMachine(definition, definition.nodes.at(node));
  }
  Kind KindOf(const MachineStore& store, std::string_view node = "control") const {
    const auto found = store.Find(node);
    EXPECT_OK(found);
    return found.ok() ? found->kind : Kind::kForeign;
  }

  TemporaryFolder folder_;
};

TEST_F(MachineStoreTest, LookingWritesNothing) {
  EXPECT_EQ(KindOf(Store()), Kind::kAbsent);
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(MachineStoreTest, AMachineIsAddedFoundSavedAndRemoved) {
  ASSERT_OK_AND_ASSIGN(const FileLock lock, Store().Lock("control", Deadline::After(absl::Seconds(1))));
  ASSERT_OK_AND_ASSIGN(Machine made, Store().Add(Declared()));
  EXPECT_EQ(made.uuid.size(), 36u);
  EXPECT_EQ(made.mark.cluster, "tales");
  EXPECT_NE(made.mark.id, "");
  ASSERT_OK_AND_ASSIGN(const StoredMachine found, Store().Find("control"));
  EXPECT_EQ(found.kind, Kind::kOurs);
  EXPECT_EQ(found.machine, made);
  made.complete = true;
  ASSERT_OK(Store().Save(made));
  EXPECT_TRUE(Store().Find("control")->machine.complete);
  ASSERT_OK_AND_ASSIGN(const Machine other, Store().Add(Declared(1)));
  EXPECT_EQ(other.mark, made.mark);
  EXPECT_NE(other.uuid, made.uuid);
  EXPECT_THAT(Store().Add(Declared()), StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("in its place")));
  ASSERT_OK(Store().Remove("control"));
  EXPECT_EQ(KindOf(Store()), Kind::kAbsent);
  EXPECT_EQ(KindOf(Store(), "worker"), Kind::kOurs);
  EXPECT_OK(Store().Remove("control"));
}

TEST_F(MachineStoreTest, WhatIsNotOursIsSaidAndLeftAlone) {
  ASSERT_OK(Store().Lock("control", Deadline::After(absl::Seconds(1))));
  ASSERT_OK_AND_ASSIGN(const Machine made, Store("sha256:a").Add(Declared()));
  EXPECT_EQ(KindOf(Store()), Kind::kOurs);  // this cluster file has no authority: the id decides
  EXPECT_EQ(KindOf(Store("sha256:a")), Kind::kOurs);
  EXPECT_EQ(KindOf(Store("sha256:b")), Kind::kForeign);
  EXPECT_EQ(KindOf(Store("", "another id")), Kind::kForeign);
  EXPECT_EQ(KindOf(Store("", made.mark.id)), Kind::kOurs);
  EXPECT_THAT(Store("sha256:b").Remove("control"),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("sha256:a; ours is sha256:b")));
  EXPECT_THAT(Store("", "another id").Save(made),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("another id")));
  EXPECT_TRUE(fs::exists(Store().Files("control").definition()));
  // Copied to where another node's machine belongs; a symbolic link; a file.
  fs::copy(Store().Files("control").folder, Store().Files("worker").folder);
  EXPECT_EQ(KindOf(Store(), "worker"), Kind::kForeign);
  fs::create_directory_symlink(Store().Files("control").folder, Store().Files("link").folder);
  EXPECT_EQ(KindOf(Store(), "link"), Kind::kForeign);
  std::ofstream(Store().Files("file").folder) << "x";
  EXPECT_EQ(KindOf(Store(), "file"), Kind::kForeign);
  std::ofstream(Store().folder() / "mark.json") << "{}";
  EXPECT_THAT(Store().Find("control"), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("mark.json: not a mark")));
}

TEST_F(MachineStoreTest, HalfMadeAndHalfGoneOnesGoWithTheNextChange) {
  ASSERT_OK(Store().Lock("control", Deadline::After(absl::Seconds(1))));
  const std::vector<std::string> remains = {".control.new-AbCdEf", ".control.gone-123456"};
  const std::vector<std::string> others = {".worker.new-AbCdEf", ".control.new-AbCdEfg", "control.new-AbCdEf"};
  for (const auto* names : {&remains, &others}) {
    for (const std::string& name : *names) fs::create_directories(Store().folder() / name / "disk");
  }
  fs::create_directories(Store().Files("control").folder);  // empty, as a person may have made it
  ASSERT_OK(Store().Add(Declared()));
  for (const std::string& name : remains) EXPECT_FALSE(fs::exists(Store().folder() / name)) << name;
  for (const std::string& name : others) EXPECT_TRUE(fs::exists(Store().folder() / name)) << name;
}

TEST_F(MachineStoreTest, OneAtATimeChangesAMachine) {
  ASSERT_OK_AND_ASSIGN(FileLock lock, Store().Lock("control", Deadline::After(absl::Seconds(1))));
  EXPECT_THAT(Store().Lock("control", Deadline::After(absl::Milliseconds(50))),
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("another process holds it")));
  EXPECT_OK(Store().Lock("worker", Deadline::After(absl::Milliseconds(50))));
}

TEST_F(MachineStoreTest, ALockLivesAsLongAsWhoeverInheritedIt) {
  const fs::path file = folder_.path() / "lock";
  EXPECT_THAT(FileLock::IsHeld(file), IsOkAndHolds(false));
  std::optional<Child> child;
  {
    ASSERT_OK_AND_ASSIGN(const FileLock lock, FileLock::Take(file, Deadline::After(absl::Seconds(1))));
    auto started = Child::Start({.command = {.argv = {"sleep", "100"}}, .descriptors = {{3, lock.descriptor()}}});
    ASSERT_OK(started);
    child = *std::move(started);
  }
  EXPECT_THAT(FileLock::IsHeld(file), IsOkAndHolds(true));
  EXPECT_THAT(FileLock::Take(file, Deadline::After(absl::ZeroDuration())),
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("lock")));
  child->Kill(SIGKILL);
  EXPECT_OK(FileLock::Take(file, Deadline::After(absl::Seconds(5))));
}

}  // namespace
}  // namespace tales::qemu
