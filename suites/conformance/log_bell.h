// Rings when a container has printed that a test is over, so that nobody has to ask all the time.
//
// It follows the container's log as it comes and throws it away: what was printed is read elsewhere, byte by byte. So a
// stream that breaks, or one that a restarted API server has forgotten, costs nothing but a late ring.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "absl/time/time.h"
#include "harness/kube/client.h"

namespace tales::conformance {

class LogBell {
 public:
  // `client` outlives it.
  LogBell(kube::Client& client, std::string namespace_, std::string pod, std::string container);
  ~LogBell();  // waits for the stream, kOneStream at most
  LogBell(const LogBell&) = delete;
  LogBell& operator=(const LogBell&) = delete;

  // Whether it rang since the last call; waits for that, `longest` at most.
  bool Await(absl::Duration longest);

 private:
  void Listen();
  void Ring();

  kube::Client& client_;
  const std::string namespace_, pod_, container_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool rang_ = false, stopped_ = false;
  std::thread thread_;
};

}  // namespace tales::conformance
