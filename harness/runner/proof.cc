#include "harness/runner/proof.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/base/glob.h"

namespace tales {
namespace {

bool MatchesAny(const std::vector<std::string>& globs, std::string_view check) {
  return std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) { return GlobMatches(glob, check); });
}

bool IsProof(Verdict verdict) { return verdict == Verdict::kFailed || verdict == Verdict::kKnown; }

}  // namespace

Proof JudgeProof(const Fault& fault, std::string_view target, const reports::RunModel& healthy,
                 const reports::RunModel& broken) {
  const std::vector<std::string> must = ExpandTargets(fault.must, target);
  const std::vector<std::string> may = ExpandTargets(fault.may, target);
  Proof proof;
  for (const reports::Case& now : broken.cases()) {
    const reports::Case* before = healthy.Find(now.check);
    const bool turned = now.verdict != Verdict::kBlocked && (before == nullptr || before->verdict != now.verdict);
    if (!turned) continue;
    proof.turned.push_back(now.check);
    if (!MatchesAny(must, now.check) && !MatchesAny(may, now.check)) {
      proof.unexpected.push_back(absl::StrCat(now.check, " is ", ToString(now.verdict), ": ", now.found));
    }
  }
  for (const std::string& glob : must) {
    bool matched = false;
    for (const reports::Case& now : broken.cases()) {
      if (!GlobMatches(glob, now.check)) continue;
      matched = true;
      const reports::Case* before = healthy.Find(now.check);
      if (!IsProof(now.verdict) || (before != nullptr && before->verdict == now.verdict)) {
        proof.missed.push_back(absl::StrCat(now.check, " is ", ToString(now.verdict),
                                            now.found.empty() ? "" : absl::StrCat(": ", now.found)));
      } else if (now.found.empty() || (now.verdict == Verdict::kFailed && (now.next.empty() || now.expected.empty()))) {
        proof.mute.push_back(now.check);
      }
    }
    if (!matched) proof.missed.push_back(absl::StrCat(glob, " matches no check of the run"));
  }
  return proof;
}

std::string Proof::ToString() const {
  std::vector<std::string> lines;
  for (const std::string& check : missed) lines.push_back(absl::StrCat("did not notice: ", check));
  for (const std::string& check : unexpected)
    lines.push_back(absl::StrCat("turned, and nothing says that it can: ", check));
  for (const std::string& check : mute)
    lines.push_back(absl::StrCat("turned without a cause and a next step: ", check));
  return absl::StrJoin(lines, "\n");
}

}  // namespace tales
