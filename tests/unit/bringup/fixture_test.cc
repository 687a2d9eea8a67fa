#include "fixtures/bringup/bringup_fixture.h"
#include "fixtures/bringup/metal_host.h"
#include "harness/base/file.h"
#include "harness/definition/cluster_file.h"
#include "tests/support/status_matchers.h"

namespace tales::bringup {
namespace {

using ::tales::testing::StatusIs;
using ::testing::AllOf;
using ::testing::HasSubstr;

ClusterDefinition Definition(const std::filesystem::path& folder) {
  ClusterDefinition definition;
  definition.path = (folder / "cluster.yaml").string();
  definition.cluster = "test";
  definition.nodes = {{.name = "control", .role = Role::kControlPlane, .address = "192.0.2.10"}};
  return definition;
}

TEST(BringUpFixture, WantsAClusterThatWasBroughtUp) {
  const TemporaryFolder folder = *TemporaryFolder::Make("fixture");
  const HostRegistry hosts = {{"metal", {.make = MetalHost::Make}}};
  BringUpFixture fixture("metal", hosts);
  FixtureRequest request;
  request.state_folder = folder.path();
  EXPECT_THAT(fixture.Up(request).status(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--cluster FILE")));
  request.definition = Definition(folder.path() / "elsewhere");
  EXPECT_THAT(
      fixture.Up(request).status(),
      StatusIs(absl::StatusCode::kNotFound, AllOf(HasSubstr("has not been brought up"), HasSubstr("tales up"))));
  EXPECT_OK(fixture.Down());
}

class Metal : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<MachineHost>> Make(std::vector<std::string> confirmed) {
    return MetalHost::Make({.definition = definition_,
                            .state_folder = folder_.path(),
                            .ask = nullptr,
                            .progress = nullptr,
                            .confirmed = std::move(confirmed)});
  }
  TemporaryFolder folder_ = *TemporaryFolder::Make("metal");
  ClusterDefinition definition_ = Definition(folder_.path());
  NodeDefinition node_ = definition_.nodes.front();
  Deadline soon_ = Deadline::After(absl::Seconds(5));
};

TEST_F(Metal, IsTakenOnlyWhenItWasNamedOnce) {
  auto host = Make({});
  ASSERT_OK(host);
  EXPECT_FALSE((*host)->Status(node_, soon_)->ours);
  EXPECT_THAT((*host)->PowerOn(node_, soon_).status(),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("--confirm control")));
  EXPECT_THAT(Make({"nobody"}).status(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no such node")));
  ASSERT_OK(Make({"control"}));
  host = Make({});  // it is remembered
  ASSERT_OK(host);
  EXPECT_TRUE((*host)->Status(node_, soon_)->ours);
  const auto hand = (*host)->PowerOn(node_, soon_);
  ASSERT_OK(hand);
  ASSERT_TRUE(hand->has_value());
  EXPECT_EQ((*hand)->text, "Switch control on.");
  ASSERT_OK((*host)->Delete(node_, soon_));
  host = Make({});
  ASSERT_OK(host);
  EXPECT_FALSE((*host)->Status(node_, soon_)->ours);
}

TEST_F(Metal, ADamagedRecordIsTold) {
  ASSERT_OK(WriteFileAtomically(folder_.path() / "metal.json", "{"));
  EXPECT_THAT(Make({}).status(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is damaged")));
}

}  // namespace
}  // namespace tales::bringup
