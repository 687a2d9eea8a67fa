#include "suites/imports/connectivity.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "harness/base/join_few.h"
#include "suites/imports/connectivity_log.h"

namespace tales::imports {
namespace {

using reports::JUnitCase;
using reports::JUnitResult;

constexpr size_t kNamed = 3;           // failed actions that a message names
constexpr size_t kLinesShown = 10;     // lines of a log that it does
constexpr size_t kMostTests = 10'000;  // it has some hundred

std::string LastLine(std::string_view log) {
  while (!log.empty()) {
    const size_t start = log.rfind('\n');
    std::string line(absl::StripAsciiWhitespace(start == std::string_view::npos ? log : log.substr(start + 1)));
    if (!line.empty()) return line;
    log = start == std::string_view::npos ? "" : log.substr(0, start);
  }
  return "";
}

// "TEST/SCENARIO/ACTION: PEERS: why", the first ones. The JUnit knows every action that failed, what it printed why.
std::string Failures(const std::vector<FailedAction>& failed) {
  std::vector<std::string> texts;
  texts.reserve(failed.size());
  for (const FailedAction& one : failed) {
    texts.push_back(absl::StrCat(one.action, one.action.empty() || one.reason.empty() ? "" : ": ", one.reason));
  }
  return JoinFew(texts, "; ", kNamed);
}

// What the ledger makes of the lines that the log check found. It is known where every one of them is, and where the
// check found fault with nothing else; an expired entry excuses no more.
Outcome JudgeLogCheck(const JUnitCase& one, const LogCheck& check, const Ledger* ledger) {
  std::map<std::string, size_t> known;
  std::vector<std::string> unknown = check.others;
  if (absl::StripAsciiWhitespace(one.text).empty()) {
    unknown.emplace_back("no JUnit names the logs that it found fault with, so there may be more than were printed");
  }
  for (std::string_view action : absl::StrSplit(one.text, '\n')) {
    action = absl::StripAsciiWhitespace(action);
    const bool is_told =
        !check.others.empty() ||
        std::any_of(check.containers.begin(), check.containers.end(), [action](const LogCheck::Container& container) {
          return !container.name.empty() && absl::EndsWith(action, absl::StrCat("/", container.name));
        });
    if (!action.empty() && !is_told) unknown.push_back(absl::StrCat(action, ": it does not say why"));
  }
  for (const LogCheck::Container& container : check.containers) {
    if (!container.whole) unknown.push_back(absl::StrCat("not all lines of ", container.name, " were printed"));
    for (const std::string& line : container.lines) {
      const auto ruling = ledger == nullptr ? std::nullopt : ledger->RuleLine(line);
      if (ruling.has_value() && ruling->excused) {
        ++known[ruling->issue];
      } else {
        const std::string why = ruling.has_value() ? absl::StrCat("   (", ruling->why, ")") : "";
        unknown.push_back(absl::StrCat(container.name, ": ", line, why));
      }
    }
  }
  const std::string known_text = absl::StrJoin(known, ", ", [](std::string* out, const auto& issue) {
    absl::StrAppend(out, issue.first, " (", issue.second, issue.second == 1 ? " line)" : " lines)");
  });
  if (unknown.empty()) {
    return Outcome::Known(known.begin()->first, absl::StrCat("it fails for known lines alone: ", known_text));
  }
  std::string found = JoinFew(unknown, "\n", kLinesShown);
  if (!known.empty()) absl::StrAppend(&found, "\nknown, and not counted: ", known_text);
  return Outcome::Failed(
      {.expected = "no warning or error in the logs of Cilium's containers that the ledger does not know",
       .found = std::move(found),
       .next = "a line that is known goes into knownIssues of the cluster file; the others: kubectl logs of that pod"});
}

// Of what judging a test can give.
int Badness(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPassed:
      return 0;
    case Verdict::kInconclusive:
      return 1;
    case Verdict::kKnown:
      return 2;
    default:
      return 3;
  }
}

class Gathering {
 public:
  Gathering(bool one_node, const Ledger* ledger) : one_node_(one_node), ledger_(ledger) {}

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
    last_log_ = result.log;
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
      if (absl::StripAsciiWhitespace(one.name).empty()) {
        AddNameless(result.origin, one);
      } else {
        AddCase(one, result.log);
      }
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
    size_t passed = 0, known = 0, empty = 0;
    for (const ConnectivityVerdict& one : tests_) {
      empty += one.outcome.verdict() == Verdict::kInconclusive ? 1 : 0;
      passed += one.outcome.verdict() == Verdict::kPassed ? 1 : 0;
      known += one.outcome.verdict() == Verdict::kKnown ? 1 : 0;
    }
    std::string found =
        absl::StrCat(passed, " of ", tests_.size(), " tests passed, ",
                     known == 0 ? "" : absl::StrCat(known, " failed in a known way, "), skipped_, " were left out",
                     why_skipped_.empty() ? "" : absl::StrCat(" (", why_skipped_, ")"));
    if (single_node_ || one_node_) {
      absl::StrAppend(&found, "; with one node for ordinary pods, so nothing between nodes was tested (KI-ONE-WORKER)");
    }
    if (empty > 0 && empty == tests_.size()) {
      AddProblem(
          {.expected = "a test that does something",
           .found = absl::StrCat("none of ", empty, " tests did anything: they passed without an action"),
           .next = "kubectl -n cilium-test-1 get pods -o wide: what are they to reach? Then pick tests that have "
                   "it"},
          last_log_);
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

  // A failure outside any test, or one of a test that nobody can name: about the run.
  void AddNameless(std::string_view origin, const JUnitCase& one) {
    const std::string why = one.Why().empty() ? "" : absl::StrCat(": ", one.Why());
    AddProblem({.expected = "every result is of a test that has a name",
                .found = absl::StrCat(origin, ": a result without a name, ", reports::ToString(one.result), why),
                .next = "read what it printed; import the file that `cilium connectivity test --junit-file` wrote"},
               std::string(one.text));
  }

  void AddCase(const JUnitCase& one, const std::string& log) {
    const bool is_bad = one.result == JUnitResult::kFailed || one.result == JUnitResult::kError;
    ConnectivityVerdict verdict{
        std::string(one.name),
        is_bad ? JudgeConnectivityFailure(one, log, ledger_) : JudgeConnectivityPass(one.name, log),
        absl::Seconds(one.seconds)};
    const auto [place, is_new] = places_.emplace(verdict.test, tests_.size());
    if (is_new) {
      tests_.push_back(std::move(verdict));
    } else if (Badness(verdict.outcome.verdict()) > Badness(tests_[place->second].outcome.verdict())) {
      tests_[place->second] = std::move(verdict);  // of two results the worse counts
    }
  }

  const bool one_node_;
  const Ledger* const ledger_;
  bool single_node_ = false;
  size_t skipped_ = 0;
  std::string why_skipped_, evidence_, last_log_;
  std::vector<Problem> problems_;
  std::vector<ConnectivityVerdict> tests_;
  std::map<std::string, size_t> places_;  // in tests_
};

}  // namespace

Outcome JudgeConnectivityPass(std::string_view test, std::string_view log) {
  const std::string_view section = SectionOf(log, test);
  if (section.empty()) return Outcome::Passed("passed");
  const size_t actions = ActionsIn(section);
  if (actions == 0) return Outcome::Inconclusive("it ran no action, so its success says nothing");
  return Outcome::Passed(absl::StrCat(actions, actions == 1 ? " action" : " actions"));
}

Outcome JudgeConnectivityFailure(const JUnitCase& one, std::string_view log, const Ledger* ledger) {
  const std::string_view section = SectionOf(log, one.name);
  const Evidence evidence{"test.log", std::string(section.empty() ? one.text : section)};
  if (one.name == kLogCheckTest) {
    const LogCheck check = ReadLogCheck(section);
    if (!check.containers.empty() || !check.others.empty()) return JudgeLogCheck(one, check, ledger).With(evidence);
  }
  std::vector<FailedAction> failed = FailedActions(section);
  std::vector<FailedAction> named;
  for (std::string_view line : absl::StrSplit(one.text, '\n')) {
    if (line = absl::StripAsciiWhitespace(line); line.empty()) continue;
    const auto told = std::find_if(failed.begin(), failed.end(),
                                   [line](const FailedAction& action) { return action.action == line; });
    named.push_back({std::string(line), told == failed.end() ? "" : told->reason});
  }
  std::string found = Failures(named.empty() ? failed : named);
  if (found.empty()) found = one.Why().empty() ? "it does not say what failed" : one.Why();
  return Outcome::Failed({.expected = "every action of the test does what it should",
                          .found = std::move(found),
                          .next = absl::StrCat("cilium connectivity test --test '^", one.name, "/'")})
      .With(evidence);
}

ConnectivityJudgement JudgeConnectivity(const ForeignResults& found, bool one_node, const Ledger* ledger) {
  Gathering gathering(one_node, ledger);
  for (const ForeignResult& result : found.results) gathering.Add(result);
  for (const absl::Status& stranger : found.strangers) gathering.AddStranger(stranger);
  return std::move(gathering).Judge();
}

}  // namespace tales::imports
