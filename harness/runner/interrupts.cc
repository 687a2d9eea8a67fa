#include "harness/runner/interrupts.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace tales {
namespace {

constexpr int kExitInterruptedAtOnce = 130;

// A signal handler has no other place to look than these.
std::atomic<int> signals_seen = 0;
std::atomic<bool> loop_listens = false;
int wake_pipe[2] = {-1, -1};
struct sigaction earlier_int, earlier_term;

void OnSignal(int) {
  const int error = errno;
  if (signals_seen.fetch_add(1) > 0 && !loop_listens) _exit(kExitInterruptedAtOnce);
  [[maybe_unused]] const ssize_t ignored = write(wake_pipe[1], "!", 1);
  errno = error;
}

}  // namespace

Interrupts::Interrupts() {
  signals_seen = 0;
  if (pipe2(wake_pipe, O_CLOEXEC | O_NONBLOCK) != 0) wake_pipe[0] = wake_pipe[1] = -1;
  struct sigaction action {};
  action.sa_handler = OnSignal;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, &earlier_int);
  sigaction(SIGTERM, &action, &earlier_term);
}

Interrupts::~Interrupts() {
  sigaction(SIGINT, &earlier_int, nullptr);
  sigaction(SIGTERM, &earlier_term, nullptr);
  close(wake_pipe[0]);
  close(wake_pipe[1]);
}

int Interrupts::count() const { return signals_seen; }
int Interrupts::descriptor() const { return wake_pipe[0]; }
void Interrupts::set_listening(bool listening) { loop_listens = listening; }

}  // namespace tales
