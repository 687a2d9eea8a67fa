#include "harness/runner/worker_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include "boost/asio/buffer.hpp"
#include "harness/base/status.h"

namespace tales {
namespace {

// An event is one verdict; what is longer is not one, and the gate refuses it.
constexpr size_t kLongestLine = 4 << 20;
// A worker that closed its event pipe has nothing more to say: it gets this long to end.
constexpr std::chrono::seconds kEndGrace{2};

}  // namespace

absl::StatusOr<std::unique_ptr<WorkerProcess>> WorkerProcess::Start(boost::asio::io_context& loop,
                                                                    const Options& options, Handlers handlers) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "making a pipe for a worker");
  Child::Options child_options;
  child_options.command.argv = options.argv;
  child_options.command.input = options.task;
  if (!options.temporary_folder.empty()) {
    child_options.command.environment = {{"TMPDIR", options.temporary_folder.string()}};
  }
  child_options.log_file = options.log_file;
  child_options.descriptors = {{kEventDescriptor, ends[1]}};
  absl::StatusOr<Child> child = Child::Start(child_options);
  close(ends[1]);
  if (!child.ok()) {
    close(ends[0]);
    return Annotate(child.status(), "starting a worker");
  }
  const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, child->pid(), 0));
  if (pidfd < 0) {
    const int error = errno;
    close(ends[0]);
    return absl::ErrnoToStatus(error, "watching a worker");
  }
  std::unique_ptr<WorkerProcess> worker(
      new WorkerProcess(loop, *std::move(child), std::move(handlers), ends[0], pidfd));
  worker->Read();
  worker->AwaitEnd();
  return worker;
}

WorkerProcess::WorkerProcess(boost::asio::io_context& loop, Child child, Handlers handlers, int events, int pidfd)
    : child_(std::move(child)),
      handlers_(std::move(handlers)),
      events_(loop, events),
      pidfd_(loop, pidfd),
      grace_(loop) {
  events_.non_blocking(true);
}

WorkerProcess::~WorkerProcess() { child_.Kill(SIGKILL); }

// What can be read now. False at the end of the stream.
bool WorkerProcess::ReadAvailable() {
  boost::system::error_code error;
  while (true) {
    const size_t count = events_.read_some(boost::asio::buffer(buffer_), error);
    if (error) return error == boost::asio::error::would_block;
    if (!muted_) Take(std::string_view(buffer_.data(), count));
  }
}

void WorkerProcess::Take(std::string_view bytes) {
  partial_.append(bytes);
  size_t start = 0;
  for (size_t end; !muted_ && (end = partial_.find('\n', start)) != std::string::npos; start = end + 1) {
    handlers_.on_line(std::string_view(partial_).substr(start, end - start));
  }
  partial_.erase(0, start);
  if (!muted_ && partial_.size() > kLongestLine) FlushPartial();
}

// Only waits, and reads in the handler: bytes of an asynchronous read would be lost when the worker's end is handled
// between their arrival and the read's completion.
void WorkerProcess::Read() {
  events_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this, here = std::weak_ptr<bool>(here_)](
                                                                           const boost::system::error_code& error) {
    if (error || here.expired()) return;
    if (ReadAvailable()) return Read();
    grace_.expires_after(kEndGrace);
    grace_.async_wait([this, here = std::weak_ptr<bool>(here_)](const boost::system::error_code& cancelled) {
      if (!cancelled && !here.expired()) child_.Kill(SIGKILL);
    });
  });
}

void WorkerProcess::FlushPartial() {
  std::string line;
  line.swap(partial_);
  handlers_.on_line(line);
}

void WorkerProcess::AwaitEnd() {
  pidfd_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                    [this, here = std::weak_ptr<bool>(here_)](const boost::system::error_code& error) {
                      if (error == boost::asio::error::operation_aborted || here.expired()) return;
                      grace_.cancel();
                      // What it left behind in its group goes too: not reaped yet, the group's number is still its own.
                      child_.Kill(SIGKILL);
                      events_.cancel();
                      ReadAvailable();
                      if (!partial_.empty() && !muted_) FlushPartial();
                      const Finished finished = *child_.Wait(Deadline::Never());
                      const auto on_end = std::move(handlers_.on_end);  // it may destroy this object
                      on_end(finished);
                    });
}

}  // namespace tales
