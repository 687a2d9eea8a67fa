// Which probes a scenario is made of, in this place. Pure.
#pragma once

#include <string>
#include <vector>

#include "suites/cilium/probe/place.h"
#include "suites/cilium/probe/probe.h"

namespace tales::cilium::probe {

// Those that change nothing and do not disturb each other: all may run side by side. What needs bandwidth, and what
// counts requests, is in HeavyProbes().
std::vector<Probe> LightProbes(const Place& place);
std::vector<Probe> HeavyProbes(const Place& place);

inline constexpr size_t kPayload = 8 << 20;
// Of what probe.sh sends as a payload of `size` bytes, in hexadecimal.
std::string PayloadDigest(size_t size);

}  // namespace tales::cilium::probe
