#include "reports/result_set.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <fstream>
#include <system_error>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "harness/base/file.h"
#include "harness/base/status.h"
#include "reports/clean_text.h"

namespace tales::reports {
namespace {

constexpr size_t kLongestFound = 4 << 10;
constexpr std::string_view kOurs = "tales.";

// What other people's runners say of how they ran, as far as it decides which cases there are.
constexpr std::array<std::string_view, 7> kForeignFacts = {"FocusStrings",  "SkipStrings",   "LabelFilter",   "DryRun",
                                                           "FlakeAttempts", "ParallelTotal", "SuiteSucceeded"};

int Severity(const Result& result) {
  switch (result.verdict) {
    case Verdict::kError:
    case Verdict::kMissing:
      return 4;
    case Verdict::kFailed:
      return 3;
    case Verdict::kFlaky:
      return 2;
    case Verdict::kUnsupported:
    case Verdict::kBlocked:
    case Verdict::kInconclusive:
      return 0;
    default:
      return 1;
  }
}

// The results of foreign or own JUnit: the report, and what had to be put together from it.
class FromJUnit {
 public:
  FromJUnit(JUnitReport report, std::string origin) : owned_(std::make_shared<Owned>()) {
    owned_->report = std::move(report);
    set_.origin = std::move(origin);
  }

  ResultSet Make() {
    AddResults();
    AddFacts();
    set_.owner = owned_;
    return std::move(set_);
  }

 private:
  struct Owned {
    JUnitReport report;
    std::deque<std::string> made;
  };

  std::string_view Own(std::string text) { return owned_->made.emplace_back(std::move(text)); }

  void AddResults() {
    const JUnitReport& report = owned_->report;
    set_.results.reserve(report.cases().size());
    absl::flat_hash_map<std::pair<std::string_view, std::string_view>, size_t> index;
    index.reserve(report.cases().size());
    for (const JUnitCase& one : report.cases()) {
      const Result result = ResultOf(one, report.suite(one));
      const auto [it, is_new] = index.emplace(result.key(), set_.results.size());
      if (is_new) {
        set_.results.push_back(result);
      } else if (Severity(result) > Severity(set_.results[it->second])) {
        set_.results[it->second] = result;
      }
    }
    const auto is_of_first = [&](const Result& result) { return result.suite == set_.results.front().suite; };
    if (set_.ours || std::all_of(set_.results.begin(), set_.results.end(), is_of_first)) return;
    for (Result& result : set_.results) result.label = Own(absl::StrCat(result.suite, ": ", result.label));
  }

  void AddFacts() {
    for (const JUnitSuite& suite : owned_->report.suites()) {
      // Go's zero time and the epoch are what a runner writes that never started.
      const bool is_time = !absl::StartsWith(suite.timestamp, "0001-") && !absl::StartsWith(suite.timestamp, "1970-");
      if (set_.started.empty() && is_time) set_.started = std::string(suite.timestamp);
      for (const auto& [name, value] : suite.properties) {
        const bool foreign = std::find(kForeignFacts.begin(), kForeignFacts.end(), name) != kForeignFacts.end();
        if (value.empty() || !(set_.ours || foreign) || !FactValue(set_.facts, name).empty()) continue;
        set_.facts.push_back({std::string(name), OneLine(value)});
      }
    }
    set_.run = std::string(FactValue(set_.facts, "run"));
  }

  Result ResultOf(const JUnitCase& one, const JUnitSuite& suite) {
    Result result;
    switch (one.result) {
      case JUnitResult::kPassed:
        result.verdict = Verdict::kPassed;
        break;
      case JUnitResult::kFailed:
        result.verdict = Verdict::kFailed;
        break;
      case JUnitResult::kError:
        result.verdict = Verdict::kError;
        result.kind = one.type;
        break;
      case JUnitResult::kSkipped:
        result.verdict = Verdict::kUnsupported;
        result.kind = "skipped";
        break;
      case JUnitResult::kFlaky:
        result.verdict = Verdict::kFlaky;
        break;
    }
    if (absl::StartsWith(one.classname, kOurs)) {
      ReadOurs(one, result);
    } else {
      result.suite = one.classname.empty() ? std::string_view(suite.path) : one.classname;
      result.name = one.spec();
      result.label = result.name.empty() ? Own(absl::StrCat(result.suite, " (the suite itself)")) : result.name;
      result.found = FoundIn(one);
    }
    return result;
  }

  // Message and body, as far as the second says more than the first: Kubernetes leaves the message empty, cilium-cli's
  // is "TEST failed", GoogleTest and Surefire repeat it in the body.
  std::string_view FoundIn(const JUnitCase& one) {
    std::string_view found = one.message.empty() ? one.text : one.message;
    if (!one.message.empty() && !one.text.empty() && !absl::StrContains(one.text, one.message)) {
      found = Own(absl::StrCat(one.message, "\n", one.text));
    }
    return found.size() > kLongestFound ? Own(HeadAndTail(found, kLongestFound)) : found;
  }

