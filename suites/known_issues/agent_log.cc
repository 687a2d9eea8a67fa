#include "suites/known_issues/agent_log.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "harness/check/builtin_issues.h"
#include "suites/shared/agent_log_start.h"

namespace tales::known_issues {
namespace {

using logs::Level;
using logs::LogLine;

constexpr size_t kLongestKept = 2000;  // bytes of a line that is kept

// What has to stand in a line that is looked at more closely. Options are logged at the start as
// msg="  --enable-ipv4-big-tcp='true'": found too, and no trouble.
std::vector<logs::LinePattern> Patterns() {
  return {{.texts = {"BIG TCP", "big-tcp", "gso_max_size", "gso_ipv4_max_size"}},
          {.texts = {"gratuitous"}},
          {.texts = {"Creating host endpoint", "doesn't have v4 nor v6 addresses"}},
          {.texts = AgentStartTexts()}};
}

bool IsSettingUp(std::string_view message) {
  return message == "Setting up BIG TCP" || absl::StartsWith(message, "Enabling BIG TCP");  // until 1.18; since 1.19
}

bool IsRefusal(std::string_view message) {
  return absl::StartsWith(message, "Could not modify IPv") &&
         absl::EndsWith(message, "gro_max_size and gso_max_size, disabling BIG TCP");
}

bool IsAboutBigTcp(const LogLine& line) {
  return absl::StrContains(line.message, "BIG TCP") || absl::StrContains(line.message, "big-tcp") ||
         absl::StrContains(line.message, "gso_max_size") || absl::StrContains(line.message, "gso_ipv4_max_size");
}

}  // namespace

void Lines::Add(std::string_view line, LogLine parsed_line) {
  ++count;
  if (text.size() >= kKept) return;
  text.emplace_back(line.substr(0, kLongestKept));
  parsed.push_back(std::move(parsed_line));
}

AgentLogReader::AgentLogReader() {
  // The patterns are constants of ours: there is none that RE2 does not take.
  scanner_ = std::make_unique<logs::LineScanner>(
      *logs::LineScanner::Make(Patterns(), [this](const logs::FoundLine& found) { Take(found); }));
}

AgentLog AgentLogReader::Finish() {
  scanner_->Finish();
  log_.bytes = scanner_->bytes();
  log_.cut_lines = scanner_->cut_lines();
  return std::move(log_);
}

void AgentLogReader::Take(const logs::FoundLine& found) {
  LogLine line = logs::ParseLogLine(found.text);
  if (line.format == LogLine::Format::kPlain) return;
  const std::string& message = line.message;
  const bool trouble = line.level >= Level::kWarning;
  if (std::optional<std::string> version = AgentStartVersion(line); version.has_value()) {
    if (!version->empty()) log_.version = *std::move(version);
    log_.has_start = true;
  } else if (message == "Creating host endpoint") {
    ++log_.host_endpoints;
  } else if (message == "initialised gratuitous arp processor") {
    log_.garp_ready = true;
  } else if (absl::StrContains(message, "Failed to send gratuitous")) {
    Lines& lines = IsGarpLine(line) ? log_.garp_known : log_.garp_others;
    lines.Add(found.text, std::move(line));
  } else if (absl::StrContains(message, "doesn't have v4 nor v6 addresses")) {
    log_.garp_successors.Add(found.text, std::move(line));
  } else if (IsSettingUp(message)) {
    ++log_.big_tcp_setups;
  } else if (trouble && IsRefusal(message)) {
    log_.big_tcp_refusals.Add(found.text, std::move(line));
  } else if (trouble && IsAboutBigTcp(line)) {
    log_.big_tcp_trouble.Add(found.text, std::move(line));
  } else if (int64_t size = 0;
             absl::StartsWith(message, "Setting IPv") && absl::SimpleAtoi(line.Field("gso_max_size"), &size)) {
    log_.gso_max_size = std::max(log_.gso_max_size, size);
  }
}

}  // namespace tales::known_issues
