// One run of `cilium connectivity test`, as a child process whose output is followed while it is written.
#pragma once

#include <signal.h>

#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "harness/base/followed_child.h"
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
  const Finished& finished() const { return child_.finished(); }
  const CliOutput& output() const { return parser_; }

 private:
  explicit CliProcess(FollowedChild child) : child_(std::move(child)) {}

  FollowedChild child_;
  CliOutput parser_;
};

}  // namespace tales::connectivity
