#include <algorithm>
#include <initializer_list>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "reports/run_model.h"

namespace tales::reports {

std::string Summary(const std::map<Verdict, int>& counts) {
  int judged_count = 0, all = 0;
  for (const auto& [verdict, count] : counts) {
    all += count;
    judged_count += IsJudged(verdict) ? count : 0;
  }
  if (all == 0) return "judged 0 of 0: nothing was planned";
  const auto list = [&](std::initializer_list<Verdict> verdicts) {
    std::vector<std::string> parts;
    for (Verdict verdict : verdicts) {
      if (const auto it = counts.find(verdict); it != counts.end()) {
        parts.push_back(absl::StrCat(it->second, " ",
                                     it->second == 1 || verdict != Verdict::kError ? ToString(verdict) : "errors"));
      }
    }
    return absl::StrJoin(parts, ", ");
  };
  const std::string judged =
      list({Verdict::kPassed, Verdict::kFailed, Verdict::kFlaky, Verdict::kKnown, Verdict::kResolved});
  const std::string others =
      list({Verdict::kError, Verdict::kMissing, Verdict::kUnsupported, Verdict::kBlocked, Verdict::kInconclusive});
  return absl::StrCat("judged ", judged_count, " of ", all, ": ", judged, judged.empty() || others.empty() ? "" : "; ",
                      others);
}

std::string Summary(const RunModel& model) { return Summary(model.Counts()); }

std::string Answer(const RunModel& model) {
  if (!model.exit().has_value()) return "the run has not ended";
  const auto failing =
      std::count_if(model.cases().begin(), model.cases().end(), [&](const Case& one) { return model.Fails(one); });
  if (*model.exit() == 130) return "interrupted";
  if (failing > 0) return absl::StrCat(failing, failing == 1 ? " check fails the run" : " checks fail the run");
  if (model.Judged() == 0) return "nothing was judged";
  return *model.exit() == 0 ? "all as expected" : "the run ended with trouble";
}

}  // namespace tales::reports
