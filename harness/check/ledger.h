// The ledger: what a cluster file says is known to be wrong, and what that means for a verdict and for a line of a log.
//
// An entry excuses until its day or its version has come; after that what it excused is `failed` again and says so. An
// entry without an expiry that can be read excuses nothing: nothing is accepted for ever. Source: the cluster file's
// `knownIssues` (fixtures/README.md). Pure: no cluster is asked. Immutable, so thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "harness/base/verdict.h"
#include "harness/check/builtin_issues.h"
#include "harness/check/outcome.h"
#include "harness/definition/cluster_definition.h"

namespace tales {

// What expiries and built-in issues are measured against.
struct LedgerFacts {
  std::string talos, kubernetes,
      cilium;                      // versions found, with or without `v`. "": not known, and nothing expires by it
  std::optional<int> schedulable;  // nodes that an ordinary pod can be put on
};

// What a verdict becomes. Texts that are empty stay the check's own.
struct Ruling {
  Verdict verdict = Verdict::kFailed;
  std::string issue, expected, found, next;
};

class Ledger {
 public:
  struct Entry {
    KnownIssue issue;
    const BuiltinIssue* builtin = nullptr;  // of the same id; nullptr: a person's own
    std::vector<std::string> defects;       // what the entry lacks or has wrong: "no link"
    bool expires = false;                   // has an expiry that can be read
    std::string expired;           // why it has: "2026-01-31 is over", "cilium 1.19.2 is >=1.19.0"; "": not yet
    std::optional<int> days_left;  // with a date; 0 on the last day, negative after it
    bool excuses() const { return expires && expired.empty(); }
  };

  // Days are those of UTC.
  Ledger(const std::vector<KnownIssue>& entries, LedgerFacts facts, absl::Time now);
  ~Ledger();
  Ledger(Ledger&&) noexcept;
  Ledger& operator=(Ledger&&) noexcept;

  const std::vector<Entry>& entries() const { return entries_; }
  const Entry* Find(std::string_view id) const;  // nullptr: not in the ledger

  // What is wrong with the ledger itself: entries that lack something, cannot be understood, or have expired.
  std::vector<Problem> Problems() const;

  // What the ledger makes of a verdict; nullopt: it stands. Applied to its own result it changes nothing.
  //   failed    an entry names the check: `known`; only expired ones do: `failed`, and `found` says so
  //   passed    an entry names exactly this check, not a pattern: `resolved`
  //   known     the check's own word: `failed` where the ledger has no entry of `issue` or an expired one
  //   resolved  likewise: `passed` where there is no entry that could go
  // Errors are never excused: nothing was answered.
  std::optional<Ruling> Rule(std::string_view check, Verdict verdict, std::string_view issue,
                             std::string_view found) const;
  // The same for an outcome, evidence kept.
  Outcome Rule(std::string_view check, Outcome outcome) const;

  struct LineRuling {
    std::string issue;
    bool excused = false;  // false: the entry is missing (of a built-in issue) or expired, and `why` says so
    std::string why;
  };
  // What is known about a line of a log; nullopt: nothing. An entry's `lines` count, and the built-in recognisers.
  std::optional<LineRuling> RuleLine(std::string_view line) const;

 private:
  struct Patterns;
  Entry Examine(const KnownIssue& issue, absl::Time now) const;
  bool Names(const Entry& entry, std::string_view check) const;

  LedgerFacts facts_;
  std::vector<Entry> entries_;
  std::vector<std::unique_ptr<Patterns>> patterns_;  // of each entry's `lines`
};

// "2026-12-31", "cilium >=1.19.0"; "never" where there is no expiry.
std::string UntilText(const KnownIssue& issue);

}  // namespace tales
