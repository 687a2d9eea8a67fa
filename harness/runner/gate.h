// The rules for what a worker may say about its batch. Whatever breaks them costs the check at fault its verdict.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/runner/event.h"

namespace tales {

// One per worker. Order for each check: started, then any number of (looked, look), then finished, once; one look at a
// time; `done` last and only when all are finished. Not thread-safe.
class Gate {
 public:
  Gate(std::vector<std::string> batch, std::string token);

  // The event, when it is allowed now; PermissionDenied says which rule it breaks. After the first violation the worker
  // is not to be believed any more: call no further.
  absl::StatusOr<WorkerEvent> Accept(std::string_view line);

  const std::string& token() const { return token_; }
  // The check that is being looked at; "" between looks.
  const std::string& current() const { return current_; }
  // Whom to hold responsible for what happens to the worker now: the current check, else the one that spoke last, else
  // the first of the batch.
  const std::string& responsible() const;
  bool IsFinished(std::string_view check) const;
  std::vector<std::string> Unfinished() const;  // in batch order
  bool AllFinished() const { return open_ == 0; }
  bool done() const { return done_; }
  // Whether every check was looked at at least once: what is left waits for the cluster to settle.
  bool settling() const { return unstarted_ == 0; }
  // What the last look that left the check open had found; "" where there was none.
  std::string LastFound(std::string_view check) const;

 private:
  enum class State { kUnstarted, kLooking, kOpen, kFinished };
  struct Entry {
    State state = State::kUnstarted;
    std::string found;
  };
  std::vector<std::string> batch_;
  std::map<std::string, Entry, std::less<>> entries_;
  std::string token_, current_, last_;
  size_t open_ = 0, unstarted_ = 0;
  bool done_ = false;
};

}  // namespace tales
