#include "absl/strings/str_cat.h"
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
using ::testing::Not;

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

// Arguments reach the program as they are; `$HOME` is no shell's.
TEST_F(Metal, AnOperatorsCommandsAreItsHand) {
  const std::filesystem::path state = folder_.path() / "state", log = folder_.path() / "log";
  const std::filesystem::path bmc = folder_.path() / "bmc";
  ASSERT_OK(WriteFileAtomically(
      bmc,
      absl::StrCat("#!/bin/sh\necho \"$@\" >> ", log.string(), "\n[ \"$1\" = status ] || { echo \"$1\" > ",
                   state.string(), "; exit 0; }\necho \"Chassis Power is $(cat ", state.string(), ")\"\n"),
      0755));
  node_.power = {{"on", {bmc, "on", "$HOME; rm"}}, {"off", {bmc, "off"}}, {"status", {bmc, "status"}}};
  auto host = Make({});
  ASSERT_OK(host);
  EXPECT_EQ((*host)->Status(node_, soon_)->power, PowerState::kUnknown);
  EXPECT_THAT((*host)->PowerOn(node_, soon_).status(),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("--confirm")));
  EXPECT_FALSE(std::filesystem::exists(log)) << "nothing is run for a machine that is not ours";
  host = Make({"control"});
  ASSERT_OK(host);
  auto hand = (*host)->PowerOn(node_, soon_);
  ASSERT_OK(hand);
  EXPECT_FALSE(hand->has_value());
  EXPECT_EQ(*ReadFile(log), "on $HOME; rm\n");
  EXPECT_EQ((*host)->Status(node_, soon_)->power, PowerState::kOn);
  ASSERT_OK((*host)->PowerOff(node_, soon_));
  EXPECT_EQ((*host)->Status(node_, soon_)->power, PowerState::kOff);
  hand = (*host)->Shutdown(node_, soon_);
  ASSERT_OK(hand);
  ASSERT_TRUE(hand->has_value()) << "no command for it is named";
  EXPECT_THAT((*hand)->text, HasSubstr("Press the power button"));
}

TEST_F(Metal, ACommandThatFailsIsTheInstructionWithItsReason) {
  const std::filesystem::path bmc = folder_.path() / "bmc";
  ASSERT_OK(WriteFileAtomically(bmc, "#!/bin/sh\necho 'no session; password: hunter2-hunter2' >&2\nexit 3\n", 0755));
  node_.power = {
      {"on", {bmc, "argument"}}, {"off", {"/nonexistent/bmc"}}, {"status", {bmc}}, {"reset", {"sleep", "60"}}};
  auto host = Make({"control"});
  ASSERT_OK(host);
  auto hand = (*host)->PowerOn(node_, soon_);
  ASSERT_OK(hand);
  ASSERT_TRUE(hand->has_value());
  EXPECT_THAT((*hand)->text, AllOf(HasSubstr("Switch control on."), HasSubstr("ended with exit code 3: no session"),
                                   Not(HasSubstr("hunter2")), Not(HasSubstr("argument"))));
  hand = (*host)->PowerOff(node_, soon_);
  ASSERT_OK(hand);
  EXPECT_THAT((*hand)->text, HasSubstr("there is no such program"));
  hand = (*host)->Reset(node_, Deadline::After(absl::Milliseconds(200)));
  ASSERT_OK(hand);
  EXPECT_THAT((*hand)->text, HasSubstr("had not ended after its time"));
  const auto status = (*host)->Status(node_, soon_);
  ASSERT_OK(status);
  EXPECT_EQ(status->power, PowerState::kUnknown);
  EXPECT_THAT(status->detail, HasSubstr("ended with exit code 3"));
}

TEST_F(Metal, ADamagedRecordIsTold) {
  ASSERT_OK(WriteFileAtomically(folder_.path() / "metal.json", "{"));
  EXPECT_THAT(Make({}).status(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is damaged")));
}

}  // namespace
}  // namespace tales::bringup
