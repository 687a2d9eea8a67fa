// Which tests were asked for: the expressions of `cilium connectivity test --test`, as the CLI reads them.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tales::connectivity {

// The expressions of `tests` ("all", or as --test takes it) that pick none of the tests in `ran`. The CLI ends well
// where one of several picks nothing. One that excludes ("!...") need not pick any; one that is no expression picks
// none.
std::vector<std::string> ExpressionsWithoutATest(std::string_view tests, const std::set<std::string>& ran);

}  // namespace tales::connectivity
