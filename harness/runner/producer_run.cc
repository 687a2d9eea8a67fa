#include "harness/runner/producer_run.h"

#include <signal.h>

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "harness/base/how_it_ended.h"
#include "harness/base/status.h"

namespace tales {
namespace {

// From the request to end to the order: pods that are asked to go, a program that takes its policies away.
constexpr std::chrono::seconds kGrace{20};

}  // namespace

ProducerRun::ProducerRun(const PlannedCheck& producer, std::set<std::string> children,
                         std::unique_ptr<ProducerProcess> process, std::chrono::steady_clock::time_point limit,
                         Handlers handlers)
    : producer_(producer),
      children_(std::move(children)),
      process_(std::move(process)),
      limit_(limit),
      handlers_(std::move(handlers)) {}

bool ProducerRun::Poll(std::chrono::steady_clock::time_point now) {
  const bool running = process_->running();  // asked first: what is read then is all that there will be
  for (const std::string& line : process_->ReadLines()) {
    if (failure_.has_value()) break;
    if (const absl::Status status = Accept(line); !status.ok()) {
      failure_ = {"protocol", absl::StrCat("the producer said what it must not say: ", status.message())};
      process_->Kill(SIGKILL);
    }
  }
  if (running) {
    if (now < limit_) return false;
    if (failure_.has_value()) {
      process_->Kill(SIGKILL);
    } else {
      End({"timeout",
           absl::StrCat("it was not over after ", absl::FormatDuration(producer_.deadline), "; its process was ended")},
          now);
    }
    return false;
  }
  const std::optional<Finished> finished = process_->Reap();
  if (!failure_.has_value() && !done_) {
    failure_ = {
        .kind = "crash",
        .found = absl::StrCat("the producer's process ", finished.has_value() ? HowItEnded(*finished) : "is gone",
                              " before it had said all"),
        .from_outside = !finished.has_value() || WasEndedFromOutside(*finished)};
  }
  if (!failure_.has_value()) handlers_.on_finished(*verdict_);
  return true;
}

void ProducerRun::End(Failure why, std::chrono::steady_clock::time_point now) {
  if (!failure_.has_value()) failure_ = std::move(why);
  process_->Kill(SIGTERM);
  limit_ = now + kGrace;
}

absl::Status ProducerRun::Accept(std::string_view line) {
  TALES_ASSIGN_OR_RETURN(const WorkerEvent event, ParseWorkerEvent(line, producer_.check));
  const auto refuse = [&](std::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat(why, ": ", line.substr(0, 200)));
  };
  if (done_) return refuse("an event after the last");
  const bool own = event.check == producer_.check;
  switch (event.kind) {
    case WorkerEvent::Kind::kStarted:
      return own ? absl::OkStatus() : refuse("only it itself is started");
    case WorkerEvent::Kind::kAnnounced:
      if (!IsFamilyMember(event.check)) return refuse("about a check that is not its own");
      if (announced_.insert(event.check).second) handlers_.on_planned(event.check);
      return absl::OkStatus();
    case WorkerEvent::Kind::kProgress:
      handlers_.on_progress(event.found);
      return absl::OkStatus();
    case WorkerEvent::Kind::kFinished:
      if (!finished_.insert(event.check).second) return refuse("a second verdict");
      if (own) {
        verdict_ = event;
        return absl::OkStatus();
      }
      if (verdict_.has_value()) return refuse("a verdict after its own");
      if (!children_.contains(event.check) && !announced_.contains(event.check)) {
        return refuse("about a check that is not its own");
      }
      handlers_.on_finished(event);
      return absl::OkStatus();
    case WorkerEvent::Kind::kDone:
      if (!verdict_.has_value()) return refuse("done, without its own verdict");
      done_ = true;
      return absl::OkStatus();
    case WorkerEvent::Kind::kLook:
    case WorkerEvent::Kind::kLooked:
      break;
  }
  return refuse("what only a worker may say");
}

bool ProducerRun::IsFamilyMember(std::string_view check) const {
  for (const auto& [family, question] : producer_.families) {
    if (absl::StartsWith(check, family) && check.size() > family.size() + 1 && check[family.size()] == '/') return true;
  }
  return false;
}

}  // namespace tales
