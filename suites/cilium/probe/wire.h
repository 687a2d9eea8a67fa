// Whether what pods say can be read between the nodes: tcpdump in the node's network, on the device towards the other
// node, while a pod sends a text to a pod there.
#pragma once

#include <string>
#include <vector>

#include "harness/base/deadline.h"
#include "harness/check/outcome.h"
#include "suites/cilium/probe/executor.h"

namespace tales::cilium::probe {

inline constexpr int kWireBytes = 256 << 10;  // of the text; encrypted or not, this much has to pass

struct WireSeen {
  std::string from, to;
  absl::Status status;  // error: nobody looked, or nothing was sent
  std::string device;
  int packets = 0;  // between the two nodes, and the two pods
  int bytes = 0;    // of them
  int clear = 0;    // how often a part of the text can be read in them
};
// From every node to the next one.
std::vector<WireSeen> LookAtWire(const Executor& executor, const Place& place, Deadline deadline);
// "device eth0 packets 12 bytes 9000 clear 0"; DataLoss.
absl::Status ParseWire(std::string_view text, WireSeen& seen);
// Failed: the text can be read. Error: fewer bytes were seen than sent, so that nobody can tell.
Outcome JudgeWire(const std::vector<WireSeen>& seen);

}  // namespace tales::cilium::probe
