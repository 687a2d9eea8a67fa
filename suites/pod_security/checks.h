// The checks of suite pod_security, one file each.
#pragma once

#include "harness/check/check.h"

namespace tales::pod_security {

Check LabelsCheck();
Check AdmitsCheck();
Check RefusesElsewhereCheck();
Check WarningsCheck();
Check ExemptionsCheck();
Check AdmissionConfigCheck();
Check WorkloadsCheck();
Check UndeclaredCheck();

}  // namespace tales::pod_security
