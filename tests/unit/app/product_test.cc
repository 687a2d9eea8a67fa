#include "app/product.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/runner/plan.h"

namespace tales {
namespace {

TEST(ProductTest, ItsRegistryHoldsTogether) { EXPECT_THAT(RegistryProblems(Product()), ::testing::IsEmpty()); }

}  // namespace
}  // namespace tales
