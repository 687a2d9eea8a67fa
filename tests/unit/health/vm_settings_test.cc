// Settings of a virtual machine as different hosts tell them: all, some, none.
#include "absl/strings/str_cat.h"
#include "harness/base/file.h"
#include "suites/health/checks.h"
#include "tests/support/status_matchers.h"

namespace tales::health {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kCluster[] = R"(version: 1
cluster: x
nodes: [{name: n, role: worker, address: 10.0.0.1}]
vm: {machine: q35, video: vmvga, memory: 4GiB, disk: {size: 100GB, bus: virtio-scsi}}
)";
constexpr char kAll[] = R"({"n": {"machine": "q35", "video": "vmvga", "memory": "4GiB",
  "disk": {"size": "100GB", "bus": "virtio-scsi", "reclaim": false}, "bootOrder": ["disk", "cdrom"]}})";

Outcome Look(std::string_view settings) {
  const absl::StatusOr<TemporaryFolder> folder = TemporaryFolder::Make("vm-settings");
  EXPECT_OK(folder);
  ClusterAccess access;
  access.fixture = "synology";
  access.cluster_file = folder->path() / "cluster.yaml";
  access.vm_settings = folder->path() / "vm.json";
  EXPECT_OK(WriteFileAtomically(access.cluster_file, kCluster));
  EXPECT_OK(WriteFileAtomically(access.vm_settings, settings));
  const absl::StatusOr<std::unique_ptr<Cluster>> cluster = Cluster::Open(access);
  EXPECT_OK(cluster);
  Facts facts(**cluster);
  CheckContext context(**cluster, facts, "n", Deadline::After(absl::Seconds(10)));
  return VmSettings().look(context);
}

TEST(VmSettingsTest, AsDeclared) { EXPECT_EQ(Look(kAll).verdict(), Verdict::kPassed) << Look(kAll).found(); }

TEST(VmSettingsTest, AnotherIsNamedWithWhereToMendIt) {
  std::string settings = kAll;
  settings.replace(settings.find("false"), 5, "true");
  const Outcome outcome = Look(settings);
  ASSERT_EQ(outcome.problems().size(), 1u);
  EXPECT_THAT(outcome.problems()[0].expected, HasSubstr("space reclamation false"));
  EXPECT_EQ(outcome.problems()[0].found, "true");
  EXPECT_THAT(outcome.problems()[0].next, HasSubstr("Storage > Virtual Disk 1"));
}

TEST(VmSettingsTest, WhatAHostDoesNotTellIsNeitherRightNorWrong) {
  const Outcome outcome =
      Look(R"({"n": {"memory": "4GiB", "disk": {"size": "100GB", "bus": "virtio-scsi", "reclaim": false}}})");
  EXPECT_EQ(outcome.verdict(), Verdict::kInconclusive);
  EXPECT_THAT(outcome.found(), AllOf(HasSubstr("machine type q35 (General > Machine type)"), HasSubstr("video card"),
                                     HasSubstr("first boot device"), Not(HasSubstr("memory"))));
  const Outcome wrong = Look(R"({"n": {"memory": "1GiB"}})");
  EXPECT_EQ(wrong.verdict(), Verdict::kFailed);
  ASSERT_EQ(wrong.problems().size(), 1u);
}

TEST(VmSettingsTest, AMachineThatTheHostDoesNotKnow) { EXPECT_EQ(Look("{}").verdict(), Verdict::kUnsupported); }

}  // namespace
}  // namespace tales::health
