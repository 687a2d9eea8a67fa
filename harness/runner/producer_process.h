// A producer's process, as the runner's loop sees it: the spool file that it writes, and whether it lives.
//
// The spool is locked (flock) by the process as long as it lives: the lock belongs to the open file that it inherits,
// so neither a process id that was given away again nor a runner that died can be taken for it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/base/spawn.h"
#include "harness/base/subprocess.h"

namespace tales {

// Used on one thread.
class ProducerProcess {
 public:
  struct Options {
    std::vector<std::string> argv;
    std::string task;                        // given on standard input
    std::filesystem::path spool;             // made anew, mode 0600; the process has it as descriptor kEventDescriptor
    std::filesystem::path log_file;          // standard output and standard error
    std::filesystem::path temporary_folder;  // its TMPDIR; Default: ours
    bool dies_with_us = true;
  };
  static absl::StatusOr<std::unique_ptr<ProducerProcess>> Start(const Options& options);
  // To one that an earlier runner started: it lives still, or it came to its end meanwhile and its spool has all, up to
  // the `done` with its `token`. NotFound: there is neither.
  static absl::StatusOr<std::unique_ptr<ProducerProcess>> Attach(const std::filesystem::path& spool,
                                                                 std::string_view token);
  // Kills it, unless it may live on without us.
  ~ProducerProcess();

  // The whole lines that were written since the last call; from the spool's beginning at first. A line that is still
  // open when the process has ended comes too: it is torn, and the reader says so.
  std::vector<std::string> ReadLines();
  bool running() const;
  void Kill(int signal);  // to its process group; nothing when it is gone
  // Once it does not run any more: ends what it left behind in its group; how it ended, where that can be known.
  std::optional<Finished> Reap();
  // Once all that it said is recorded: nobody will attach to it any more.
  void RemoveSpool();

 private:
  ProducerProcess(std::filesystem::path spool, internal::Fd reading);

  std::filesystem::path spool_;
  internal::Fd reading_;
  std::string partial_;
  std::optional<Child> child_;  // none: attached
  bool dies_with_us_ = false;
};

}  // namespace tales
