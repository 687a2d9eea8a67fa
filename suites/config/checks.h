// The checks of suite config, one function each; the file that defines it says what it reads and why.
#pragma once

#include "harness/check/check.h"

namespace tales::config {

Check Reproducible();
Check Talosconfig();
Check InputsPinned();
Check Committed();
Check SecretsConsistent();
Check SecretsProtected();
Check Valid();
Check Endpoint();
Check CiliumReady();
Check OldCredentials();
Check NoDrift();

}  // namespace tales::config
