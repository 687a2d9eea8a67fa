#include "harness/base/verdict.h"

#include <set>
#include <string>

#include "gtest/gtest.h"

namespace tales {
namespace {

TEST(Verdict, EveryOneHasItsOwnNameAndIsReadBack) {
  std::set<std::string_view> names;
  for (Verdict verdict : kAllVerdicts) {
    EXPECT_TRUE(names.insert(ToString(verdict)).second) << ToString(verdict);
    EXPECT_EQ(ParseVerdict(ToString(verdict)), verdict);
  }
  EXPECT_EQ(names.size(), 10u);
  EXPECT_EQ(ParseVerdict("green"), std::nullopt);
  EXPECT_EQ(ParseVerdict(""), std::nullopt);
  EXPECT_EQ(ParseVerdict("Passed"), std::nullopt);
}

struct Row {
  Verdict verdict;
  bool fails, fails_if_required, fails_if_strict, judged, blocks;
};
constexpr Row kTable[] = {
    {Verdict::kPassed, false, false, false, true, false},  {Verdict::kFailed, true, true, true, true, true},
    {Verdict::kError, true, true, true, false, true},      {Verdict::kUnsupported, false, true, false, false, false},
    {Verdict::kBlocked, false, false, false, false, true}, {Verdict::kKnown, false, false, false, true, false},
    {Verdict::kResolved, false, false, true, true, false}, {Verdict::kInconclusive, false, false, true, false, false},
    {Verdict::kFlaky, false, false, true, true, false},    {Verdict::kMissing, true, true, true, false, true},
};

TEST(Verdict, WhatEachDoesToARun) {
  ASSERT_EQ(std::size(kTable), kAllVerdicts.size());
  for (const Row& row : kTable) {
    SCOPED_TRACE(ToString(row.verdict));
    EXPECT_EQ(FailsRun(row.verdict, false, false), row.fails);
    EXPECT_EQ(FailsRun(row.verdict, true, false), row.fails_if_required);
    EXPECT_EQ(FailsRun(row.verdict, false, true), row.fails_if_strict);
    EXPECT_EQ(IsJudged(row.verdict), row.judged);
    EXPECT_EQ(Blocks(row.verdict), row.blocks);
  }
}

}  // namespace
}  // namespace tales
