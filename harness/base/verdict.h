// The closed set of verdicts that a check can end with, and what each does to a run.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace tales {

enum class Verdict {
  kPassed,
  kFailed,        // the question was answered, and the answer is no
  kError,         // the question was not answered: crash, timeout, fixture, cannot look, never run
  kUnsupported,   // a requirement is unmet
  kBlocked,       // a check that it depends on is red; that one fails the run
  kKnown,         // a known issue is present
  kResolved,      // a known issue is gone: its ledger entry can go
  kInconclusive,  // the evidence is gone, for example a rotated log
  kFlaky,         // failed, and passed on its one retry
  kMissing,       // in the baseline or the required list, absent now
};
inline constexpr std::array kAllVerdicts = {
    Verdict::kPassed, Verdict::kFailed,   Verdict::kError,        Verdict::kUnsupported, Verdict::kBlocked,
    Verdict::kKnown,  Verdict::kResolved, Verdict::kInconclusive, Verdict::kFlaky,       Verdict::kMissing};

std::string_view ToString(Verdict verdict);  // "passed", "failed", ...
std::optional<Verdict> ParseVerdict(std::string_view text);

// Whether it makes the run exit 1. `required`: the profile requires the check or a flag asked for it; `strict`:
// --strict.
bool FailsRun(Verdict verdict, bool required, bool strict);
// Whether the question was answered ("judged 61 of 84").
bool IsJudged(Verdict verdict);
// Whether checks that depend on it are blocked.
bool Blocks(Verdict verdict);

}  // namespace tales
