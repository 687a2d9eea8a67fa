// Where a verb's answer goes: standard output, or a file that is written whole or not at all.
#pragma once

#include <string>
#include <string_view>

#include "harness/cli/cli.h"

namespace tales {

// Writes `text` to `file`, or to standard output where `file` is empty. Returns `exit_code`, or 3 where the answer
// could not be written: a person or a script that reads nothing must not take it for a good answer.
int Deliver(std::string_view text, const std::string& file, int exit_code, CliContext& context);

// Whether the answer may be coloured: it goes to a terminal, and NO_COLOR does not forbid it.
bool MayColour(const std::string& file);

}  // namespace tales
