#include "suites/conformance/leftovers.h"

#include "gtest/gtest.h"

namespace tales::conformance {
namespace {

TEST(LeftoversTest, AClockThatIsAheadHidesNoNamespaceThatIsStuck) {
  absl::Time deleted;
  ASSERT_TRUE(absl::ParseTime(absl::RFC3339_full, "2025-03-02T01:00:00Z", &deleted, nullptr));
  const kube::Json one = {{"metadata", {{"deletionTimestamp", "2025-03-02T01:00:00Z"}}}};
  EXPECT_TRUE(HasJustBeenDeleted(one, deleted));
  EXPECT_TRUE(HasJustBeenDeleted(one, deleted + absl::Seconds(7)));
  EXPECT_TRUE(HasJustBeenDeleted(one, deleted - absl::Seconds(2)));
  EXPECT_FALSE(HasJustBeenDeleted(one, deleted + absl::Minutes(1)));
  EXPECT_FALSE(HasJustBeenDeleted(one, deleted - absl::Hours(1)));
  EXPECT_FALSE(HasJustBeenDeleted({{"metadata", {{"name", "a"}}}}, deleted));
}

}  // namespace
}  // namespace tales::conformance
