#include "harness/base/spawn.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {            // glibc 2.36's header lacks it
#include <sys/pidfd.h>  // IWYU pragma: keep
}

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "harness/base/status.h"

extern char** environ;

namespace tales::internal {
namespace {

// What went wrong in the child, sent to the parent through a pipe that a successful exec closes.
struct Failure {
  enum Stage : int { kSetup, kWorkingFolder, kExec } stage;
  int error;
};

// Everything that the child needs, made before fork: between fork and exec only async-signal-safe calls are allowed.
struct Plan {
  const char* program = nullptr;
  std::vector<char*> argv, envp;
  const char* working_folder = nullptr;
  std::vector<std::pair<int, int>> descriptors;  // child's -> ours
  std::vector<int> copies;                       // of ours, out of the way of the child's numbers
  int lowest_free = 3;                           // above all of the child's numbers
  int report = -1;
  bool dies_with_us = false;
  pid_t parent = -1;
};

[[noreturn]] void Fail(int report, Failure::Stage stage) {
  const Failure failure{stage, errno};
  [[maybe_unused]] const ssize_t written = write(report, &failure, sizeof failure);
  _exit(127);
}

[[noreturn]] void RunChild(Plan& plan) {
  // First of all out of the way of the numbers that are about to be overwritten.
  const int report = fcntl(plan.report, F_DUPFD_CLOEXEC, plan.lowest_free);
  if (report < 0) Fail(plan.report, Failure::kSetup);
  setpgid(0, 0);
  if (plan.dies_with_us) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) Fail(report, Failure::kSetup);
    if (getppid() != plan.parent) _exit(127);  // it died before the call above
  }
  for (size_t i = 0; i < plan.descriptors.size(); ++i) {
    plan.copies[i] = fcntl(plan.descriptors[i].second, F_DUPFD_CLOEXEC, plan.lowest_free);
    if (plan.copies[i] < 0) Fail(report, Failure::kSetup);
  }
  for (size_t i = 0; i < plan.descriptors.size(); ++i) {
    if (dup2(plan.copies[i], plan.descriptors[i].first) < 0) Fail(report, Failure::kSetup);
  }
  // Nothing else of ours reaches the program, whoever opened it and however.
  int next = 3;
  for (const auto& [theirs, ours] : plan.descriptors) {
    if (theirs < next) continue;
    if (theirs > next) close_range(static_cast<unsigned>(next), static_cast<unsigned>(theirs - 1), CLOSE_RANGE_CLOEXEC);
    next = theirs + 1;
  }
  close_range(static_cast<unsigned>(next), UINT_MAX, CLOSE_RANGE_CLOEXEC);
  for (int signal_number : {SIGPIPE, SIGXFSZ, SIGINT, SIGTERM, SIGHUP, SIGCHLD}) signal(signal_number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (plan.working_folder != nullptr && chdir(plan.working_folder) != 0) Fail(report, Failure::kWorkingFolder);
  execve(plan.program, plan.argv.data(), plan.envp.data());
  Fail(report, Failure::kExec);
}

std::vector<std::string> Environment(const std::map<std::string, std::string>& changes) {
  std::vector<std::string> environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view name = std::string_view(*entry).substr(0, std::string_view(*entry).find('='));
    if (!changes.contains(std::string(name))) environment.emplace_back(*entry);
  }
  for (const auto& [name, value] : changes) {
    if (!value.empty()) environment.push_back(absl::StrCat(name, "=", value));
  }
  return environment;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  return pointers;
}

absl::Status Explain(const Failure& failure, const Command& command) {
  switch (failure.stage) {
    case Failure::kSetup:
      return absl::ErrnoToStatus(failure.error, absl::StrCat("starting ", command.argv[0]));
    case Failure::kWorkingFolder:
      return absl::ErrnoToStatus(failure.error,
                                 absl::StrCat("starting ", command.argv[0], " in ", command.working_folder.string()));
    case Failure::kExec:
      break;
  }
  return absl::ErrnoToStatus(failure.error, absl::StrCat("running ", command.argv[0]));
}

}  // namespace

void Fd::Close() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

absl::StatusOr<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return absl::ErrnoToStatus(errno, "making a pipe");
  return Pipe{Fd(ends[0]), Fd(ends[1])};
}

