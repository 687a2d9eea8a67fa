#include "suites/imports/connectivity.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace tales::imports {
namespace {

using reports::JUnitCase;
using reports::JUnitResult;

constexpr char kTest[] = "cilium.connectivity/";
constexpr char kLogCheck[] = "check-log-errors";
constexpr size_t kNamed = 3;           // failed actions that a message names
constexpr size_t kMostTests = 10'000;  // it has some hundred
constexpr size_t kEvidence = 1 << 20;

std::vector<std::string> Lines(std::string_view text) { return absl::StrSplit(text, '\n'); }

std::string LastLine(std::string_view log) {
  while (!log.empty()) {
    const size_t start = log.rfind('\n');
    const std::string line(absl::StripAsciiWhitespace(start == std::string_view::npos ? log : log.substr(start + 1)));
    if (!line.empty()) return line;
    log = start == std::string_view::npos ? "" : log.substr(0, start);
  }
  return "";
}

// What it printed between "[=] [cilium-test-1] Test [NAME]" and the next test; "" where there is nothing of it.
std::string_view SectionOf(std::string_view log, std::string_view test) {
  const size_t start = log.find(absl::StrCat("] Test [", test, "]"));
  if (start == std::string_view::npos) return "";
  const std::string_view rest = log.substr(start);
  return rest.substr(0, std::min(rest.find("\n[=] ["), kEvidence));
}

// "Skipping test [dns-only] [93/112] (Feature l7-proxy is disabled)": how many for each reason, most first.
std::string WhySkipped(std::string_view log) {
  std::map<std::string, int> reasons;
  for (std::string_view line : absl::StrSplit(log, '\n')) {
    const size_t at = line.find("Skipping test [");
    const size_t reason = line.rfind('(');
    if (at == std::string_view::npos || reason == std::string_view::npos || reason < at) continue;
    ++reasons[std::string(line.substr(reason + 1, line.rfind(')') - reason - 1))];
  }
  std::vector<std::pair<int, std::string>> ranked;
  for (const auto& [reason, count] : reasons) ranked.emplace_back(-count, reason);
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> texts;
  for (const auto& [count, reason] : ranked) texts.push_back(absl::StrCat(-count, " ", reason));
  return absl::StrJoin(texts, ", ");
}

Outcome JudgeFailure(const JUnitCase& one, std::string_view log) {
  std::vector<std::string> actions;
  for (std::string& line : Lines(one.text)) {
    if (!absl::StripAsciiWhitespace(line).empty()) actions.push_back(std::move(line));
  }
  std::string found =
      absl::StrJoin(actions.begin(), actions.begin() + static_cast<ptrdiff_t>(std::min(actions.size(), kNamed)), "; ");
  if (actions.size() > kNamed) absl::StrAppend(&found, "; and ", actions.size() - kNamed, " more");
  if (found.empty()) found = one.Why().empty() ? "it does not say what failed" : one.Why();
  std::string next = absl::StrCat("cilium connectivity test --test '^", one.name, "/'");
  if (one.name == kLogCheck) {
    const std::vector<std::string> lines = InvestigatedLines(log);
    if (!lines.empty()) found = absl::StrJoin(lines, "\n");
    next = "a line that is known goes into knownIssues of the cluster file; the others: kubectl logs of that agent";
  }
  const std::string_view section = SectionOf(log, one.name);
  return Outcome::Failed({.expected = "every action of the test does what it should", .found = found, .next = next})
      .With({"test.log", std::string(section.empty() ? one.text : section)});
}

class Gathering {
 public:
  explicit Gathering(bool one_node) : one_node_(one_node) {}

  void Add(const ForeignResult& result) {
    const std::string last = LastLine(result.log);
    single_node_ = single_node_ || absl::StrContains(result.log, "Single-node environment detected");
    if (!result.junit.ok()) {
      AddProblem(
          {.expected = "the JUnit of a whole run",
           .found = absl::StrCat(result.junit.status().message(),
                                 last.empty() ? "" : absl::StrCat("; it printed last: ", last)),
           .next =
               "it writes none where its set-up fails: kubectl -n cilium-test-1 get pods -o wide; then run it again"},
          result.log);
      return;
    }
    size_t ran = 0, all = 0;
    if (result.junit->cases().size() > kMostTests) {
      AddProblem({.expected = absl::StrCat("at most ", kMostTests, " tests"),
                  .found = absl::StrCat(result.origin, ": ", result.junit->cases().size()),
                  .next = "name the file that the test itself wrote"},
                 "");
      return;
    }
    for (const JUnitCase& one : result.junit->cases()) {
      ++all;
      if (one.result == JUnitResult::kSkipped) continue;
      ++ran;
      AddCase(one, result.log);
    }
    skipped_ += all - ran;
    if (const std::string why = WhySkipped(result.log); !why.empty()) why_skipped_ = why;
    if (ran > 0) return;
    AddProblem(
        {.expected = "tests that run",
         .found = absl::StrCat(result.origin, ": all ", all, " tests were skipped, though the exit code says success",
                               why_skipped_.empty() ? "" : absl::StrCat(" (", why_skipped_, ")")),
         .next = "--test is matched against TEST/SCENARIO: write '^no-policies/', not '^no-policies$'"},
        result.log);
  }

