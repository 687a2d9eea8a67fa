#include "harness/runner/baseline.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "harness/base/file.h"
#include "harness/base/glob.h"
#include "harness/base/status.h"
#include "harness/base/verdict.h"

namespace tales {

using Json = nlohmann::json;

absl::StatusOr<Baseline> Baseline::Load(const std::filesystem::path& path, std::string_view fixture) {
  absl::StatusOr<reports::ResultSet> results = reports::LoadResults(path);
  if (!results.ok()) return Annotate(results.status(), "--baseline");
  if (!results->ours) {
    return absl::InvalidArgumentError(
        absl::StrCat("--baseline ", path.string(), ": not a run of tales; `tales compare` takes anybody's JUnit"));
  }
  if (results->Judged() == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("--baseline ", path.string(), ": it judged nothing, so that there is nothing to compare with"));
  }
  const std::string_view then = reports::FactValue(results->facts, "fixture");
  if (!then.empty() && then != fixture) {
    return absl::InvalidArgumentError(absl::StrCat("--baseline ", path.string(), ": it is a run of fixture ", then,
                                                   ", this one is of ", fixture,
                                                   ": what differs between them says nothing about the cluster"));
  }
  return Baseline(*std::move(results));
}

void Baseline::Ask(std::vector<std::string> profile, std::vector<std::string> suites, std::vector<std::string> checks) {
  asked_ = true;
  profile_ = std::move(profile);
  suites_ = std::move(suites);
  checks_ = std::move(checks);
}

bool Baseline::IsAskedFor(const reports::Result& result) const {
  const auto matches = [&](const std::vector<std::string>& globs) {
    return std::any_of(globs.begin(), globs.end(),
                       [&](const std::string& glob) { return GlobMatches(glob, result.label); });
  };
  if (!asked_) return true;
  if (suites_.empty() && checks_.empty()) return matches(profile_);
  const bool by_suite = suites_.empty() || std::find(suites_.begin(), suites_.end(), result.suite) != suites_.end();
  return by_suite && (checks_.empty() || matches(checks_));
}

std::vector<Json> Baseline::MissingEvents(const reports::RunModel& model) const {
  std::vector<Json> events;
  for (const reports::Result& result : results_.results) {
    if (!result.IsAnswer() || model.Find(result.label) != nullptr || !IsAskedFor(result)) continue;
    events.push_back(
        {{"event", "finished"},
         {"check", result.label},
         {"verdict", ToString(Verdict::kMissing)},
         {"expected", absl::StrCat("a verdict, as in the baseline ", results_.run)},
         {"found", absl::StrCat("not part of this run; it was ", result.Word())},
         {"next", "tales list; was the check renamed, or did its node or namespace leave the cluster file?"}});
  }
  return events;
}

absl::StatusOr<std::string> Baseline::Report(const reports::RunModel& model, const std::filesystem::path& folder,
                                             const reports::CompareTextOptions& options) const {
  reports::ResultSet base = results_;
  std::erase_if(base.results, [&](const reports::Result& result) {
    return model.Find(result.label) == nullptr && !IsAskedFor(result);
  });
  if (base.Judged() == 0)
    return absl::StrCat("no comparison: ", base.origin, " judged nothing of what was asked here\n");
  // Fixtures were looked at before the run.
  TALES_ASSIGN_OR_RETURN(const reports::Comparison comparison,
                         reports::Compare(std::move(base), reports::ResultsOf(model, folder.string()),
                                          {.declared = {}, .across_fixtures = true}));
  TALES_RETURN_IF_ERROR(WriteFileAtomically(folder / "compare.md", reports::ToMarkdown(comparison)));
  TALES_RETURN_IF_ERROR(
      WriteFileAtomically(folder / "compare.json", absl::StrCat(reports::ToJson(comparison).dump(1), "\n")));
  return reports::ToText(comparison, options);
}

}  // namespace tales
