#include "harness/runner/producer_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "harness/base/file.h"
#include "harness/base/status.h"
#include "harness/runner/event.h"
#include "harness/runner/worker_process.h"

namespace tales {
namespace {

using internal::Fd;

absl::Status Trouble(const std::filesystem::path& path, int error) {
  return absl::ErrnoToStatus(error, absl::StrCat("the producer's spool ", path.string()));
}

// Whether a process that writes the spool lives: it holds the lock.
bool IsHeld(int reading) {
  if (flock(reading, LOCK_SH | LOCK_NB) != 0) return errno == EWOULDBLOCK;
  flock(reading, LOCK_UN);
  return false;
}

// Whether the last line is the producer's `done`, with its end.
bool IsWhole(int reading, std::string_view token) {
  std::array<char, 4096> buffer;
  const off_t size = lseek(reading, 0, SEEK_END);
  const ssize_t count = pread(reading, buffer.data(), buffer.size(), std::max<off_t>(0, size - 4096));
  lseek(reading, 0, SEEK_SET);
  std::string_view tail(buffer.data(), count > 0 ? static_cast<size_t>(count) : 0);
  if (!absl::ConsumeSuffix(&tail, "\n")) return false;
  const absl::StatusOr<WorkerEvent> last = ParseWorkerEvent(tail.substr(tail.rfind('\n') + 1), token);
  return last.ok() && last->kind == WorkerEvent::Kind::kDone;
}

// For a runner that attaches and has to end it: the process group, beside the spool. Believed only while the lock is
// held.
std::filesystem::path GroupFile(const std::filesystem::path& spool) { return absl::StrCat(spool.string(), ".group"); }

}  // namespace

ProducerProcess::ProducerProcess(std::filesystem::path spool, Fd reading)
    : spool_(std::move(spool)), reading_(std::move(reading)) {}

absl::StatusOr<std::unique_ptr<ProducerProcess>> ProducerProcess::Start(const Options& options) {
  std::error_code ignored;  // what is in the way shows when the spool is made
  std::filesystem::create_directories(options.spool.parent_path(), ignored);
  std::filesystem::remove(options.spool, ignored);
  const Fd writing(open(options.spool.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (writing.get() < 0 || flock(writing.get(), LOCK_EX | LOCK_NB) != 0) return Trouble(options.spool, errno);
  Fd reading(open(options.spool.c_str(), O_RDONLY | O_CLOEXEC));
  if (reading.get() < 0) return Trouble(options.spool, errno);
  std::unique_ptr<ProducerProcess> process(new ProducerProcess(options.spool, std::move(reading)));
  process->dies_with_us_ = options.dies_with_us;
  Child::Options child;
  child.command.argv = options.argv;
  child.command.input = options.task;
  if (!options.temporary_folder.empty()) {
    child.command.environment = {{"TMPDIR", options.temporary_folder.string()}};
  }
  child.log_file = options.log_file;
  child.dies_with_us = options.dies_with_us;
  child.descriptors = {{kEventDescriptor, writing.get()}};
  absl::StatusOr<Child> started = Child::Start(child);
  if (!started.ok()) return Annotate(started.status(), "starting a producer");
  process->child_ = *std::move(started);
  TALES_RETURN_IF_ERROR(WriteFileAtomically(GroupFile(options.spool), absl::StrCat(process->child_->pid()), 0600));
  return process;
}

absl::StatusOr<std::unique_ptr<ProducerProcess>> ProducerProcess::Attach(const std::filesystem::path& spool,
                                                                         std::string_view token) {
  Fd reading(open(spool.c_str(), O_RDONLY | O_CLOEXEC));
  // In this order: one that ends in between has said all by then, or never will.
  if (reading.get() < 0 || (!IsHeld(reading.get()) && !IsWhole(reading.get(), token))) {
    return absl::NotFoundError(absl::StrCat("no producer writes ", spool.string(), ", nor did one end there"));
  }
  return std::unique_ptr<ProducerProcess>(new ProducerProcess(spool, std::move(reading)));
}

ProducerProcess::~ProducerProcess() {
  if (!child_.has_value()) return;
  if (dies_with_us_) {
    child_->Kill(SIGKILL);
  } else {
    child_->Detach();
  }
}

std::vector<std::string> ProducerProcess::ReadLines() {
  const bool ended = !running();  // asked first: what is read below is then all that there will be
  std::vector<std::string> lines;
  std::array<char, 64 << 10> buffer;
  while (true) {
    const ssize_t count = read(reading_.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    partial_.append(buffer.data(), static_cast<size_t>(count));
    size_t start = 0;
    for (size_t end; (end = partial_.find('\n', start)) != std::string::npos; start = end + 1) {
      lines.push_back(partial_.substr(start, end - start));
    }
    partial_.erase(0, start);
  }
  if (ended && !partial_.empty()) lines.push_back(std::exchange(partial_, {}));
  return lines;
}

bool ProducerProcess::running() const { return IsHeld(reading_.get()); }

void ProducerProcess::Kill(int signal) {
  if (child_.has_value()) return child_->Kill(signal);
  const absl::StatusOr<std::string> text = ReadFile(GroupFile(spool_), 32);
  int group = 0;
  if (text.ok() && absl::SimpleAtoi(*text, &group) && group > 1 && running()) kill(-group, signal);
}

// The lock goes when the process is on its way out, its exit code settled: what Stop() sends cannot change it.
std::optional<Finished> ProducerProcess::Reap() {
  if (!child_.has_value()) return std::nullopt;
  return child_->Stop(absl::Seconds(2));
}

void ProducerProcess::RemoveSpool() {
  std::error_code ignored;  // one that stays is in nobody's way: what it says has its verdicts
  std::filesystem::remove(spool_, ignored);
  std::filesystem::remove(GroupFile(spool_), ignored);
}

}  // namespace tales