  void AddStranger(const absl::Status& status) {
    AddProblem({.expected = "results of `cilium connectivity test`",
                .found = std::string(status.message()),
                .next = "cilium connectivity test --junit-file FILE; then name FILE with --import"},
               "");
  }

  ConnectivityJudgement Judge() && {
    size_t passed = 0;
    for (const ConnectivityVerdict& one : tests_) passed += one.outcome.verdict() == Verdict::kPassed ? 1 : 0;
    std::string found = absl::StrCat(passed, " of ", tests_.size(), " tests passed, ", skipped_, " were left out",
                                     why_skipped_.empty() ? "" : absl::StrCat(" (", why_skipped_, ")"));
    if (single_node_ || one_node_) {
      absl::StrAppend(&found, "; with one node for ordinary pods, so nothing between nodes was tested (KI-ONE-WORKER)");
    }
    Outcome run = Outcome::FromProblems(problems_, found);
    if (!problems_.empty() && !evidence_.empty()) run.With({"connectivity.log", evidence_});
    return {std::move(run), std::move(tests_)};
  }

 private:
  void AddProblem(Problem problem, const std::string& log) {
    problems_.push_back(std::move(problem));
    if (evidence_.empty()) evidence_ = log;
  }

  void AddCase(const JUnitCase& one, const std::string& log) {
    const bool is_bad = one.result == JUnitResult::kFailed || one.result == JUnitResult::kError;
    ConnectivityVerdict verdict{std::string(one.name), is_bad ? JudgeFailure(one, log) : Outcome::Passed("passed"),
                                absl::Seconds(one.seconds)};
    const auto [place, is_new] = places_.emplace(verdict.test, tests_.size());
    if (is_new) {
      tests_.push_back(std::move(verdict));
    } else if (is_bad) {
      tests_[place->second] = std::move(verdict);  // of two results the worse counts
    }
  }

  const bool one_node_;
  bool single_node_ = false;
  size_t skipped_ = 0;
  std::string why_skipped_, evidence_;
  std::vector<Problem> problems_;
  std::vector<ConnectivityVerdict> tests_;
  std::map<std::string, size_t> places_;  // in tests_
};

Outcome Produce(ProducerContext& context) {
  const ForeignResults found = ReadForeignResults(context.inputs().imports, Tool::kConnectivity, context.folder());
  if (found.results.empty() && found.strangers.empty()) {
    return Outcome::Unsupported("the results of `cilium connectivity test`",
                                "none: run it with --junit-file FILE, and name FILE with --import");
  }
  ConnectivityJudgement judgement = JudgeConnectivity(found, context.cluster().definition().SchedulableNodes() == 1);
  std::vector<std::string> checks;
  for (const ConnectivityVerdict& one : judgement.tests) checks.push_back(kTest + one.test);
  context.Announce(checks);
  for (const ConnectivityVerdict& one : judgement.tests) context.Report(kTest + one.test, one.outcome, one.duration);
  return std::move(judgement.run);
}

}  // namespace

std::vector<std::string> InvestigatedLines(std::string_view log) {
  std::vector<std::string> found;
  bool inside = false;
  for (std::string_view line : absl::StrSplit(log, '\n')) {
    if (absl::StrContains(line, "matching list of errors that must be investigated:")) {
      inside = true;
      continue;
    }
    // The list ends where its counts end: "... (2 occurrences)".
    inside = inside && absl::EndsWith(line, " occurrences)");
    if (inside) found.emplace_back(line);
  }
  return found;
}

ConnectivityJudgement JudgeConnectivity(const ForeignResults& found, bool one_node) {
  Gathering gathering(one_node);
  for (const ForeignResult& result : found.results) gathering.Add(result);
  for (const absl::Status& stranger : found.strangers) gathering.AddStranger(stranger);
  return std::move(gathering).Judge();
}

Producer ConnectivityProducer() {
  return {.id = "cilium.connectivity_run",
          .question = "Did `cilium connectivity test` come to its end, and test anything?",
          .tier = Tier::kRead,
          .faults = {"import:connectivity-all-skipped", "import:connectivity-no-junit"},
          .children = {{.id = "cilium.connectivity",
                        .question = "Does the test of `cilium connectivity test` pass?",
                        .many = true,
                        .faults = {"import:connectivity-failed"}}},
          .deadline = absl::Minutes(10),
          .optional = true,
          .produce = Produce};
}

}  // namespace tales::imports
