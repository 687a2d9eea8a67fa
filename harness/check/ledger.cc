#include "harness/check/ledger.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/civil_time.h"
#include "harness/base/glob.h"
#include "harness/base/semantic_version.h"
#include "re2/re2.h"

namespace tales {
namespace {

const std::string* VersionOf(const LedgerFacts& facts, std::string_view component) {
  if (component == "talos") return &facts.talos;
  if (component == "kubernetes") return &facts.kubernetes;
  if (component == "cilium") return &facts.cilium;
  return nullptr;
}

// A name may hold what a glob has for wildcards: as it stands it counts first.
bool NamesExactly(const std::vector<std::string>& checks, std::string_view check) {
  return std::find(checks.begin(), checks.end(), check) != checks.end();
}

bool NamesByPattern(const std::vector<std::string>& checks, std::string_view check) {
  return std::any_of(checks.begin(), checks.end(), [&](const std::string& glob) { return GlobMatches(glob, check); });
}

// Whether the entry is about this check and no other: then the check's passing says that the issue is gone.
bool IsAbout(const Ledger::Entry& entry, std::string_view check) {
  return NamesExactly(entry.issue.checks, check) ||
         (entry.builtin != nullptr && NamesExactly(entry.builtin->explains, check));
}

std::string ExpiredText(const Ledger::Entry& entry) {
  if (!entry.expires)
    return absl::StrCat("the ledger's entry ", entry.issue.id, " has no expiry, so it excuses nothing");
  return absl::StrCat("the ledger's entry ", entry.issue.id, " has expired: ", entry.expired);
}

std::string RenewText(std::string_view id) {
  return absl::StrCat("mend it, or renew `until` of ", id, " in knownIssues of the cluster file");
}

Ruling NotExcused(const Ledger::Entry& entry, std::string_view found) {
  return {.verdict = Verdict::kFailed,
          .issue = "",
          .expected = "",
          .found = absl::StrCat(found, found.empty() ? "" : "; ", ExpiredText(entry)),
          .next = ""};
}

}  // namespace

// Compiled once; a text that is no expression counts as a part of the line alone.
struct Ledger::Patterns {
  std::vector<std::pair<std::string, std::unique_ptr<RE2>>> all;

  explicit Patterns(const std::vector<std::string>& texts) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_encoding(RE2::Options::EncodingLatin1);  // logs need not be UTF-8
    for (const std::string& text : texts) all.emplace_back(text, std::make_unique<RE2>(text, options));
  }
  bool Match(std::string_view line) const {
    return std::any_of(all.begin(), all.end(), [&](const auto& each) {
      return absl::StrContains(line, each.first) || (each.second->ok() && RE2::PartialMatch(line, *each.second));
    });
  }
};

Ledger::Ledger(const std::vector<KnownIssue>& entries, LedgerFacts facts, absl::Time now) : facts_(std::move(facts)) {
  for (const KnownIssue& issue : entries) {
    entries_.push_back(Examine(issue, now));
    patterns_.push_back(std::make_unique<Patterns>(issue.lines));
  }
}

Ledger::~Ledger() = default;
Ledger::Ledger(Ledger&&) noexcept = default;
Ledger& Ledger::operator=(Ledger&&) noexcept = default;

Ledger::Entry Ledger::Examine(const KnownIssue& issue, absl::Time now) const {
  Entry entry{.issue = issue, .builtin = FindBuiltinIssue(issue.id)};
  if (issue.id.empty()) entry.defects.emplace_back("no id");
  if (issue.link.empty()) entry.defects.emplace_back("no link");
  if (issue.reason.empty()) entry.defects.emplace_back("no reason");
  if (entry.builtin == nullptr && issue.checks.empty() && issue.lines.empty()) {
    entry.defects.emplace_back("an id that tales does not know, and neither `checks` nor `lines`: it excuses nothing");
  }
  if (!issue.until_date.empty()) {
    absl::CivilDay last;
    if (absl::ParseCivilTime(issue.until_date, &last)) {
      entry.expires = true;
      entry.days_left = static_cast<int>(last - absl::ToCivilDay(now, absl::UTCTimeZone()));
      if (*entry.days_left < 0) entry.expired = absl::StrCat(issue.until_date, " is over");
    } else {
      entry.defects.push_back(absl::StrCat("until: \"", issue.until_date, "\" is not a date"));
    }
  }
  for (const auto& [component, text] : issue.until_version) {
    const std::optional<VersionConstraint> constraint = ParseVersionConstraint(text);
    const std::string* found = VersionOf(facts_, component);
    if (!constraint.has_value() || found == nullptr) {
      entry.defects.push_back(absl::StrCat("until: \"", component, ": ", text,
                                           "\" is not a version expression; one such as cilium: \">=1.19.0\""));
      continue;
    }
    entry.expires = true;
    const std::optional<SemanticVersion> version = ParseSemanticVersion(*found);
    if (version.has_value() && constraint->Holds(*version) && entry.expired.empty()) {
      entry.expired = absl::StrCat(component, " ", *found, " is ", text);
    }
  }
  if (issue.until_date.empty() && issue.until_version.empty()) entry.defects.emplace_back("no expiry (`until`)");
  return entry;
}

const Ledger::Entry* Ledger::Find(std::string_view id) const {
  for (const Entry& entry : entries_) {
    if (entry.issue.id == id) return &entry;
  }
  return nullptr;
}

