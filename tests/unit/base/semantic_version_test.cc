#include "harness/base/semantic_version.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tales {
namespace {

int Order(std::string_view a, std::string_view b) {
  const auto x = ParseSemanticVersion(a), y = ParseSemanticVersion(b);
  EXPECT_TRUE(x.has_value()) << a;
  EXPECT_TRUE(y.has_value()) << b;
  return x && y ? Compare(*x, *y) : 99;
}

TEST(SemanticVersionTest, TheOrderOfTheSpecification) {
  const char* ascending[] = {"1.0.0-alpha",  "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta",
                             "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",       "1.0.0",
                             "1.0.1",        "1.9.4",         "1.10.0",           "2.0.0"};
  for (size_t i = 0; i < std::size(ascending); ++i) {
    for (size_t j = 0; j < std::size(ascending); ++j) {
      EXPECT_EQ(Order(ascending[i], ascending[j]), i < j ? -1 : i > j ? 1 : 0) << ascending[i] << " " << ascending[j];
    }
  }
}

TEST(SemanticVersionTest, APrefixAndABuildDoNotCount) {
  EXPECT_EQ(Order("v1.32.2", "1.32.2"), 0);
  EXPECT_EQ(Order("v1.32.2+k3s1", "1.32.2"), 0);
  EXPECT_EQ(Order("1.17.1-dev+g.abc", "1.17.1-dev"), 0);
}

TEST(SemanticVersionTest, WhatIsNone) {
  for (const char* text : {"", "v", "1", "1.17", "1.17.1.2", "latest", "1.17.x", "1..1", "-1.0.0", "1.0.0-", "1.0.0+",
                           "1.0.0-a b", "9999999999.0.0", " 1.0.0", "vv1.0.0"}) {
    EXPECT_FALSE(ParseSemanticVersion(text).has_value()) << text;
  }
}

TEST(VersionConstraintTest, Holds) {
  const auto holds = [](std::string_view constraint, std::string_view version) {
    const auto parsed = ParseVersionConstraint(constraint);
    EXPECT_TRUE(parsed.has_value()) << constraint;
    return parsed.has_value() && parsed->Holds(*ParseSemanticVersion(version));
  };
  EXPECT_FALSE(holds(">=1.19.0", "1.17.1"));
  EXPECT_TRUE(holds(">=1.19.0", "1.19.0"));
  EXPECT_TRUE(holds(">= v1.19.0", "1.20.3"));
  EXPECT_FALSE(holds(">=1.19.0", "1.19.0-rc.1"));
  EXPECT_FALSE(holds(">1.19.0", "1.19.0"));
  EXPECT_TRUE(holds("<1.10.0", "v1.9.4"));
  EXPECT_TRUE(holds("<=1.9.4", "v1.9.4"));
  EXPECT_TRUE(holds("=1.9.4", "v1.9.4"));
  for (const char* text : {"", "1.19.0", ">=", ">=1.19", "~1.19.0", "=>1.19.0"}) {
    EXPECT_FALSE(ParseVersionConstraint(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace tales
