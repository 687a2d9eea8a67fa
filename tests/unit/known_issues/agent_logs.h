// Logs of agents for the tests: excerpts of real ones, and what changes can be made to them.
#pragma once

#include <string>
#include <string_view>

#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "harness/base/file.h"
#include "suites/known_issues/agent_log.h"

namespace tales::known_issues {

// A real agent of Cilium 1.17.1 on a machine that has just booted, whose card takes 64 KiB: both issues are in it.
inline std::string FirstStart() {
  const absl::StatusOr<std::string> text = ReadFile(TALES_KNOWN_ISSUES_DATA "/agent_first_start.log");
  EXPECT_TRUE(text.ok()) << text.status();
  return text.value_or("");
}

// The same, restarted without a boot, on a card that takes more: neither is.
inline std::string Restarted() {
  const absl::StatusOr<std::string> text = ReadFile(TALES_KNOWN_ISSUES_DATA "/agent_restarted.log");
  EXPECT_TRUE(text.ok()) << text.status();
  return text.value_or("");
}

inline std::string Changed(const std::string& log, std::string_view from, std::string_view to) {
  EXPECT_NE(log.find(from), std::string::npos) << from;
  return absl::StrReplaceAll(log, {{std::string(from), std::string(to)}});
}

// Without the lines that hold `text`.
inline std::string Without(const std::string& log, std::string_view text) {
  std::string rest;
  for (std::string_view left = log; !left.empty();) {
    const size_t end = std::min(left.find('\n'), left.size() - 1) + 1;
    if (left.substr(0, end).find(text) == std::string_view::npos) rest += left.substr(0, end);
    left.remove_prefix(end);
  }
  EXPECT_LT(rest.size(), log.size()) << text;
  return rest;
}

// What is left when the lines up to the one that holds `text` were rotated away, that one included.
inline std::string RotatedBehind(const std::string& log, std::string_view text) {
  const size_t at = log.find(text);
  EXPECT_NE(at, std::string::npos) << text;
  return at == std::string::npos ? "" : log.substr(log.find('\n', at) + 1);
}

inline AgentLog Read(std::string_view log, size_t chunk = 1000) {
  AgentLogReader reader;
  for (; !log.empty(); log.remove_prefix(std::min(chunk, log.size()))) reader.Feed(log.substr(0, chunk));
  return reader.Finish();
}

}  // namespace tales::known_issues
