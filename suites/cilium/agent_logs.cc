#include "suites/cilium/agent_logs.h"

#include <algorithm>
#include <array>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "harness/logs/log_line.h"
#include "suites/shared/agent_log_start.h"

namespace tales::cilium {
namespace {

constexpr size_t kGroups = 200;     // kept of one log; a log of nothing but different errors is told by its first ones
constexpr size_t kShown = 5;        // of them in a verdict
constexpr size_t kLineShown = 400;  // bytes
constexpr size_t kHead = 16 << 10;  // of a log's beginning, in which a line has a time

// What a line says, without what differs from one occurrence to the next.
std::string KeyOf(std::string_view line, const logs::LogLine& parsed) {
  const std::string& text = parsed.message.empty() ? std::string(line) : parsed.message;
  std::string key;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit)
      key += c;
    else if (key.empty() || key.back() != '#')
      key += '#';
  }
  return absl::StrCat(key, "|", parsed.Field("subsys"), parsed.Field("module"));
}

}  // namespace

bool IsHarmless(std::string_view line) {
  static constexpr std::array<std::string_view, 7> kTexts = {
      "error initially creating leader election record: leases.",
      "Operation cannot be fulfilled on leases.coordination.k8s.io",
      "the object has been modified; please apply your changes to the latest version",
      "the server could not find the requested resource",  // a CRD that is yet to come
      "Failed to update lock:",
      "Failed to release lock:",
      "removing identity not added to the identity manager!",
  };
  for (std::string_view text : kTexts) {
    if (absl::StrContains(line, text)) return true;
  }
  return false;
}

bool IsHarmlessWarning(std::string_view line) {
  static constexpr std::array<std::string_view, 19> kTexts = {
      "Deleting no longer present service",
      " PodCIDR not available",
      "Unable to get node resource",
      "etcd client timeout exceeded",
      "Unable to restore endpoint, ignoring",
      "Unable to restore router IP from filesystem",
      "Router IP could not be re-allocated",
      "unable to release identity: unable to find key in local cache",
      "Found master key after proceeding with new allocation",
      "unable to re-create missing master key",
      "Unable update CRD identity information with a reference for this node",
      "cilium_call_policy: delete: key does not exist",
      "hubble events queue is full",
      "service not found",
      "Couldn't find state, ignoring endpoint",
      "Failed to get identity labels for endpoint",
      "Failed to create gRPC client",
      "Failed to create peer client for peers synchronization",
      "Network status error received, restarting client connections",
  };
  return std::any_of(kTexts.begin(), kTexts.end(),
                     [line](std::string_view text) { return absl::StrContains(line, text); });
}

LogReading::LogReading(const Ledger& ledger) : ledger_(ledger) {
  std::vector<logs::LinePattern> patterns = logs::TroublePatterns();
  patterns.push_back({.texts = AgentStartTexts()});
  auto scanner = logs::LineScanner::Make(patterns, [this](const logs::FoundLine& found) { Take(found.text); });
  scanner_ = std::make_unique<logs::LineScanner>(*std::move(scanner));  // its patterns are the library's own
}

void LogReading::Feed(std::string_view chunk) {
  head_.append(chunk.substr(0, kHead - std::min(kHead, head_.size())));
  scanner_->Feed(chunk);
}

std::string LogReading::FirstTime() const {
  for (std::string_view line : absl::StrSplit(head_, '\n')) {
    if (std::string time = logs::ParseLogLine(line).time; !time.empty()) return time;
  }
  return "";
}

bool LogReading::is_gone() const { return absl::StartsWith(head_, "unable to retrieve container logs for "); }

void LogReading::Take(std::string_view line) {
  const logs::LogLine parsed = logs::ParseLogLine(line);
  has_agents_start_ = has_agents_start_ || AgentStartVersion(parsed).has_value();
  if (!logs::IsTrouble(line, parsed) || IsHarmless(line)) return;
  if (parsed.level == logs::Level::kWarning && IsHarmlessWarning(line)) return;
  const std::optional<Ledger::LineRuling> ruling = ledger_.RuleLine(line);
  if (ruling && ruling->excused) {
    ++known_[ruling->issue];
    return;
  }
  const std::string key = KeyOf(line, parsed);
  auto group = unknown_.find(key);
  if (group == unknown_.end()) {
    if (unknown_.size() >= kGroups) return;
    group = unknown_.emplace(key, Group{std::string(line.substr(0, kLineShown)), ruling ? ruling->why : "", 0}).first;
  }
  ++group->second.count;
}

bool IsGone(const absl::Status& status) {
  return absl::IsNotFound(status) ||
         (absl::IsInvalidArgument(status) && absl::StrContains(status.message(), "previous terminated container") &&
          absl::StrContains(status.message(), "not found"));
}

std::string WhatWasRotated(const LogReading& reading, const std::string& container) {
  if (reading.has_agents_start()) return "";
  const std::string since = reading.FirstTime();
  return absl::StrCat(container, since.empty() ? " without its beginning" : absl::StrCat(" since ", since),
                      ": older lines were rotated away");
}

std::vector<Problem> JudgeLog(const LogReading& reading, const std::string& container, const std::string& command) {
  std::vector<Problem> problems;
  const std::string expected =
      absl::StrCat("no warning or error in the log of ", container, " that the ledger does not know");
  for (const auto& [key, group] : reading.unknown()) {
    if (problems.size() == kShown) {
      problems.push_back({.expected = expected,
                          .found = absl::StrCat(reading.unknown().size() - kShown, " more kinds of them"),
                          .next = command});
      break;
    }
    std::string found = group.line;
    if (group.count > 1) absl::StrAppend(&found, "   (", group.count, " times)");
    if (!group.why.empty()) absl::StrAppend(&found, "   (", group.why, ")");
    problems.push_back({.expected = expected,
                        .found = std::move(found),
                        .next = absl::StrCat(command,
                                             "; if it is known and harmless, give `knownIssues` an entry with "
                                             "`lines:` that match it")});
  }
  return problems;
}

}  // namespace tales::cilium
