#include "suites/connectivity/cli_process.h"

#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "harness/base/status.h"

namespace tales::connectivity {
absl::StatusOr<std::unique_ptr<CliProcess>> CliProcess::Start(const CliOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(options.folder, error);
  if (error) return absl::ErrnoToStatus(error.value(), absl::StrCat("making ", options.folder.string()));
  std::filesystem::remove(JUnitOf(options), error);  // one of before would be taken for its own
  const std::filesystem::path log = options.folder / "connectivity.log";
  std::filesystem::remove(log, error);
  Child::Options child;
  child.command.argv = CliArguments(options);
  child.command.working_folder = options.folder;  // sysdumps go there
  child.log_file = log;
  TALES_ASSIGN_OR_RETURN(Child started, Child::Start(child));
  return std::unique_ptr<CliProcess>(new CliProcess(FollowedChild(std::move(started), log)));
}

bool CliProcess::Follow(absl::Duration longest, const CliOutput::Sink& sink) {
  if (child_.Follow(longest, [&](std::string_view chunk) { parser_.Feed(chunk, sink); })) return true;
  parser_.Finish(sink);
  return false;
}

}  // namespace tales::connectivity
