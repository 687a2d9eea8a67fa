#include "harness/runner/identity.h"

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

TEST(BootIdsTest, TheSameNodesAreTheSame) {
  EXPECT_OK(CompareBootIds({{"a", "1"}, {"b", "2"}}, {{"a", "1"}, {"b", "2"}}));
  EXPECT_OK(CompareBootIds({{"a", "1"}}, {{"a", "1"}, {"new", "3"}}));
  EXPECT_OK(CompareBootIds(Json::object(), {{"a", "1"}}));
  EXPECT_OK(CompareBootIds(Json::object(), Json::object()));
}

TEST(BootIdsTest, ANodeThatDoesNotTellAnyMoreIsNotTheSame) {
  const absl::Status status = CompareBootIds({{"a", "1"}, {"b", "2"}, {"c", "3"}}, {{"a", "1"}, {"b", "9"}});
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("node b was started again"), HasSubstr("node c is not there"), Not(HasSubstr("node a"))));
}

TEST(BootIdsTest, WhereNobodyTellsNothingCanBeSaid) {
  EXPECT_TRUE(absl::IsUnavailable(CompareBootIds({{"a", "1"}}, Json::object())));
}

}  // namespace
}  // namespace tales
