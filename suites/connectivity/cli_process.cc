#include "suites/connectivity/cli_process.h"

#include <array>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "harness/base/status.h"

namespace tales::connectivity {
namespace {

constexpr absl::Duration kPause = absl::Milliseconds(50);

}  // namespace

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
  std::ifstream reader(log, std::ios::binary);
  return std::unique_ptr<CliProcess>(new CliProcess(std::move(started), std::move(reader)));
}

bool CliProcess::ReadMore(const CliOutput::Sink& sink) {
  std::array<char, 64 << 10> block;
  bool any = false;
  while (true) {
    output_.clear();  // the end of the file is not the end of the output
    output_.read(block.data(), block.size());
    if (output_.gcount() <= 0) return any;
    any = true;
    parser_.Feed(std::string_view(block.data(), static_cast<size_t>(output_.gcount())), sink);
  }
}

bool CliProcess::Follow(absl::Duration longest, const CliOutput::Sink& sink) {
  const Deadline deadline = Deadline::After(longest);
  while (!finished_.has_value()) {
    // In this order: what was written before the end is read after it is known.
    finished_ = child_.Wait(deadline.AtMost(kPause));
    if (ReadMore(sink) || deadline.passed()) return true;
  }
  if (ReadMore(sink)) return true;
  parser_.Finish(sink);
  return false;
}

}  // namespace tales::connectivity
