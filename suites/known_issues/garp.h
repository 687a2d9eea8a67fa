// KI-GARP: for the host endpoint, which has no address, the agent tries to send a gratuitous ARP and warns that it
// cannot.
//
// Once per node, when its host endpoint is made anew (after a boot; an agent that only restarts restores it). Harmless:
// pods have addresses and are announced. Source: cilium v1.17.1 pkg/datapath/garp/processor.go, daemon/cmd; v1.19.0
// pkg/gneigh, which has another warning for the same host endpoint.
#pragma once

#include <optional>
#include <string>

#include "harness/check/outcome.h"
#include "suites/known_issues/agent_log.h"

namespace tales::known_issues {

struct GarpFacts {
  std::string node;
  std::string log_command;  // "kubectl -n cilium logs cilium-x -c cilium-agent"
  std::string version;      // of the agent; "" where it is not known
  bool announces = false;   // enable-l2-pod-announcements in cilium-config
  AgentLog log;
  std::optional<AgentLog> previous;
};

// known, resolved, failed (a new variant), inconclusive or unsupported (switched off). Pure.
Outcome ClassifyGarp(const GarpFacts& facts);

}  // namespace tales::known_issues
