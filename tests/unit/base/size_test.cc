#include "harness/base/size.h"

#include "gtest/gtest.h"

namespace tales {
namespace {

TEST(Size, Units) {
  EXPECT_EQ(ParseSize("4GiB"), uint64_t{4} << 30);
  EXPECT_EQ(ParseSize("100GB"), 100'000'000'000u);
  EXPECT_EQ(ParseSize("512"), 512u);
  EXPECT_EQ(ParseSize("1.5GiB"), uint64_t{1536} << 20);
  EXPECT_EQ(ParseSize("0.1GB"), 100'000'000u);
  EXPECT_EQ(ParseSize("7TiB"), uint64_t{7} << 40);
}

TEST(Size, WhatIsNone) {
  for (const char* text : {"", "GiB", "-1GiB", "4 parsecs", "99999999999TiB", "1e9", "inf", "nan", "0x10", "1.2.3",
                           "+1", "9223372036854775808"})
    EXPECT_FALSE(ParseSize(text)) << text;
}

TEST(Size, IsWrittenAsAPersonWould) {
  EXPECT_EQ(FormatSize(uint64_t{4} << 30), "4GiB");
  EXPECT_EQ(FormatSize(100'000'000'000), "100GB");
  EXPECT_EQ(FormatSize(uint64_t{1536} << 20), "1536MiB");
  EXPECT_EQ(FormatSize(0), "0");
  for (uint64_t bytes : {uint64_t{1}, uint64_t{1000}, uint64_t{1024}, uint64_t{12345}, uint64_t{3} << 41})
    EXPECT_EQ(ParseSize(FormatSize(bytes)), bytes);
}

}  // namespace
}  // namespace tales
