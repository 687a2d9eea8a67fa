#include "harness/base/verdict.h"

namespace tales {

std::string_view ToString(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPassed:
      return "passed";
    case Verdict::kFailed:
      return "failed";
    case Verdict::kError:
      return "error";
    case Verdict::kUnsupported:
      return "unsupported";
    case Verdict::kBlocked:
      return "blocked";
    case Verdict::kKnown:
      return "known";
    case Verdict::kResolved:
      return "resolved";
    case Verdict::kInconclusive:
      return "inconclusive";
    case Verdict::kFlaky:
      return "flaky";
    case Verdict::kMissing:
      return "missing";
  }
  return "error";
}

std::optional<Verdict> ParseVerdict(std::string_view text) {
  for (Verdict verdict : kAllVerdicts) {
    if (ToString(verdict) == text) return verdict;
  }
  return std::nullopt;
}

bool FailsRun(Verdict verdict, bool required, bool strict) {
  switch (verdict) {
    case Verdict::kFailed:
    case Verdict::kError:
    case Verdict::kMissing:
      return true;
    case Verdict::kUnsupported:
      return required;
    case Verdict::kResolved:
    case Verdict::kInconclusive:
    case Verdict::kFlaky:
      return strict;
    case Verdict::kPassed:
    case Verdict::kBlocked:
    case Verdict::kKnown:
      return false;
  }
  return true;
}

bool IsJudged(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPassed:
    case Verdict::kFailed:
    case Verdict::kKnown:
    case Verdict::kResolved:
    case Verdict::kFlaky:
      return true;
    default:
      return false;
  }
}

bool Blocks(Verdict verdict) {
  return verdict == Verdict::kFailed || verdict == Verdict::kError || verdict == Verdict::kBlocked ||
         verdict == Verdict::kMissing;
}

}  // namespace tales
