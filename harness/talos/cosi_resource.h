// From the wire's resource to ours; for the client and the maintenance client.
#pragma once

#include "harness/talos/client.h"
#include "harness/talos/proto/cosi.pb.h"

namespace tales::talos {
Resource FromWire(const cosi::resource::Resource& wire);
// The least role that may read it.
std::string_view RoleFor(const ResourceKind& kind);
}  // namespace tales::talos
