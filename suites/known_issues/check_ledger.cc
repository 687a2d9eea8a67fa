#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "harness/check/ledger_facts.h"
#include "suites/known_issues/checks.h"

namespace tales::known_issues {
namespace {

Outcome Look(CheckContext& context) {
  const Ledger ledger = ReadLedger(context);
  if (ledger.entries().empty()) return Outcome::Passed("the ledger is empty");
  std::string first;
  std::optional<int> days;
  for (const Ledger::Entry& entry : ledger.entries()) {
    if (!entry.days_left.has_value() || *entry.days_left >= days.value_or(*entry.days_left + 1)) continue;
    days = entry.days_left;
    first = absl::StrCat("; the first to expire by date is ", entry.issue.id, ", in ", *days, " days");
  }
  return Outcome::FromProblems(ledger.Problems(),
                               absl::StrCat(ledger.entries().size(), " entries, all whole, none expired", first));
}

}  // namespace

Ledger ReadLedger(CheckContext& context) {
  return Ledger(context.definition().known_issues, FindLedgerFacts(context.cluster(), context.facts()), absl::Now());
}

Outcome Ruled(CheckContext& context, Outcome outcome) {
  // What is neither known nor resolved is not the ledger's, and needs no versions.
  if (outcome.verdict() != Verdict::kKnown && outcome.verdict() != Verdict::kResolved) return outcome;
  return ReadLedger(context).Rule("", std::move(outcome));
}

Check LedgerCheck() {
  return {.id = "known_issues.ledger",
          .question = "Does every known issue have an id, a link, a reason and an expiry that has not passed?",
          .faults = {"inputs:ledger-expired", "inputs:ledger-entry-incomplete", "inputs:ledger-unknown-id"},
          .look = Look};
}

}  // namespace tales::known_issues
