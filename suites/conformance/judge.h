// What the results of a conformance run amount to. Pure: what is judged was read before.
//
// The traps that this knows: a dry run (every selected test is "passed"), a broken suite set-up (every test is
// "skipped"), a focus that picked nothing (exit code 0), counters that are wrong (never read), an empty failure
// message, names with labels or escapes of their own, a file that ends in the middle, no file at all.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "harness/check/outcome.h"
#include "reports/junit_reader.h"
#include "suites/conformance/mode.h"
#include "suites/conformance/required_tests.h"
#include "suites/imports/foreign_results.h"

namespace tales::conformance {

struct CaseVerdict {
  std::string name;  // codename
  Outcome outcome;
  absl::Duration duration;
};

struct Judgement {
  Outcome run;          // did it come to its end?
  Outcome environment;  // did the suite's own set-up and tear-down work?
  Outcome complete;     // did everything run that the mode requires?
  std::vector<CaseVerdict> cases;
  // Whether the last three say anything; otherwise `run` says why not.
  bool is_run() const { return run.verdict() == Verdict::kPassed; }
};

// Of results that somebody else's run left. `version`: of Kubernetes, as declared; "": the built-in release is taken.
Judgement JudgeResults(const imports::ForeignResults& found, Mode mode, std::string_view version);

// The verdict of one test of a JUnit file. REQUIRES: it ran, or skipped itself.
Outcome JudgeCase(const reports::JUnitCase& one);
// Whether a test ran, or was selected and skipped itself ("skipped - needs two nodes").
bool WasSelected(const reports::JUnitCase& one);
// Whether it is one of the suite's own nodes: "[SynchronizedBeforeSuite]", "[ReportAfterSuite] ...".
bool IsSuiteNode(const reports::JUnitCase& one);
// What a suite node that failed means. REQUIRES: IsSuiteNode. `origin`: where that is written.
Problem SuiteProblem(const reports::JUnitCase& one, std::string_view origin);
// The codename, where the file writes it in another way (labels behind it, escapes left over).
std::string Codename(const reports::JUnitCase& one, const RequiredTests& required);

// Did all of `required` get a verdict? `ran` sorted. The text says what it is and what it is not: a sample never calls
// itself conformant.
struct Completeness {
  std::vector<std::string> required;
  std::vector<std::string> ran;     // passed or failed
  std::vector<std::string> failed;  // of these
  std::string what;                 // "the sample"
  bool is_full = false;             // `required` is all that the release requires
  bool side_by_side = false;        // several at once: not what a claim of conformance is made of
  size_t flaky = 0;                 // of `failed`: passed when tried again
  std::string release;
};
Outcome JudgeCompleteness(const Completeness& completeness);

}  // namespace tales::conformance
