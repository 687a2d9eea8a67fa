#include "harness/runner/gate.h"

#include "absl/strings/str_cat.h"

namespace tales {

Gate::Gate(std::vector<std::string> batch, std::string token)
    : batch_(std::move(batch)), token_(std::move(token)), open_(batch_.size()), unstarted_(batch_.size()) {
  for (const std::string& check : batch_) entries_[check];
}

absl::StatusOr<WorkerEvent> Gate::Accept(std::string_view line) {
  absl::StatusOr<WorkerEvent> event = ParseWorkerEvent(line, token_);
  if (!event.ok()) return absl::PermissionDeniedError(event.status().message());
  const auto refuse = [&](std::string_view why) {
    return absl::PermissionDeniedError(absl::StrCat(why, ": ", line.substr(0, 200)));
  };
  if (done_) return refuse("an event after the last");
  if (event->kind == WorkerEvent::Kind::kDone) {
    if (open_ != 0) return refuse(absl::StrCat("done, with ", open_, " checks open"));
    done_ = true;
    return event;
  }
  const auto found = entries_.find(event->check);
  if (found == entries_.end()) return refuse("about a check that it was not given");
  Entry& entry = found->second;
  if (entry.state == State::kFinished) return refuse("about a check that has its verdict");
  switch (event->kind) {
    case WorkerEvent::Kind::kStarted:
    case WorkerEvent::Kind::kLook:
      if (!current_.empty()) return refuse("a second look at once");
      if (entry.state != (event->kind == WorkerEvent::Kind::kStarted ? State::kUnstarted : State::kOpen)) {
        return refuse("out of order");
      }
      if (entry.state == State::kUnstarted) --unstarted_;
      entry.state = State::kLooking;
      current_ = event->check;
      break;
    case WorkerEvent::Kind::kLooked:
      if (entry.state != State::kLooking) return refuse("out of order");
      entry.state = State::kOpen;
      entry.found = event->found;
      current_.clear();
      break;
    case WorkerEvent::Kind::kFinished:
      if (entry.state != State::kLooking) return refuse("out of order");
      entry.state = State::kFinished;
      current_.clear();
      --open_;
      break;
    case WorkerEvent::Kind::kAnnounced:
    case WorkerEvent::Kind::kProgress:
      return refuse("what only a producer may say");
    case WorkerEvent::Kind::kDone:
      break;
  }
  last_ = event->check;
  return event;
}

const std::string& Gate::responsible() const {
  if (!current_.empty()) return current_;
  if (!last_.empty() || batch_.empty()) return last_;
  return batch_.front();
}

bool Gate::IsFinished(std::string_view check) const {
  const auto found = entries_.find(check);
  return found != entries_.end() && found->second.state == State::kFinished;
}

std::vector<std::string> Gate::Unfinished() const {
  std::vector<std::string> unfinished;
  for (const std::string& check : batch_) {
    if (!IsFinished(check)) unfinished.push_back(check);
  }
  return unfinished;
}

std::string Gate::LastFound(std::string_view check) const {
  const auto found = entries_.find(check);
  return found == entries_.end() ? std::string() : found->second.found;
}

}  // namespace tales
