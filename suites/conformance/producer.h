// The run of the conformance tests, or the results of a run that somebody else made.
#pragma once

#include "harness/runner/producer.h"

namespace tales::conformance {
Producer ConformanceProducer();
}  // namespace tales::conformance
