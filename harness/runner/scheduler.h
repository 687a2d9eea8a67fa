// Which checks are dealt next, and which never have to run. Pure bookkeeping: no process, no clock.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/verdict.h"
#include "harness/runner/planned_check.h"

namespace tales {

// A check is ready when all that it comes after are final and none of them is red, and nothing that would explain its
// failure has failed. Not thread-safe.
class Scheduler {
 public:
  struct Options {
    int jobs = 4;                             // workers that look for the first time, side by side
    int settling = 16;                        // workers that only wait for the cluster to settle, beside those
    std::map<std::string, double> durations;  // past ones in seconds, by check name
    int retry_limit = 5;                      // more failures than this, and nothing is tried again
  };
  struct Blocked {
    size_t index;
    std::vector<std::string> roots;  // the red checks at the bottom of it
  };

  Scheduler(const std::vector<PlannedCheck>& checks, Options options);

  // Checks that became blocked since the last call; they are final then.
  std::vector<Blocked> TakeBlocked();
  // Checks for one new worker, grouped so that checks of one kind share what they fetch; empty when nothing can be
  // dealt now. The batch counts as a worker until WorkerGone().
  std::vector<size_t> NextBatch();
  // A producer that can start now; it counts as dealt until it is final. Its children are never dealt: their verdicts
  // come from it.
  std::optional<size_t> NextProducer();
  void TakeProducer(size_t index);  // this one runs already
  void WorkerSettles();             // one worker has looked at all of its checks and waits
  void WorkerGone(bool settled);    // one worker ended; `settled`: WorkerSettles() was called for it
  // Final. `roots`: of one that is blocked by what its producer says.
  void Finish(size_t index, Verdict verdict, std::vector<std::string> roots = {});
  void GiveBack(size_t index);      // dealt and not judged: to be dealt again
  void HoldForRetry(size_t index);  // failed once and may be tried again, which is decided at the end
  // When nothing is ready or under way: the checks that are tried again now (they are ready then), or, where too many
  // failed, none; then those that were held are in `given_up`, final as failed.
  std::vector<size_t> TakeRetries(std::vector<size_t>& given_up);

  bool AllFinal() const { return final_ == entries_.size(); }
  size_t final_count() const { return final_; }
  bool IsFinal(size_t index) const { return entries_[index].state == State::kFinal; }
  bool IsDealt(size_t index) const { return entries_[index].state == State::kDealt; }
  size_t dealt() const { return dealt_; }

 private:
  enum class State { kWaiting, kReady, kDealt, kHeld, kFinal };
  struct Entry {
    const PlannedCheck* check;
    State state = State::kWaiting;
    Verdict verdict = Verdict::kError;
    size_t open_after = 0;  // how many of those it comes after are not final
    std::vector<size_t> after, explained_by, dependents;
    std::vector<std::string> roots;  // of a blocked one
  };
  bool IsProduced(size_t index) const { return !entries_[index].check->producer.empty(); }
  void Settle(size_t index);  // all before it are final: ready, or blocked
  double Cost(size_t index) const;
  bool LockIsFree(const std::string& lock) const { return lock.empty() || !locks_.contains(lock); }
  void Release(const Entry& entry);

  Options options_;
  std::vector<Entry> entries_;
  std::vector<size_t> ready_, ready_producers_;
  std::vector<Blocked> blocked_;
  std::map<std::string, int> locks_;  // how many dealt checks hold it: all in one worker
  size_t final_ = 0, dealt_ = 0, failed_ = 0;
  int looking_ = 0, settling_ = 0;
  bool alone_ = false;  // a check that runs alone is dealt
};

}  // namespace tales
