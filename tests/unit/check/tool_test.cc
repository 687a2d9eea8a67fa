#include "harness/check/tool.h"

#include "harness/base/file.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOkAndHolds;
using ::testing::SizeIs;
using testing::StatusIs;

class ToolTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::filesystem::path> Find() {
    return FindTool(
        access_, "e2e.test", [this](std::string_view line) { told_.emplace_back(line); },
        Deadline::After(absl::Seconds(10)));
  }
  ClusterAccess access_{.fixture = "adopt"};
  std::vector<std::string> told_;
};

TEST_F(ToolTest, WhatTheFixtureNamedIsTaken) {
  access_.tools["e2e.test"] = "/opt/e2e.test";
  access_.tool_maker = {"/bin/false"};
  EXPECT_THAT(Find(), IsOkAndHolds(std::filesystem::path("/opt/e2e.test")));
  EXPECT_THAT(told_, IsEmpty());
}

TEST_F(ToolTest, WhatIsNotThereIsMadeAndThatIsSaidBefore) {
  access_.tool_maker = {"/bin/sh", "-c", "echo /bin/sh"};
  EXPECT_THAT(Find(), IsOkAndHolds(std::filesystem::path("/bin/sh")));
  EXPECT_THAT(told_, SizeIs(1));
}

TEST_F(ToolTest, SaysWhyThereIsNone) {
  EXPECT_THAT(Find(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("fixture adopt found no e2e.test in PATH")));
  access_.tool_maker = {"/bin/sh", "-c", "echo install Go >&2; exit 1"};
  EXPECT_THAT(Find(), StatusIs(absl::StatusCode::kNotFound, AllOf(HasSubstr("e2e.test"), HasSubstr("install Go"))));
  access_.tool_maker = {"/bin/sh", "-c", "echo /no/such/program"};
  EXPECT_THAT(Find(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("not said why")));
}

}  // namespace
}  // namespace tales
