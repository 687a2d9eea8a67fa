#include "suites/conformance/e2e_process.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "harness/base/how_it_ended.h"
#include "harness/base/status.h"
#include "suites/conformance/last_words.h"
#include "suites/conformance/selection.h"

namespace tales::conformance {
namespace {

absl::StatusOr<int> Create(const std::filesystem::path& path) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return absl::ErrnoToStatus(errno, absl::StrCat("making ", path.string()));
  return fd;
}

}  // namespace

std::vector<std::string> E2eArguments(const E2eOptions& options) {
  const std::string focus = options.picks_all ? std::string(kFocusOnAll) : FocusOn(options.names);
  const std::string timeout = absl::FormatDuration(absl::Trunc(options.timeout, absl::Seconds(1)));
  // Alone it is its own ginkgo; several are started by the program of that name, which takes the same flags.
  std::vector<std::string> argv;
  if (options.procs > 1) {
    argv = {options.ginkgo.string(),
            absl::StrCat("--procs=", options.procs),
            "-v",
            "--no-color",
            absl::StrCat("--timeout=", timeout),
            absl::StrCat("--focus=", focus),
            options.program.string(),
            "--"};
  } else {
    argv = {options.program.string(), "--ginkgo.v", "--ginkgo.no-color", absl::StrCat("--ginkgo.timeout=", timeout),
            absl::StrCat("--ginkgo.focus=", focus)};
  }
  const std::vector<std::string> own = {
      "--provider=skeleton",
      absl::StrCat("--kubeconfig=", options.kubeconfig.string()),
      absl::StrCat("--report-dir=", options.folder.string()),
      absl::StrCat("--e2e-output-dir=", options.folder.string()),
      absl::StrCat("--repo-root=", options.folder.string()),  // what it needs is in the program
      "--disable-log-dump",
      "--dump-logs-on-failure=false",
  };
  argv.insert(argv.end(), own.begin(), own.end());
  if (!options.context.empty()) argv.push_back(absl::StrCat("--context=", options.context));
  if (!options.needs_nodes) {
    argv.insert(argv.end(), {"--num-nodes=0", "--allowed-not-ready-nodes=-1", "--minStartupPods=-1"});
  }
  return argv;
}

absl::StatusOr<std::unique_ptr<TestRun>> E2eProcess::Start(const E2eOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(options.folder, error);
  if (error) return absl::ErrnoToStatus(error.value(), absl::StrCat("making ", options.folder.string()));
  TALES_ASSIGN_OR_RETURN(const int output, Create(options.folder / "e2e.log"));
  const absl::Cleanup close_output = [output] { close(output); };
  TALES_ASSIGN_OR_RETURN(const int errors, Create(options.folder / "e2e.err"));
  const absl::Cleanup close_errors = [errors] { close(errors); };
  Child::Options child;
  child.command.argv = E2eArguments(options);
  child.command.working_folder = options.folder;
  child.descriptors = {{STDOUT_FILENO, output}, {STDERR_FILENO, errors}};
  TALES_ASSIGN_OR_RETURN(Child started, Child::Start(child));
  return std::unique_ptr<TestRun>(
      new E2eProcess(options, FollowedChild(std::move(started), options.folder / "e2e.log")));
}

bool E2eProcess::Follow(absl::Duration longest, const Sink& sink) {
  if (child_.Follow(longest, [&](std::string_view chunk) { stream_.Feed(chunk, sink); })) return true;
  const Finished& finished = child_.finished();
  end_ = TestRunEnd{.how = HowItEnded(finished), .exit_code = std::nullopt, .lost = ""};
  if (finished.signal == 0) end_->exit_code = finished.exit_code;
  return false;
}

std::string E2eProcess::LastWords() const { return LastWordsOf({folder_ / "e2e.err", folder_ / "e2e.log"}, 256 << 20); }

}  // namespace tales::conformance
