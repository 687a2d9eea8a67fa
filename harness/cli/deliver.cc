#include "harness/cli/deliver.h"

#include <unistd.h>

#include <cstdlib>

#include "harness/base/file.h"

namespace tales {

int Deliver(std::string_view text, const std::string& file, int exit_code, CliContext& context) {
  if (file.empty()) {
    context.out << text;
    return exit_code;
  }
  if (const absl::Status status = WriteFileAtomically(file, text); !status.ok()) {
    context.err << "tales: " << status.message() << "\n";
    return kExitNothingJudged;
  }
  return exit_code;
}

bool MayColour(const std::string& file) {
  return file.empty() && isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
}

}  // namespace tales
