#include "harness/check/outcome.h"

#include "absl/strings/str_cat.h"

namespace tales {

Outcome Outcome::Passed(std::string found) {
  Outcome outcome(Verdict::kPassed);
  outcome.found_ = std::move(found);
  return outcome;
}

Outcome Outcome::Failed(Problem problem) {
  Outcome outcome(Verdict::kFailed);
  outcome.problems_.push_back(std::move(problem));
  return outcome;
}

Outcome Outcome::FromProblems(std::vector<Problem> problems, std::string found_when_none) {
  if (problems.empty()) return Passed(std::move(found_when_none));
  Outcome outcome(Verdict::kFailed);
  outcome.problems_ = std::move(problems);
  return outcome;
}

Outcome Outcome::Unsupported(const std::string& want, const std::string& have) {
  Outcome outcome(Verdict::kUnsupported);
  outcome.problems_.push_back(
      {.expected = absl::StrCat("needs ", want), .found = absl::StrCat("has ", have), .next = ""});
  return outcome;
}

Outcome Outcome::Known(std::string issue_id, std::string found) {
  Outcome outcome(Verdict::kKnown);
  outcome.issue_ = std::move(issue_id);
  outcome.found_ = std::move(found);
  return outcome;
}

Outcome Outcome::Resolved(std::string issue_id, std::string found) {
  Outcome outcome(Verdict::kResolved);
  outcome.issue_ = std::move(issue_id);
  outcome.found_ = std::move(found);
  return outcome;
}

Outcome Outcome::Inconclusive(std::string why) {
  Outcome outcome(Verdict::kInconclusive);
  outcome.found_ = std::move(why);
  return outcome;
}

Outcome Outcome::CannotLook(const absl::Status& status, std::string next) {
  if (status.code() == absl::StatusCode::kPermissionDenied) {
    return Unsupported("credentials that may look", std::string(status.message()));
  }
  Outcome outcome(Verdict::kError);
  outcome.problems_.push_back(
      {.expected = "an answer", .found = std::string(status.message()), .next = std::move(next)});
  return outcome;
}

Outcome& Outcome::Note(std::string_view note) {
  const bool tells = verdict_ == Verdict::kFailed || verdict_ == Verdict::kError;
  if (tells && !problems_.empty() && !note.empty()) absl::StrAppend(&problems_.back().found, "; ", note);
  return *this;
}

Outcome& Outcome::With(Evidence evidence) & {
  evidence_.push_back(std::move(evidence));
  return *this;
}

Outcome Outcome::With(Evidence evidence) && {
  evidence_.push_back(std::move(evidence));
  return std::move(*this);
}

}  // namespace tales
