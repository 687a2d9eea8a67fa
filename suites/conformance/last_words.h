// What a run of the tests said last: why it could not start.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tales::conformance {

// The end of the first of the files that says anything, at most 2000 bytes; "" where none does. One that is longer than
// `longest` is passed by.
std::string LastWordsOf(const std::vector<std::filesystem::path>& files, uint64_t longest);

}  // namespace tales::conformance
