// KI-BIGTCP: the agent asks a network card for packets above 64 KiB that it does not take, warns, and turns BIG TCP
// off.
//
// Cilium lowers its 196608 bytes only to limits between 65536 and that; virtio-net's limit (tso_max_size) is 65536, so
// the kernel refuses with "invalid argument". Harmless: the optimisation is off. Since 1.19 sizes follow the limit.
// Source: cilium v1.17.1 pkg/datapath/linux/bigtcp/bigtcp.go; kernel net/core/rtnetlink.c.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "harness/check/outcome.h"
#include "suites/known_issues/agent_log.h"

namespace tales::known_issues {

struct BigTcpFacts {
  std::string node;
  std::string log_command;           // what shows the agent's log: "kubectl -n cilium logs cilium-x -c cilium-agent"
  std::string exec_command;          // what runs a command in the agent, up to the command
  std::string version;               // of the agent; "" where it is not known
  bool ipv4 = false, ipv6 = false;   // switched on in cilium-config
  AgentLog log;                      // of the container that runs
  std::optional<AgentLog> previous;  // of the one before it, where there was one
  std::map<std::string, int64_t> tso_max_size;  // by device; empty where it could not be read, `unread` says why
  std::optional<int64_t> gso_max_size;          // that the agent's status tells; `enabled` there is not to be believed
  std::string unread;
};

// known, resolved, failed (a new variant), inconclusive or unsupported (switched off). Pure.
Outcome ClassifyBigTcp(const BigTcpFacts& facts);

}  // namespace tales::known_issues
