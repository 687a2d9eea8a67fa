#include "reports/merge.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "harness/base/status.h"
#include "reports/evidence_path.h"
#include "reports/facts.h"

namespace tales::reports {
namespace {

using nlohmann::json;

std::string IdOf(const RunModel& run) { return FieldText(run.run(), "run"); }

// How much a verdict knows: rules 1 and 2.
int Knowledge(const Case& one) {
  if (!one.finished || one.verdict == Verdict::kMissing) return 0;
  switch (one.verdict) {
    case Verdict::kUnsupported:
    case Verdict::kBlocked:
    case Verdict::kInconclusive:
      return 1;
    default:
      return 2;
  }
}

int Severity(Verdict verdict) {
  switch (verdict) {
    case Verdict::kError:
      return 5;
    case Verdict::kFailed:
      return 4;
    case Verdict::kFlaky:
      return 3;
    case Verdict::kKnown:
      return 2;
    case Verdict::kResolved:
      return 1;
    default:
      return 0;
  }
}

absl::Status RefuseIfDifferent(const RunModel& a, const RunModel& b, std::string_view what, std::string_view was,
                               std::string_view is) {
  if (was.empty() || is.empty() || was == is) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("run ", IdOf(a), " has ", what, " ", was, ", run ", IdOf(b), " has ",
                                                 is, ": they are not to be merged; `tales compare` shows both"));
}

absl::Status CheckMergeable(const RunModel& a, const RunModel& b, const MergeOptions& options) {
  const std::vector<Fact> was = FactsOf(a.run()), is = FactsOf(b.run());
  for (const std::string_view name :
       {"fixture", "simulated", "cluster", "talos.version", "kubernetes.version", "cilium.version"}) {
    if (name == "fixture" && options.across_fixtures) continue;
    TALES_RETURN_IF_ERROR(RefuseIfDifferent(a, b, FactTitle(name), FactValue(was, name), FactValue(is, name)));
  }
  if (!FindsItsCluster(FactValue(was, "fixture"))) return absl::OkStatus();
  return RefuseIfDifferent(a, b, "authority", FactValue(was, "authority"), FactValue(is, "authority"));
}

class Merger {
 public:
  Merger(const std::vector<RunModel>& runs, const MergeOptions& options)
      : runs_(runs), options_(options), order_(runs.size()) {
    std::iota(order_.begin(), order_.end(), size_t{0});
    std::stable_sort(order_.begin(), order_.end(), [&](size_t a, size_t b) { return IdOf(runs_[a]) < IdOf(runs_[b]); });
  }

  absl::StatusOr<MergedRun> Merge() {
    for (size_t i = 1; i < order_.size(); ++i) {
      TALES_RETURN_IF_ERROR(CheckMergeable(runs_[order_[0]], runs_[order_[i]], options_));
      if (IdOf(runs_[order_[i]]) == IdOf(runs_[order_[i - 1]])) {
        return absl::InvalidArgumentError(absl::StrCat("run ", IdOf(runs_[order_[i]]), " is there twice"));
      }
    }
    AddRun();
    for (size_t run : order_) {
      for (const Case& one : runs_[run].cases()) {
        if (is_told_.insert(one.check).second) AddCheck(one.check);
      }
    }
    AddEnd();
    return std::move(merged_);
  }

 private:
  // A verdict, and the run that it is of.
  struct Candidate {
    size_t run;
    const Case* one;
  };

  const RunModel& newest() const { return runs_[order_.back()]; }

  void AddRun() {
    json event = newest().run();
    json ids = json::array();
    bool strict = false;
    for (size_t run : order_) {
      ids.push_back(IdOf(runs_[run]));
      strict = strict || runs_[run].strict();
    }
    event["run"] = absl::StrCat(IdOf(newest()), "-merged");
    event["at"] = StartOf(runs_[order_.front()].run());
    event["strict"] = strict;
    event["merged"] = std::move(ids);
    // A merged run cannot be gone on with.
    event.erase("request");
    event.erase("plan_sha256");
    merged_.events.push_back(std::move(event));
  }

  // Whether `a`'s run came before `b`'s, and saw the same cluster.
  bool IsEarlier(const Candidate& a, const Candidate& b) const {
    const json &was = runs_[a.run].run(), &is = runs_[b.run].run();
    const std::string start = StartOf(was), later = StartOf(is);
    const std::string authority = FieldText(was, "authority");
    return !start.empty() && start < later && !authority.empty() && authority == FieldText(is, "authority");
  }

