// Text from clusters, logs and foreign programs, made fit to be shown: it may hold terminal sequences, broken UTF-8 or
// characters that XML 1.0 cannot carry at all, not even escaped.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tales::reports {

// `text` as valid UTF-8 without ANSI escape sequences and without control characters other than tab and line feed
// (CR LF becomes LF). A byte that is not part of a character becomes U+FFFD; lone surrogates and U+FFFE/U+FFFF go.
std::string CleanText(std::string_view text);

// The same on one line: runs of white space become one space.
std::string OneLine(std::string_view text);

// At most `limit` bytes: head and tail with a line between them that says how much was left out. Cuts between
// characters. REQUIRES: valid UTF-8.
std::string HeadAndTail(std::string_view text, size_t limit);

}  // namespace tales::reports
