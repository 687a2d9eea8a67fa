// Lists of check names, short enough to read.
#pragma once

#include <string>
#include <vector>

namespace tales::reports {

// "health.services/{control,worker}, health.versions": the instances of a check are told once, in the order given. At
// most `limit` checks, and of each at most as many instances, then "and 7 more" (instances counted); 0 means all.
std::string JoinNames(const std::vector<std::string>& checks, int limit);

}  // namespace tales::reports