  // Whether `b` counts, and not `a`.
  bool Counts(const Candidate& a, const Candidate& b) const {
    const int was = Knowledge(*a.one), is = Knowledge(*b.one);
    if (was != is) return is > was;
    if (is == 2 && !IsEarlier(a, b)) return Severity(b.one->verdict) > Severity(a.one->verdict);
    return true;
  }

  void AddCheck(const std::string& check) {
    std::vector<Candidate> candidates;
    for (size_t run : order_) {
      if (const Case* one = runs_[run].Find(check); one != nullptr) candidates.push_back({run, one});
    }
    Candidate best = candidates.front();
    bool required = false;
    for (const Candidate& each : candidates) {
      if (each.one != best.one && Counts(best, each)) best = each;
      required = required || each.one->required;
    }
    merged_.events.push_back(
        {{"event", "planned"}, {"check", check}, {"question", best.one->question}, {"required", required}});
    for (const Candidate& each : candidates) AddAttempts(each, best);
    if (best.one->started) merged_.events.push_back({{"event", "started"}, {"check", check}});
    if (best.one->finished) AddVerdict(best);
  }

  void AddAttempts(const Candidate& each, const Candidate& best) {
    const bool is_best = each.one == best.one;
    const bool disagrees = !is_best && Knowledge(*each.one) == 2 && each.one->verdict != best.one->verdict;
    if (!is_best && !disagrees) return;
    for (const Attempt& attempt : each.one->attempts) {
      AddAttempt(best.one->check, attempt.verdict, attempt.kind, attempt.found, attempt.duration);
    }
    if (!disagrees) return;
    AddAttempt(best.one->check, each.one->verdict, each.one->error_kind,
               absl::StrCat("run ", IdOf(runs_[each.run]), ": ", each.one->found), each.one->duration);
  }

  void AddAttempt(const std::string& check, Verdict verdict, const std::string& kind, const std::string& found,
                  double duration) {
    merged_.events.push_back({{"event", "retry"},
                              {"check", check},
                              {"verdict", ToString(verdict)},
                              {"kind", kind},
                              {"found", found},
                              {"duration", duration}});
  }

  void AddVerdict(const Candidate& best) {
    const Case& one = *best.one;
    json evidence = json::array();
    for (const std::string& path : one.evidence) {
      if (!IsInsideTheRun(path)) continue;
      std::string to = absl::StrCat("artifacts/", SafeId(best.run), "/", absl::StripPrefix(path, "artifacts/"));
      evidence.push_back(to);
      merged_.evidence.push_back({best.run, path, std::move(to)});
    }
    merged_.events.push_back({{"event", "finished"},
                              {"check", one.check},
                              {"verdict", ToString(one.verdict)},
                              {"kind", one.error_kind},
                              {"issue", one.issue},
                              {"expected", one.expected},
                              {"found", one.found},
                              {"next", one.next},
                              {"duration", one.duration},
                              {"evidence", std::move(evidence)}});
  }

  // An id is input: it becomes one name in a path, and no two runs get the same.
  std::string SafeId(size_t run) const {
    std::string safe;
    for (char c : IdOf(runs_[run])) safe += absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' ? c : '_';
    const size_t position = static_cast<size_t>(std::find(order_.begin(), order_.end(), run) - order_.begin());
    return absl::StrCat(position + 1, "-", safe.substr(0, 60));
  }

  void AddEnd() {
    RunModel model;
    for (const json& event : merged_.events) model.Apply(event).IgnoreError();  // made of a model just above
    json verdicts = json::object();
    for (const auto& [verdict, count] : model.Counts()) verdicts[std::string(ToString(verdict))] = count;
    merged_.events.push_back({{"event", "end"}, {"exit", model.ExitCode()}, {"verdicts", std::move(verdicts)}});
  }

  const std::vector<RunModel>& runs_;
  const MergeOptions options_;
  std::vector<size_t> order_;  // of runs_, by id
  std::set<std::string> is_told_;
  MergedRun merged_;
};

}  // namespace

absl::StatusOr<MergedRun> MergeRuns(const std::vector<RunModel>& runs, const MergeOptions& options) {
  return Merger(runs, options).Merge();
}

}  // namespace tales::reports
