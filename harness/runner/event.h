// What a worker tells the runner: one JSON object a line on descriptor 3.
//
// A worker process also runs the code of checks, which may write to any descriptor. Each line therefore carries the
// batch's token, which only the worker's own code knows; the rest of the rules is the gate's (gate.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/base/verdict.h"
#include "nlohmann/json.hpp"

namespace tales {

struct WorkerEvent {
  enum class Kind {
    kStarted,   // the first look at a check begins
    kLook,      // a later look (settling) begins
    kLooked,    // a look is over and left the check open: it will be looked at again
    kFinished,  // the verdict
    kDone,      // every check of the batch has its verdict; nothing follows
    // Of producers alone:
    kAnnounced,  // `check` will get a verdict
    kProgress,   // `found` says how far it is
  };
  Kind kind = Kind::kDone;
  std::string check;
  std::string at;  // kStarted: RFC 3339 UTC
  Verdict verdict = Verdict::kError;
  std::string error_kind;  // of kError
  std::string issue, expected, found, next;
  double duration = 0;                // seconds
  std::vector<std::string> evidence;  // relative to the run's folder
};

std::string WriteWorkerEvent(const WorkerEvent& event, std::string_view token);  // with the line's end
// InvalidArgument says what is wrong with the line: not JSON, wrong token, unknown event or verdict, wrong types.
absl::StatusOr<WorkerEvent> ParseWorkerEvent(std::string_view line, std::string_view token);

// The journal's event for it: kStarted, kFinished and kAnnounced (as `planned`) alone have one.
nlohmann::json ToJournal(const WorkerEvent& event);

}  // namespace tales
