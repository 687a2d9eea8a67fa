// What a Cilium agent's log says about the known issues: read once, line by line, in constant memory.
// Source: cilium v1.17.1 and v1.19.0, pkg/datapath/linux/bigtcp, pkg/datapath/garp, pkg/gneigh, daemon/cmd.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/logs/line_scanner.h"
#include "harness/logs/log_line.h"

namespace tales::known_issues {

// Lines of one kind: all are counted, the first few are kept.
struct Lines {
  static constexpr size_t kKept = 20;
  uint64_t count = 0;
  std::vector<std::string> text;
  std::vector<logs::LogLine> parsed;  // of `text`

  void Add(std::string_view line, logs::LogLine parsed_line);
};

// The log of one container, from its first byte that is left.
struct AgentLog {
  uint64_t bytes = 0, cut_lines = 0;
  bool has_start = false;  // the agent's first lines are there: nothing was rotated away
  std::string version;     // as it says at its start: "1.17.1"; "" where it does not

  // BIG TCP.
  uint64_t big_tcp_setups = 0;  // starts of setting it up
  int64_t gso_max_size = 0;     // the largest that it says it has set
  Lines big_tcp_refusals;       // "Could not modify IPv4 gro_max_size and gso_max_size, disabling BIG TCP"
  Lines big_tcp_trouble;        // other warnings and errors about it

  // Gratuitous ARP.
  bool garp_ready = false;      // its processor has started
  uint64_t host_endpoints = 0;  // made anew, not restored
  Lines garp_known;             // failures to send one, in the known form
  Lines garp_others;            // in any other
  Lines garp_successors;        // what newer versions say of the same host endpoint
};

// Takes a log in pieces. Not thread-safe.
class AgentLogReader {
 public:
  AgentLogReader();
  void Feed(std::string_view chunk) { scanner_->Feed(chunk); }
  AgentLog Finish();

 private:
  void Take(const logs::FoundLine& found);
  AgentLog log_;
  std::unique_ptr<logs::LineScanner> scanner_;
};

}  // namespace tales::known_issues
