// Whether what pods say can be read between the nodes: tcpdump in the node's network, on the device towards the other
// node, while a pod asks for a page with a word in its name.
#pragma once

#include <string>
#include <vector>

#include "harness/base/deadline.h"
#include "harness/check/outcome.h"
#include "suites/cilium/probe/executor.h"

namespace tales::cilium::probe {

struct WireSeen {
  std::string from, to;
  absl::Status status;  // error: nobody looked, or nothing was sent
  std::string device;
  int packets = 0;  // between the two nodes
  int clear = 0;    // that showed the word
};
// From every node to the next one.
std::vector<WireSeen> LookAtWire(const Executor& executor, const Place& place, Deadline deadline);
// "device eth0 packets 12 clear 0"; DataLoss.
absl::Status ParseWire(std::string_view text, WireSeen& seen);
// Failed: the word was seen. Error: no packet at all was, so that nobody can tell.
Outcome JudgeWire(const std::vector<WireSeen>& seen);

}  // namespace tales::cilium::probe
