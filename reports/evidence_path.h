// Where evidence lies. A journal is input, and reports make links of the paths in it.
#pragma once

#include <string>

namespace tales::reports {

// Whether a path stays inside the run's folder, and can stand in a line `[[ATTACHMENT|path]]`.
bool IsInsideTheRun(const std::string& path);

}  // namespace tales::reports
