// `cilium connectivity test`: run by us, or imported from who ran it.
#pragma once

#include "harness/runner/producer.h"

namespace tales::connectivity {

// cilium.connectivity_run, and cilium.connectivity/TEST for each test that ran.
Producer ConnectivityProducer();

}  // namespace tales::connectivity
