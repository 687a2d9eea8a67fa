// Whose machines `tales up` can bring up, by the name of the fixture.
#pragma once

#include "fixtures/bringup/host_registry.h"

namespace tales {
const bringup::HostRegistry& Hosts();
}  // namespace tales
