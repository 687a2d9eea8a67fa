// Other programs: run to their end with a deadline, or kept as children that cannot outlive us.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "harness/base/deadline.h"

namespace tales {

struct Command {
  std::vector<std::string> argv;                   // argv[0] is looked up in PATH when it has no slash
  std::map<std::string, std::string> environment;  // added to ours; an empty value removes the name
  std::filesystem::path working_folder;            // Default: ours
  std::string input;                               // given on standard input, which is then closed
  size_t output_limit = 16 << 20;                  // bytes kept of each stream; the rest is read and dropped

  std::string ToString() const;  // as a shell would take it; for messages
};

struct Finished {
  int exit_code = -1;  // -1 when a signal ended it
  int signal = 0;
  std::string output;  // standard output
  std::string error_output;
  bool ok() const { return exit_code == 0; }
};

// The path of `program` in PATH (or itself, where it has a slash and is executable); NotFound otherwise.
absl::StatusOr<std::filesystem::path> FindProgram(std::string_view program);

// Runs it to its end. A non-zero exit is not an error here: look at Finished. DeadlineExceeded when it had to be killed
// (its process group gets SIGTERM, two seconds later SIGKILL); NotFound or PermissionDenied when it cannot be started.
absl::StatusOr<Finished> Run(const Command& command, Deadline deadline);

// A program that runs beside us, in a process group of its own, its output appended to a file. When this process dies,
// for whatever reason, the kernel kills the child (PR_SET_PDEATHSIG; therefore start it from a thread that lives as
// long as the process). Thread-compatible.
class Child {
 public:
  struct Options {
    Command command;
    std::filesystem::path log_file;  // standard output and standard error; Default: /dev/null
    bool dies_with_us = true;        // Default: true
    std::map<int, int> descriptors;  // child's descriptor -> ours
  };
  static absl::StatusOr<Child> Start(const Options& options);
  Child(Child&&) noexcept;
  Child& operator=(Child&&) noexcept;
  ~Child();  // Stop(2 s)

  pid_t pid() const;
  bool running();
  // Waits for the end; nullopt when `deadline` passed first.
  std::optional<Finished> Wait(Deadline deadline);
  // SIGTERM to its group, SIGKILL after `grace`; returns when it is reaped.
  Finished Stop(absl::Duration grace);
  void Kill(int signal);  // to its process group
  void Detach();          // lets it go on without us; its end is no longer ours to await

 private:
  struct State;
  explicit Child(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tales
