// Measuring which ways work (ways.h): datagrams are sent, and counted where they arrive.
#pragma once

#include <string>
#include <vector>

#include "harness/base/deadline.h"
#include "suites/cilium/probe/executor.h"
#include "suites/cilium/probe/ways.h"

namespace tales::cilium::probe {

struct WaysMeasured {
  Ways ways;
  std::vector<std::string> missing;  // "node-1 -> node-2, from pod to pod: REASON"
};
// Between pods the receiving server's own log tells; between nodes a tcpdump in the node's network does. Takes a few
// seconds.
WaysMeasured MeasureWays(kube::Client& client, const Executor& executor, const Place& place, Deadline deadline);

}  // namespace tales::cilium::probe
