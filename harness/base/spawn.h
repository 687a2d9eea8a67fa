// Starting a process: the part of subprocess.h between fork and exec. Internal to this folder.
//
// Not Boost.Process: version 1 makes its pipes inheritable (another thread's child then holds our write end open) and
// cannot map descriptors without the risk of overwriting the pipe on which it reports a failed exec.
#pragma once

#include <sys/types.h>

#include <map>
#include <utility>

#include "absl/status/statusor.h"
#include "harness/base/subprocess.h"

namespace tales::internal {

// A file descriptor that is closed with its owner.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { Close(); }
  int get() const { return fd_; }
  void Close();

 private:
  int fd_ = -1;
};

struct Pipe {
  Fd read_end, write_end;
};
absl::StatusOr<Pipe> MakePipe();  // close-on-exec

// What `input` holds as a readable descriptor: no pipe to feed, so no deadlock and no SIGPIPE.
absl::StatusOr<Fd> OpenInput(const std::string& input);

struct Process {
  pid_t pid = -1;
  Fd pidfd;  // readable once the process has ended
};
// Starts `command` in a process group of its own; `descriptors` (child's -> ours) are all that it inherits, 0 to 2
// included. Returns when the program runs, or with the error that kept it from running.
absl::StatusOr<Process> Spawn(const Command& command, const std::map<int, int>& descriptors, bool dies_with_us);

// Whether the process has ended by `deadline`; it is not reaped.
bool AwaitEnd(const Process& process, Deadline deadline);
// Reaps a process that has ended.
Finished Reap(pid_t pid);
// For poll(2): milliseconds, rounded up, -1 for ever.
int PollTimeout(Deadline deadline);

}  // namespace tales::internal