  // Ours says in the type what the verdict was.
  void ReadOurs(const JUnitCase& one, Result& result) {
    set_.ours = true;
    result.suite = one.classname.substr(kOurs.size());
    result.name = one.name;
    result.label = result.name == result.suite ? result.suite : Own(absl::StrCat(result.suite, ".", result.name));
    result.found = one.message;
    result.kind = "";
    const std::string_view type = absl::StripPrefix(one.type, kOurs);
    if (one.result == JUnitResult::kError) {
      result.verdict = ParseVerdict(type).value_or(Verdict::kError);
      if (result.verdict == Verdict::kError) result.kind = type;
    } else if (one.result != JUnitResult::kPassed && one.result != JUnitResult::kFlaky) {
      result.verdict = ParseVerdict(type).value_or(result.verdict);
    }
    const size_t colon = result.found.find(": ");
    if (result.verdict != Verdict::kKnown || colon == std::string_view::npos) return;
    result.issue = result.found.substr(0, colon);
    result.found.remove_prefix(colon + 2);
  }

  std::shared_ptr<Owned> owned_;
  ResultSet set_;
};

enum class Kind { kJournal, kReport, kJUnit };

absl::StatusOr<Kind> KindOf(const std::filesystem::path& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::ErrnoToStatus(errno, absl::StrCat("reading ", path.string()));
  std::string start(4096, '\0');
  file.read(start.data(), static_cast<std::streamsize>(start.size()));
  start.resize(static_cast<size_t>(std::max<std::streamsize>(0, file.gcount())));
  const size_t first = start.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (first == std::string::npos) return absl::DataLossError(absl::StrCat(path.string(), ": empty"));
  if (start[first] != '{') return Kind::kJUnit;  // whose reader says best what is wrong with the rest
  const std::string line = start.substr(0, start.find('\n'));
  return absl::StrContains(line, "\"event\"") ? Kind::kJournal : Kind::kReport;
}

absl::StatusOr<std::filesystem::path> FileIn(const std::filesystem::path& folder) {
  std::error_code ignored;
  for (const char* name : {"events.jsonl", "report.json", "junit.xml"}) {
    if (std::filesystem::exists(folder / name, ignored)) return folder / name;
  }
  return absl::NotFoundError(
      absl::StrCat(folder.string(), ": no run is in it (no events.jsonl, report.json or junit.xml)"));
}

}  // namespace

std::string Result::Word() const {
  if (kind == "skipped") return std::string(kind);
  const std::string_view why = verdict == Verdict::kError ? kind : issue;
  return absl::StrCat(ToString(verdict), why.empty() ? "" : " (", why, why.empty() ? "" : ")");
}

bool Result::IsAnswer() const {
  return IsJudged(verdict) || (verdict == Verdict::kError && kind != "not_run" && kind != "fixture");
}

int ResultSet::Judged() const {
  return static_cast<int>(
      std::count_if(results.begin(), results.end(), [](const Result& one) { return IsJudged(one.verdict); }));
}

ResultSet ResultsOf(RunModel model, std::string origin) {
  const auto owned = std::make_shared<const RunModel>(std::move(model));
  ResultSet set;
  set.owner = owned;
  set.origin = std::move(origin);
  set.run = FieldText(owned->run(), "run");
  set.started = StartOf(owned->run());
  set.ours = true;
  set.ended = owned->exit().has_value();
  set.facts = FactsOf(owned->run());
  for (const Case& one : owned->cases()) {
    const size_t dot = one.check.find('.');
    Result& result = set.results.emplace_back();
    result.label = one.check;
    result.suite = result.label.substr(0, dot);
    result.name = dot == std::string::npos ? result.label : result.label.substr(dot + 1);
    result.verdict = one.verdict;
    if (one.verdict == Verdict::kError) result.kind = one.error_kind;
    result.issue = one.issue;
    result.found = one.found;
    result.next = one.next;
  }
  return set;
}

ResultSet ResultsOf(JUnitReport report, std::string origin) {
  return FromJUnit(std::move(report), std::move(origin)).Make();
}

absl::StatusOr<ResultSet> LoadResults(const std::filesystem::path& path) {
  std::error_code ignored;
  std::filesystem::path file = path;
  if (std::filesystem::is_directory(path, ignored)) {
    TALES_ASSIGN_OR_RETURN(file, FileIn(path));
  }
  TALES_ASSIGN_OR_RETURN(const Kind kind, KindOf(file));
  switch (kind) {
    case Kind::kJournal: {
      TALES_ASSIGN_OR_RETURN(RunModel model, ReadJournal(file));
      return ResultsOf(std::move(model), OneLine(path.string()));
    }
    case Kind::kReport: {
      TALES_ASSIGN_OR_RETURN(RunModel model, ReadReportJson(file));
      return ResultsOf(std::move(model), OneLine(path.string()));
    }
    case Kind::kJUnit:
      break;
  }
  TALES_ASSIGN_OR_RETURN(JUnitReport report, ReadJUnit(file));
  return ResultsOf(std::move(report), OneLine(path.string()));
}

}  // namespace tales::reports
