#include "suites/known_issues/faults/ledger_faults.h"

#include <set>

#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/check/builtin_issues.h"
#include "harness/check/ledger.h"
#include "suites/known_issues/suite.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using ::tales::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::SizeIs;

RunInputs Whole() {
  RunInputs inputs;
  for (const BuiltinIssue& issue : BuiltinIssues()) inputs.definition.known_issues.push_back(issue.entry);
  return inputs;
}

TEST(LedgerFaultsTest, EachIsMadeByDefaultAndLeavesItsMark) {
  const auto make = LedgerInputFaults();
  for (const Fault& fault : LedgerFaults()) {
    RunInputs inputs = Whole();
    const ClusterDefinition before = inputs.definition;
    ASSERT_TRUE(make.contains(fault.name())) << fault.name();
    EXPECT_OK(make.at(fault.name())({fault.domain, fault.id, fault.default_target}, "/nowhere", inputs));
    EXPECT_FALSE(inputs.definition == before) << fault.name();
    const Ledger ledger(inputs.definition.known_issues, {}, absl::Now());
    const bool ledger_must = fault.must.front() == "known_issues.ledger";
    EXPECT_THAT(ledger.Problems(), SizeIs(ledger_must ? 1 : 0)) << fault.name();
  }
}

TEST(LedgerFaultsTest, AnEntryThatIsNotThereIsSaid) {
  RunInputs inputs;
  for (const auto& [name, make] : LedgerInputFaults()) {
    EXPECT_THAT(make({"inputs", "x", "KI-GARP"}, "/nowhere", inputs),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("no entry KI-GARP")));
  }
}

TEST(LedgerFaultsTest, TheSuiteNamesNoOtherFaultsOfInputs) {
  std::set<std::string> known;
  for (const Fault& fault : LedgerFaults()) known.insert(fault.name());
  for (const Check& check : KnownIssuesSuite().checks) {
    for (const std::string& fault : check.faults) {
      EXPECT_TRUE(!fault.starts_with("inputs:") || known.contains(fault)) << check.id << " " << fault;
    }
  }
}

}  // namespace
}  // namespace tales
