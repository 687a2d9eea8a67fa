// cilium.probe_run: our own probes of what pods, nodes and services reach, and what policies keep out; one check a
// scenario, cilium.probe/SCENARIO.
#pragma once

#include "harness/runner/producer.h"

namespace tales::cilium::probe {
Producer ProbeProducer();
}  // namespace tales::cilium::probe
