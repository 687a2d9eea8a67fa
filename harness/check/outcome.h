// What one look at the cluster found: the value that a check returns.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "harness/base/verdict.h"

namespace tales {

// One thing that is not as it should be. All three are sentences for a person at night: `next` is the step that they
// would take, as a command where there is one.
struct Problem {
  std::string expected, found, next;
};

// Something that was read, kept as a file of the run when the check does not pass (capped and redacted by the worker).
struct Evidence {
  std::string name;  // file name, for example "kubelet.log"
  std::string content;
};

class Outcome {
 public:
  // Holds: `found` says in a few words what was seen ("6 services running and healthy").
  static Outcome Passed(std::string found);
  static Outcome Failed(Problem problem);
  // Failed with every problem, or Passed(found_when_none) where there is none.
  static Outcome FromProblems(std::vector<Problem> problems, std::string found_when_none);
  // The cluster lacks what the check needs, as it turned out while looking.
  static Outcome Unsupported(const std::string& want, const std::string& have);
  static Outcome Known(std::string issue_id, std::string found);
  static Outcome Resolved(std::string issue_id, std::string found);
  static Outcome Inconclusive(std::string why);
  // The look itself failed. PermissionDenied becomes Unsupported (the credentials lack a role); anything else an error,
  // which settling retries. `next` is what a person would try.
  static Outcome CannotLook(const absl::Status& status, std::string next);

  // Adds to what was found, where there is a problem: what else is known that may be its reason.
  Outcome& Note(std::string_view note);
  Outcome& With(Evidence evidence) &;
  Outcome With(Evidence evidence) &&;

  Verdict verdict() const { return verdict_; }
  // Whether looking again later can change it: failed and error can, the rest is final.
  bool may_settle() const { return verdict_ == Verdict::kFailed || verdict_ == Verdict::kError; }
  const std::vector<Problem>& problems() const { return problems_; }
  const std::string& found() const { return found_; }  // Passed, Known, Resolved, Inconclusive
  const std::string& issue() const { return issue_; }
  const std::vector<Evidence>& evidence() const { return evidence_; }

 private:
  explicit Outcome(Verdict verdict) : verdict_(verdict) {}
  Verdict verdict_;
  std::vector<Problem> problems_;
  std::string found_, issue_;
  std::vector<Evidence> evidence_;
};

}  // namespace tales
