// Judging the logs of Cilium's containers: warnings and errors that nobody knows.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "harness/check/ledger.h"
#include "harness/check/outcome.h"
#include "harness/logs/line_scanner.h"

namespace tales::cilium {

// A line that the project itself passes over when it looks through its agents' logs: what two replicas, or an agent and
// a controller, do to each other's writes in passing. Source: cilium-cli, connectivity/tests/errors.go.
bool IsHarmless(std::string_view line);
// The same, for lines that are no worse than a warning: two who allocate one identity, what goes while it is looked at.
bool IsHarmlessWarning(std::string_view line);

// One container's log, fed as it comes and never held. Lines that differ in their numbers and names alone are told
// once.
class LogReading {
 public:
  explicit LogReading(const Ledger& ledger);
  LogReading(const LogReading&) = delete;

  void Feed(std::string_view chunk);
  void Finish() { scanner_->Finish(); }

  struct Group {
    std::string line, why;  // the first one, and what the ledger says of it ("" where it knows nothing)
    uint64_t count = 0;
  };
  const std::map<std::string, Group>& unknown() const { return unknown_; }
  const std::map<std::string, uint64_t>& known() const { return known_; }  // lines by issue
  uint64_t bytes() const { return scanner_->bytes(); }
  bool has_agents_start() const { return has_agents_start_; }  // its first lines are there
  std::string FirstTime() const;  // of the first line that has one, as written; "": none near the beginning
  // kubelet has no log to hand out, and says so in its place.
  bool is_gone() const;

 private:
  void Take(std::string_view line);
  const Ledger& ledger_;
  std::unique_ptr<logs::LineScanner> scanner_;
  std::map<std::string, Group> unknown_;
  std::map<std::string, uint64_t> known_;
  std::string head_;
  bool has_agents_start_ = false;
};

// An answer to the question for the log of the container before: kubelet has removed that one.
bool IsGone(const absl::Status& status);

// "cilium-agent on n3 since 2026-11-22T21:16:00Z: older lines were rotated away"; "" where nothing is known to lack.
// Of an agent alone: of others there is no line that is always the first.
std::string WhatWasRotated(const LogReading& reading, const std::string& container);

// `command`: what shows the log to a person.
std::vector<Problem> JudgeLog(const LogReading& reading, const std::string& container, const std::string& command);

}  // namespace tales::cilium