std::vector<Problem> Ledger::Problems() const {
  std::vector<Problem> problems;
  for (size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    const std::string name = absl::StrCat("knownIssues[", i, "] (", entry.issue.id, ")");
    if (!entry.defects.empty()) {
      problems.push_back(
          {.expected = absl::StrCat(name, " with id, link, reason and expiry, for an issue that is known"),
           .found = absl::StrCat(name, " has ", absl::StrJoin(entry.defects, ", ")),
           .next = entry.builtin != nullptr
                       ? absl::StrCat("in the cluster file: ", EntryText(entry.builtin->entry))
                       : "complete the entry in the cluster file; fixtures/README.md has an example"});
    }
    if (!entry.expired.empty()) {
      problems.push_back({.expected = absl::StrCat(name, " not expired"),
                          .found = absl::StrCat(name, " has expired: ", entry.expired),
                          .next = absl::StrCat("see whether ", entry.issue.link,
                                               " is mended; then take the entry out "
                                               "of the cluster file, or give it a new `until`")});
    }
  }
  return problems;
}

bool Ledger::Names(const Entry& entry, std::string_view check) const {
  if (NamesExactly(entry.issue.checks, check) || NamesByPattern(entry.issue.checks, check)) return true;
  if (entry.builtin == nullptr || !NamesExactly(entry.builtin->explains, check)) return false;
  return !entry.builtin->with_one_schedulable_node || facts_.schedulable.value_or(2) < 2;
}

std::optional<Ruling> Ledger::Rule(std::string_view check, Verdict verdict, std::string_view issue,
                                   std::string_view found) const {
  switch (verdict) {
    case Verdict::kFailed: {
      const Entry* expired = nullptr;
      for (const Entry& entry : entries_) {
        if (!Names(entry, check)) continue;
        if (entry.excuses()) return Ruling{.verdict = Verdict::kKnown, .issue = entry.issue.id};
        if (expired == nullptr) expired = &entry;
      }
      if (expired == nullptr || absl::StrContains(found, ExpiredText(*expired))) return std::nullopt;
      return NotExcused(*expired, found);
    }
    case Verdict::kPassed:
      for (const Entry& entry : entries_) {
        if (!IsAbout(entry, check)) continue;
        return Ruling{.verdict = Verdict::kResolved, .issue = entry.issue.id};
      }
      return std::nullopt;
    case Verdict::kKnown: {
      const Entry* entry = Find(issue);
      if (entry != nullptr && entry->excuses()) return std::nullopt;
      if (entry != nullptr) {
        Ruling ruling = NotExcused(*entry, found);
        ruling.expected = absl::StrCat("no ", issue, ", or a ledger entry that has not expired");
        ruling.next = RenewText(issue);
        return ruling;
      }
      const BuiltinIssue* builtin = FindBuiltinIssue(issue);
      return Ruling{.verdict = Verdict::kFailed,
                    .issue = "",
                    .expected = absl::StrCat("no ", issue, ", or an entry of it in knownIssues of the cluster file"),
                    .found = std::string(found),
                    .next = absl::StrCat("to accept it, add to knownIssues of the cluster file: ",
                                         builtin != nullptr ? EntryText(builtin->entry) : std::string(issue))};
    }
    case Verdict::kResolved:
      if (Find(issue) != nullptr) return std::nullopt;
      return Ruling{.verdict = Verdict::kPassed};
    default:
      return std::nullopt;
  }
}

Outcome Ledger::Rule(std::string_view check, Outcome outcome) const {
  const std::vector<Problem>& problems = outcome.problems();
  const std::string found = problems.empty() ? outcome.found() : problems.front().found;
  std::optional<Ruling> ruling = Rule(check, outcome.verdict(), outcome.issue(), found);
  if (!ruling.has_value()) return outcome;
  const std::string& text = ruling->found.empty() ? found : ruling->found;
  Outcome ruled = Outcome::Passed(text);
  switch (ruling->verdict) {
    case Verdict::kKnown:
      ruled = Outcome::Known(ruling->issue, text);
      break;
    case Verdict::kResolved:
      ruled = Outcome::Resolved(ruling->issue, text);
      break;
    case Verdict::kFailed: {
      std::vector<Problem> all = problems;
      if (all.empty()) all.emplace_back();
      all.front().found = text;
      if (!ruling->expected.empty()) all.front().expected = ruling->expected;
      if (!ruling->next.empty()) all.front().next = ruling->next;
      ruled = Outcome::FromProblems(std::move(all), "");
      break;
    }
    default:
      break;
  }
  for (const Evidence& evidence : outcome.evidence()) ruled.With(evidence);
  return ruled;
}

std::optional<Ledger::LineRuling> Ledger::RuleLine(std::string_view line) const {
  const logs::LogLine parsed = logs::ParseLogLine(line);
  const auto is_of = [&](const BuiltinIssue* issue) {
    return issue != nullptr && issue->is_line != nullptr && issue->is_line(parsed);
  };
  std::optional<LineRuling> ruling;
  for (size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    if (!is_of(entry.builtin) && !patterns_[i]->Match(line)) continue;
    if (entry.excuses()) return LineRuling{.issue = entry.issue.id, .excused = true};
    if (!ruling.has_value()) ruling = LineRuling{.issue = entry.issue.id, .why = ExpiredText(entry)};
  }
  if (ruling.has_value()) return ruling;
  for (const BuiltinIssue& builtin : BuiltinIssues()) {
    if (!is_of(&builtin)) continue;
    return LineRuling{
        .issue = builtin.entry.id,
        .why = absl::StrCat("to accept it, add to knownIssues of the cluster file: ", EntryText(builtin.entry))};
  }
  return std::nullopt;
}

std::string UntilText(const KnownIssue& issue) {
  std::vector<std::string> parts;
  if (!issue.until_date.empty()) parts.push_back(issue.until_date);
  for (const auto& [component, constraint] : issue.until_version) {
    parts.push_back(absl::StrCat(component, " ", constraint));
  }
  return parts.empty() ? "never" : absl::StrJoin(parts, " or ");
}

}  // namespace tales
