#include "harness/base/subprocess.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "harness/base/spawn.h"
#include "harness/base/status.h"

namespace tales {
namespace {

using internal::Fd;

constexpr absl::Duration kGraceOfRun = absl::Seconds(2);
// How long after its end we still read what a program's own children hold open.
constexpr absl::Duration kLingering = absl::Milliseconds(200);

std::string Quote(std::string_view word) {
  const bool plain = !word.empty() && word.find_first_not_of(
                                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789_-./:=,@%+^") == std::string_view::npos;
  if (plain) return std::string(word);
  return absl::StrCat("'", absl::StrReplaceAll(word, {{"'", R"('\'')"}}), "'");
}

bool IsExecutableFile(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::is_regular_file(path, error) && access(path.c_str(), X_OK) == 0;
}

// One output stream of a running program: read as it comes, kept up to a limit.
struct Stream {
  Fd fd;
  std::string* kept;

  void ReadSome(size_t limit) {
    std::array<char, 64 << 10> buffer;
    const ssize_t n = read(fd.get(), buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) return;
    if (n <= 0) return fd.Close();
    kept->append(buffer.data(), std::min(static_cast<size_t>(n), limit - std::min(limit, kept->size())));
  }
};

// Reads both streams until the process has ended (true) or `deadline` passed (false).
bool ReadUntilEnd(const internal::Process& process, std::array<Stream, 2>& streams, size_t limit, Deadline deadline) {
  bool ended = false;
  while (true) {
    std::array<pollfd, 3> watched = {{{streams[0].fd.get(), POLLIN, 0},
                                      {streams[1].fd.get(), POLLIN, 0},
                                      {ended ? -1 : process.pidfd.get(), POLLIN, 0}}};
    if (ended && streams[0].fd.get() < 0 && streams[1].fd.get() < 0) return true;
    const int ready = poll(watched.data(), watched.size(), internal::PollTimeout(deadline));
    if (ready < 0 && errno != EINTR) return ended;
    if (ready <= 0) {
      if (deadline.passed()) return ended;
      continue;
    }
    for (size_t i = 0; i < streams.size(); ++i) {
      if (watched[i].revents != 0) streams[i].ReadSome(limit);
    }
    if (watched[2].revents != 0) {
      ended = true;
      deadline = deadline.AtMost(kLingering);
    }
  }
}

std::string LastLine(std::string_view text) {
  text = absl::StripTrailingAsciiWhitespace(text);
  const size_t newline = text.rfind('\n');
  if (newline != std::string_view::npos) text.remove_prefix(newline + 1);
  return std::string(text.substr(0, 200));
}

}  // namespace

std::string Command::ToString() const {
  return absl::StrJoin(argv, " ", [](std::string* out, const std::string& word) { out->append(Quote(word)); });
}

absl::StatusOr<std::filesystem::path> FindProgram(std::string_view program) {
  if (program.empty()) return absl::NotFoundError("no program named");
  if (absl::StrContains(program, '/')) {
    std::filesystem::path path(program);
    if (IsExecutableFile(path)) return path;
    return absl::NotFoundError(absl::StrCat(program, ": not there, or not executable"));
  }
  const char* search = std::getenv("PATH");
  for (std::string_view folder : absl::StrSplit(search == nullptr ? "/usr/local/bin:/usr/bin:/bin" : search, ':')) {
    std::filesystem::path path = std::filesystem::path(folder.empty() ? "." : folder) / program;
    if (IsExecutableFile(path)) return path;
  }
  return absl::NotFoundError(absl::StrCat(program, ": not found in PATH"));
}

absl::StatusOr<Finished> Run(const Command& command, Deadline deadline) {
  const absl::Time start = absl::Now();
  TALES_ASSIGN_OR_RETURN(Fd input, internal::OpenInput(command.input));
  TALES_ASSIGN_OR_RETURN(internal::Pipe output, internal::MakePipe());
  TALES_ASSIGN_OR_RETURN(internal::Pipe error_output, internal::MakePipe());
  TALES_ASSIGN_OR_RETURN(
      const internal::Process process,
      internal::Spawn(command, {{0, input.get()}, {1, output.write_end.get()}, {2, error_output.write_end.get()}},
                      /*dies_with_us=*/true));
  output.write_end.Close();
  error_output.write_end.Close();

  std::string out, err;
  std::array<Stream, 2> streams = {Stream{std::move(output.read_end), &out},
                                   Stream{std::move(error_output.read_end), &err}};
  const bool in_time = ReadUntilEnd(process, streams, command.output_limit, deadline);
  if (!in_time) {
    kill(-process.pid, SIGTERM);
    ReadUntilEnd(process, streams, command.output_limit, Deadline::After(kGraceOfRun));
    kill(-process.pid,
         SIGKILL);  // also what a leader that ended left behind: it is not reaped yet, the group is its own
  }
  Finished finished = internal::Reap(process.pid);
  if (!in_time) {
    const std::string last = LastLine(err.empty() ? out : err);
    return absl::DeadlineExceededError(
        absl::StrCat(command.ToString(), ": not over after ",
                     absl::FormatDuration(absl::Trunc(absl::Now() - start, absl::Milliseconds(1))), ", killed",
                     last.empty() ? "; it had written nothing" : "; last line: ", last));
  }
  finished.output = std::move(out);
  finished.error_output = std::move(err);
  return finished;
}

struct Child::State {
  internal::Process process;
  std::optional<Finished> finished;
  bool detached = false;
};

Child::Child(std::unique_ptr<State> state) : state_(std::move(state)) {}
Child::Child(Child&&) noexcept = default;

Child& Child::operator=(Child&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}

Child::~Child() {
  if (state_ != nullptr && !state_->detached) Stop(absl::Seconds(2));
}

absl::StatusOr<Child> Child::Start(const Options& options) {
  const std::string log = options.log_file.empty() ? "/dev/null" : options.log_file.string();
  const Fd output(open(log.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  if (output.get() < 0) return absl::ErrnoToStatus(errno, absl::StrCat("opening ", log));
  TALES_ASSIGN_OR_RETURN(const Fd input, internal::OpenInput(options.command.input));
  std::map<int, int> descriptors = options.descriptors;
  descriptors.insert({{0, input.get()}, {1, output.get()}, {2, output.get()}});  // what the caller maps wins
  auto state = std::make_unique<State>();
  TALES_ASSIGN_OR_RETURN(state->process, internal::Spawn(options.command, descriptors, options.dies_with_us));
  return Child(std::move(state));
}

pid_t Child::pid() const { return state_->process.pid; }

bool Child::running() { return !Wait(Deadline::After(absl::ZeroDuration())).has_value(); }

std::optional<Finished> Child::Wait(Deadline deadline) {
  if (!state_->finished.has_value()) {
    if (!internal::AwaitEnd(state_->process, deadline)) return std::nullopt;
    state_->finished = internal::Reap(state_->process.pid);
  }
  return state_->finished;
}

Finished Child::Stop(absl::Duration grace) {
  if (!state_->finished.has_value()) {
    Kill(SIGTERM);
    internal::AwaitEnd(state_->process, Deadline::After(grace));
    // Before it is reaped: until then the group's number cannot be anybody else's.
    Kill(SIGKILL);
    state_->finished = internal::Reap(state_->process.pid);
  }
  return *state_->finished;
}

void Child::Kill(int signal) {
  if (!state_->finished.has_value()) kill(-state_->process.pid, signal);
}

void Child::Detach() { state_->detached = true; }

}  // namespace tales