absl::StatusOr<Fd> OpenInput(const std::string& input) {
  if (input.empty()) {
    Fd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (null.get() < 0) return absl::ErrnoToStatus(errno, "opening /dev/null");
    return null;
  }
  Fd memory(memfd_create("input", MFD_CLOEXEC));
  if (memory.get() < 0) return absl::ErrnoToStatus(errno, "keeping the input of a program");
  for (std::string_view rest = input; !rest.empty();) {
    const ssize_t n = write(memory.get(), rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return absl::ErrnoToStatus(errno, "keeping the input of a program");
    rest.remove_prefix(static_cast<size_t>(n));
  }
  if (lseek(memory.get(), 0, SEEK_SET) != 0) return absl::ErrnoToStatus(errno, "keeping the input of a program");
  return memory;
}

absl::StatusOr<Process> Spawn(const Command& command, const std::map<int, int>& descriptors, bool dies_with_us) {
  if (command.argv.empty() || command.argv[0].empty()) return absl::InvalidArgumentError("a command without a program");
  std::string program = command.argv[0];
  if (!absl::StrContains(program, '/')) {
    TALES_ASSIGN_OR_RETURN(const std::filesystem::path found, FindProgram(program));
    program = std::filesystem::absolute(found).string();
  }
  TALES_ASSIGN_OR_RETURN(Pipe report, MakePipe());
  std::vector<std::string> arguments = command.argv;
  std::vector<std::string> environment = Environment(command.environment);
  const std::string folder = command.working_folder.string();

  Plan plan;
  plan.program = program.c_str();
  plan.argv = Pointers(arguments);
  plan.envp = Pointers(environment);
  plan.working_folder = folder.empty() ? nullptr : folder.c_str();
  plan.descriptors.assign(descriptors.begin(), descriptors.end());
  plan.copies.resize(descriptors.size());
  if (!descriptors.empty()) plan.lowest_free = std::max(3, descriptors.rbegin()->first + 1);
  plan.report = report.write_end.get();
  plan.dies_with_us = dies_with_us;
  plan.parent = getpid();

  Process process;
  process.pid = fork();
  if (process.pid < 0) return absl::ErrnoToStatus(errno, absl::StrCat("starting ", command.argv[0]));
  if (process.pid == 0) RunChild(plan);
  setpgid(process.pid, process.pid);  // in both, so that the group exists whoever is first
  report.write_end.Close();
  Failure failure{};
  ssize_t n;
  do {
    n = read(report.read_end.get(), &failure, sizeof failure);
  } while (n < 0 && errno == EINTR);
  if (n == sizeof failure) {
    waitpid(process.pid, nullptr, 0);
    return Explain(failure, command);
  }
  process.pidfd = Fd(pidfd_open(process.pid, 0));
  if (process.pidfd.get() < 0) {
    const int error = errno;
    kill(-process.pid, SIGKILL);
    waitpid(process.pid, nullptr, 0);
    return absl::ErrnoToStatus(error, absl::StrCat("watching ", command.argv[0]));
  }
  return process;
}

int PollTimeout(Deadline deadline) {
  const absl::Duration remaining = deadline.remaining();
  if (remaining == absl::InfiniteDuration()) return -1;
  return static_cast<int>(
      std::min<int64_t>(absl::ToInt64Milliseconds(absl::Ceil(remaining, absl::Milliseconds(1))), INT_MAX));
}

bool AwaitEnd(const Process& process, Deadline deadline) {
  while (true) {
    pollfd watched{process.pidfd.get(), POLLIN, 0};
    const int ready = poll(&watched, 1, PollTimeout(deadline));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return true;  // waitpid then says what there is to say
    if (ready == 0 && deadline.passed()) return false;
  }
}

Finished Reap(pid_t pid) {
  int status = 0;
  pid_t reaped;
  do {
    reaped = waitpid(pid, &status, 0);
  } while (reaped < 0 && errno == EINTR);
  Finished finished;
  if (reaped != pid) return finished;
  if (WIFEXITED(status)) finished.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) finished.signal = WTERMSIG(status);
  return finished;
}

}  // namespace tales::internal
