#include "reports/groups.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "reports/clean_text.h"

namespace tales::reports {
namespace {

template <typename Wanted, typename Key>
std::vector<Group> GroupBy(const RunModel& model, std::string_view suite, Wanted wanted, Key key) {
  std::vector<Group> groups;
  std::map<std::string, size_t> index;
  for (const Case& one : model.cases()) {
    if ((!suite.empty() && one.suite() != suite) || !wanted(one)) continue;
    const auto [it, is_new] = index.emplace(key(one), groups.size());
    if (is_new) groups.push_back({.first = &one, .checks = {}, .blocks = {}});
    groups[it->second].checks.push_back(one.check);
  }
  return groups;
}

bool IsRed(const RunModel& model, std::string_view check) {
  const Case* found = model.Find(check);
  return found != nullptr && model.Fails(*found);
}

// The red check that a blocked one is told under: the first of those it names ("a, b").
std::string RootOf(const RunModel& model, const Case& one) {
  for (std::string_view root : absl::StrSplit(one.found, ", ")) {
    if (IsRed(model, root)) return std::string(root);
  }
  return one.found;
}

}  // namespace

std::vector<Group> RedGroups(const RunModel& model, std::string_view suite) {
  std::vector<Group> groups = GroupBy(
      model, suite, [&](const Case& one) { return model.Fails(one); },
      [](const Case& one) {
        const std::string own = one.evidence.empty() && one.attempts.empty() ? "" : one.check;
        return absl::StrJoin({std::string(ToString(one.verdict)), one.error_kind, std::string(one.started ? "1" : "0"),
                              one.expected, one.found, one.next, own},
                             "\x1F");
      });
  std::map<std::string_view, Group*> group_of;
  for (Group& group : groups) {
    for (const std::string& check : group.checks) group_of.emplace(check, &group);
  }
  for (const Case& one : model.cases()) {
    if (one.verdict != Verdict::kBlocked) continue;
    const auto found = group_of.find(RootOf(model, one));
    if (found != group_of.end()) found->second->blocks.push_back(one.check);
  }
  return groups;
}

std::vector<Group> QuietGroups(const RunModel& model, Verdict verdict, std::string_view suite) {
  return GroupBy(
      model, suite,
      [&](const Case& one) {
        if (one.verdict != verdict || model.Fails(one)) return false;
        return verdict != Verdict::kBlocked || !suite.empty() || !IsRed(model, RootOf(model, one));
      },
      [&](const Case& one) { return Reason(model, one); });
}

std::string Reason(const RunModel& model, const Case& one) {
  switch (one.verdict) {
    case Verdict::kUnsupported:
      return OneLine(absl::StrCat(one.expected, one.expected.empty() || one.found.empty() ? "" : ", ", one.found));
    case Verdict::kBlocked:
      return absl::StrCat("by ", RootOf(model, one));
    case Verdict::kResolved:
      return OneLine(absl::StrCat(one.issue, " is gone, its entry can go; ", one.found));
    case Verdict::kFlaky:
      return one.attempts.empty() ? "failed once, then passed"
                                  : OneLine(absl::StrCat("failed once, then passed; ", one.attempts.back().found));
    default:
      return OneLine(absl::StrCat(one.issue, one.issue.empty() || one.found.empty() ? "" : ", ", one.found));
  }
}

std::string FoundOf(const Case& one) {
  if (one.verdict != Verdict::kError || one.error_kind != "not_run" || !one.found.empty()) return one.found;
  return one.started ? "started, and never came to a verdict" : "planned, and never run";
}

}  // namespace tales::reports
