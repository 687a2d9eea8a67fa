// The checks of suite cilium, one file each.
#pragma once

#include "harness/check/check.h"

namespace tales::cilium {

Check ReleaseCheck();
Check WorkloadsCheck();
Check AgentCheck();
Check NodeHealthCheck();
Check SettingsCheck();
Check PodCidrsCheck();
Check StatusCliCheck();
Check LogsCheck();

}  // namespace tales::cilium
