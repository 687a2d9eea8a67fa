// One run of `cilium connectivity test`, as a child process whose output is followed while it is written.
#pragma once

#include <signal.h>

#include <fstream>
#include <functional>
#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "harness/base/subprocess.h"
#include "suites/connectivity/cli_arguments.h"
#include "suites/connectivity/cli_output.h"

namespace tales::connectivity {

// Used on one thread. The process dies with it.
class CliProcess {
 public:
  // Makes options.folder.
  static absl::StatusOr<std::unique_ptr<CliProcess>> Start(const CliOptions& options);

  // Waits until there is more to tell, the process has ended, or `longest` is over. False: it has ended, and everything
  // that it wrote was told.
  bool Follow(absl::Duration longest, const CliOutput::Sink& sink);
  // It takes its policies away and ends, without a JUnit.
  void Interrupt() { child_.Kill(SIGINT); }
  void Kill() { child_.Kill(SIGKILL); }

  // REQUIRES: Follow() returned false.
  const Finished& finished() const { return *finished_; }
  const CliOutput& output() const { return parser_; }

 private:
  CliProcess(Child child, std::ifstream output) : child_(std::move(child)), output_(std::move(output)) {}
  bool ReadMore(const CliOutput::Sink& sink);

  Child child_;
  std::ifstream output_;
  CliOutput parser_;
  std::optional<Finished> finished_;
};

}  // namespace tales::connectivity
