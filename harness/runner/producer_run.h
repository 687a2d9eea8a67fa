// One producer under way: what it says is checked here before the judge believes it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "harness/runner/event.h"
#include "harness/runner/planned_check.h"
#include "harness/runner/producer_process.h"

namespace tales {

// Used on the loop's thread.
class ProducerRun {
 public:
  struct Handlers {
    std::function<void(const std::string& child)> on_planned;  // one that it made up as it goes
    // A child's verdict; last, once nothing else can come, the producer's own.
    std::function<void(const WorkerEvent& event)> on_finished;
    std::function<void(const std::string& progress)> on_progress;  // for people
  };
  // What ended it before it had said all; `kind` as in the journal: "crash", "timeout", "protocol".
  struct Failure {
    std::string kind, found;
    // Nobody of us ended the process, and its own code may well be innocent.
    bool from_outside = false;
  };

  // `producer` outlives it; `children`: names of those that were planned. It is ended at `limit`.
  ProducerRun(const PlannedCheck& producer, std::set<std::string> children, std::unique_ptr<ProducerProcess> process,
              std::chrono::steady_clock::time_point limit, Handlers handlers);

  // Takes in what was said since the last call. True when it is over: `failure()` says whether badly.
  bool Poll(std::chrono::steady_clock::time_point now);
  const std::optional<Failure>& failure() const { return failure_; }
  // Asks it to end; what it says from now on is not heard. Poll() has still to be called until it is over.
  void End(Failure why, std::chrono::steady_clock::time_point now);
  void Kill(int signal) { process_->Kill(signal); }
  // All its verdicts are recorded: no later runner has to read them again.
  void Forget() { process_->RemoveSpool(); }

 private:
  // InvalidArgument: it must not say that.
  absl::Status Accept(std::string_view line);
  bool IsFamilyMember(std::string_view check) const;

  const PlannedCheck& producer_;
  const std::set<std::string> children_;
  const std::unique_ptr<ProducerProcess> process_;
  std::chrono::steady_clock::time_point limit_;
  const Handlers handlers_;
  std::set<std::string> announced_, finished_;
  std::optional<WorkerEvent> verdict_;  // its own, held back until it has really ended
  bool done_ = false;
  std::optional<Failure> failure_;
};

}  // namespace tales
