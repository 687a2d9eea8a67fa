#include "suites/conformance/judge.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "harness/base/join_few.h"
#include "harness/base/subprocess.h"
#include "suites/conformance/selection.h"

namespace tales::conformance {
namespace {

using reports::JUnitCase;
using reports::JUnitReport;
using reports::JUnitResult;

constexpr std::string_view kAgain = "fetch the results again, or run the tests again; then import the whole file";
constexpr size_t kMostCases = 50'000;  // in a file; e2e.test v1.32 has 6,622
constexpr size_t kLongestCause = 500;

std::vector<std::string> Missing(const std::vector<std::string>& required, const std::vector<std::string>& ran) {
  std::vector<std::string> missing;
  std::set_difference(required.begin(), required.end(), ran.begin(), ran.end(), std::back_inserter(missing));
  return missing;
}

bool IsBad(const JUnitCase& one) { return one.result == JUnitResult::kFailed || one.result == JUnitResult::kError; }

// Of several results of one test the worst counts: a pass beside a failure is no pass.
int Weight(JUnitResult result) {
  switch (result) {
    case JUnitResult::kError:
      return 4;
    case JUnitResult::kFailed:
      return 3;
    case JUnitResult::kFlaky:
      return 2;
    case JUnitResult::kPassed:
      return 1;
    case JUnitResult::kSkipped:
      return 0;
  }
  return 0;
}

// What ginkgo writes into the properties of its suite.
struct Settings {
  std::string focus, skip;
  bool dry_run = false;
};

Settings SettingsOf(const JUnitReport& junit) {
  Settings settings;
  for (const reports::JUnitSuite& suite : junit.suites()) {
    if (const std::string_view focus = suite.Property("FocusStrings"); !focus.empty()) settings.focus = focus;
    if (const std::string_view skip = suite.Property("SkipStrings"); !skip.empty()) settings.skip = skip;
    settings.dry_run = settings.dry_run || suite.Property("DryRun") == "true";
  }
  return settings;
}

// Gathers all files of one import into one run.
class Gathering {
 public:
  Gathering(Mode mode, const RequiredTests& required) : mode_(mode), required_(required) {}

  void Add(const imports::ForeignResult& result) {
    if (!result.junit.ok()) {
      broken_.push_back({.expected = "a whole JUnit file of the run",
                         .found = std::string(result.junit.status().message()),
                         .next = std::string(kAgain)});
      return;
    }
    if (result.junit->cases().size() > kMostCases) {
      broken_.push_back(
          {.expected = absl::StrCat("at most ", kMostCases, " tests, which is far more than e2e.test has"),
           .found = absl::StrCat(result.origin, ": ", result.junit->cases().size()),
           .next = "import the JUnit that e2e.test itself wrote"});
      return;
    }
    ++files_;
    const Settings settings = SettingsOf(*result.junit);
    if (settings.dry_run) {
      broken_.push_back({.expected = "a run",
                         .found = absl::StrCat(result.origin,
                                               ": is of a dry run: nothing was executed, every selected "
                                               "test is called passed"),
                         .next = "run the tests without --dry-run (E2E_DRYRUN), and import what that writes"});
      return;
    }
    full_ = full_ || (settings.focus == kFocusOnAll && settings.skip.empty());
    AddWanted(result.origin, settings);
    for (const JUnitCase& one : result.junit->cases()) AddCase(result.origin, one);
  }

  void AddStranger(const absl::Status& status) {
    broken_.push_back({.expected = "results of Kubernetes' e2e.test, by hydrophone, sonobuoy or itself",
                       .found = std::string(status.message()),
                       .next = "name the JUnit file, the folder or the tarball that the run left: --import FILE"});
  }

  Judgement Judge() && {
    Judgement judgement{.run = Run(), .environment = Environment(), .complete = Complete(), .cases = {}};
    for (auto& [name, one] : cases_) {
      judgement.cases.push_back({name, JudgeCase(*one), absl::Seconds(one->seconds)});
    }
    return judgement;
  }

 private:
  void AddWanted(std::string_view origin, const Settings& settings) {
    const absl::StatusOr<Selection> selection = Selection::Make(settings.focus, settings.skip);
    if (!selection.ok()) {
      unclear_ = absl::StrCat(origin, ": ", selection.status().message());
      return;
    }
    for (std::string& name : selection->Of(required_.all)) wanted_.insert(std::move(name));
  }

  void AddCase(std::string_view origin, const JUnitCase& one) {
    if (IsSuiteNode(one)) {
      if (IsBad(one)) AddSuiteFailure(origin, one);
      return;
    }
    if (!WasSelected(one)) return;
    const std::string name = Codename(one, required_);
    const auto [place, is_new] = cases_.emplace(name, &one);
    if (!is_new && Weight(one.result) > Weight(place->second->result)) place->second = &one;
  }

  void AddSuiteFailure(std::string_view origin, const JUnitCase& one) {
    suite_failures_.push_back(SuiteProblem(one, origin));
    suite_output_ = absl::StrCat(one.text, "\n", one.output);
    set_up_ = set_up_ && !absl::StrContains(one.name, "BeforeSuite");
  }

  Outcome Run() const {
    if (!broken_.empty()) return Outcome::FromProblems(broken_, "");
    return Outcome::Passed(
        absl::StrCat("imported from ", files_, files_ == 1 ? " file: " : " files: ", cases_.size(), " tests ran"));
  }

  Outcome Environment() const {
    Outcome outcome = Outcome::FromProblems(suite_failures_, "set-up and tear-down of the suite worked");
    if (!suite_failures_.empty()) outcome.With({"suite.log", suite_output_});
    return outcome;
  }

  Outcome Complete() const {
    if (!set_up_) {
      return Outcome::Inconclusive("no test was begun: the suite's set-up failed, see conformance.environment");
    }
    Completeness completeness{.release = required_.release};
    for (const auto& [name, one] : cases_) {
      if (one->result == JUnitResult::kSkipped) continue;
      completeness.ran.push_back(name);
      if (IsBad(*one)) completeness.failed.push_back(name);
    }
    if (mode_ == Mode::kFull || mode_ == Mode::kFast || full_) {
      completeness.required = required_.all;
      completeness.is_full = true;
      completeness.what = "a full run";
    } else if (!unclear_.empty()) {
      return Outcome::Failed({.expected = "to know which tests were asked for",
                              .found = unclear_,
                              .next = "say it with --conformance full, or run the tests again"});
    } else {
      completeness.required.assign(wanted_.begin(), wanted_.end());
      completeness.what = "what its focus picks";
    }
    return JudgeCompleteness(completeness);
  }

  const Mode mode_;
  const RequiredTests& required_;
  int files_ = 0;
  bool full_ = false;    // one of the files claims to be of everything
  bool set_up_ = true;   // no file says that the set-up failed
  std::string unclear_;  // why nobody can tell what was asked for
  std::string suite_output_;
  std::set<std::string> wanted_;
  std::map<std::string, const JUnitCase*> cases_;
  std::vector<Problem> broken_, suite_failures_;
};

// ginkgo's first lines are "[FAILED] why" and "In [It] at: place @ time"; the rest is the place in the code.
std::string Cause(const JUnitCase& one) {
  const std::string_view why = absl::StripPrefix(one.Why(), "[FAILED] ");
  // Some print the object that they were given, all of it.
  if (!why.empty()) return absl::StrCat(why.substr(0, kLongestCause), why.size() > kLongestCause ? "..." : "");
  if (!one.status.empty() && one.status != "failed") return absl::StrCat("it was ", one.status);
  return "it does not say why";
}

}  // namespace

bool IsSuiteNode(const JUnitCase& one) {
  for (const char* node : {"[BeforeSuite]", "[SynchronizedBeforeSuite]", "[ReportBeforeSuite]", "[AfterSuite]",
                           "[SynchronizedAfterSuite]", "[ReportAfterSuite]", "[DeferCleanup (Suite)]"}) {
    if (absl::StartsWith(one.name, node)) return true;
  }
  // A failure outside any test.
  return absl::StripAsciiWhitespace(one.spec()).empty();
}

Problem SuiteProblem(const JUnitCase& one, std::string_view origin) {
  const bool is_setup = absl::StrContains(one.name, "BeforeSuite");
  return {.expected = is_setup ? "the suite's set-up works" : "the suite's tear-down works",
          .found = absl::StrCat(origin, ": ", one.name, " ", ToString(one.result), ": ", Cause(one)),
          .next = is_setup
                      ? "kubectl get pods -n kube-system -o wide; every one has to be ready before the suite starts"
                      : "read the end of e2e.log"};
}

bool WasSelected(const JUnitCase& one) {
  return one.result != JUnitResult::kSkipped || absl::StartsWith(one.message, "skipped - ");
}

std::string Codename(const JUnitCase& one, const RequiredTests& required) {
  std::string name(one.spec());
  if (required.Has(name)) return name;
  name = absl::StrReplaceAll(
      name,
      {{"&#39;", "'"}, {"&#34;", "\""}, {"&gt;", ">"}, {"&lt;", "<"}, {"'cat /tmp/health'", "\"cat /tmp/health\""}});
  if (required.Has(name)) return name;
  // Labels behind the name, as ginkgo's own report has them: "... [Conformance] [sig-node, Conformance]".
  const size_t end = name.find(" [Conformance] [");
  if (end != std::string::npos) {
    std::string cut = name.substr(0, end + std::string_view(" [Conformance]").size());
    if (required.Has(cut)) return cut;
  }
  return name;
}

Outcome JudgeCase(const JUnitCase& one) {
  switch (one.result) {
    case JUnitResult::kPassed:
    case JUnitResult::kFlaky:
      return Outcome::Passed(
          one.earlier_failures > 0 ? absl::StrCat("passed after ", one.earlier_failures, " failed tries") : "passed");
    case JUnitResult::kSkipped:
      return Outcome::Unsupported("a cluster that this test can run on",
                                  std::string(absl::StripPrefix(one.message, "skipped - ")));
    case JUnitResult::kError:
      return Outcome::CannotLook(absl::AbortedError(absl::StrCat(
                                     "the test was ", one.type.empty() ? "broken off" : one.type, ": ", Cause(one))),
                                 "read the test's log; then run it again alone")
          .With({"test.log", absl::StrCat(one.text, "\n", one.output)});
    case JUnitResult::kFailed:
      break;
  }
  const Command again{.argv = {"hydrophone", "--focus", FocusOn({std::string(one.spec())})}};
  return Outcome::Failed({.expected = "the conformance test passes",
                          .found = Cause(one),
                          .next = absl::StrCat("read the test's log; alone again: ", again.ToString(),
                                               "; a known one goes into knownIssues of the cluster file")})
      .With({"test.log", absl::StrCat(one.text, "\n", one.output)});
}

Outcome JudgeCompleteness(const Completeness& completeness) {
  const std::vector<std::string> missing = Missing(completeness.required, completeness.ran);
  const size_t ran = completeness.required.size() - missing.size();
  const std::string count = absl::StrCat(ran, " of ", completeness.required.size());
  if (completeness.ran.empty()) {
    return Outcome::Failed({.expected = absl::StrCat("tests that run: ", completeness.what),
                            .found = "no test ran; every one was skipped",
                            .next = "look at --focus and --skip (E2E_FOCUS, E2E_SKIP): they pick nothing"});
  }
  if (!missing.empty()) {
    return Outcome::Failed(
               {.expected = absl::StrCat("all ", completeness.required.size(), " tests of ", completeness.what, " run",
                                         completeness.is_full ? absl::StrCat(" (", completeness.release, ")") : ""),
                .found = absl::StrCat(count, " ran; missing: ", JoinFew(missing)),
                .next = completeness.is_full ? "run again with focus \\[Conformance\\] and no skip, and the image or "
                                               "e2e.test of the cluster's version"
                                             : "run the missing ones again; without them nothing is known of them"})
        .With({"missing.txt", absl::StrJoin(missing, "\n")});
  }
  std::string found;
  if (!completeness.is_full) {
    found = absl::StrCat(count, " tests of ", completeness.what, " ran: not all that ", completeness.release,
                         " requires, so no claim of conformance");
  } else if (!completeness.failed.empty()) {
    found = absl::StrCat("all ", completeness.required.size(), " tests that ", completeness.release, " requires ran; ",
                         completeness.failed.size(), " failed, so it is not conformant");
    if (completeness.flaky > 0) absl::StrAppend(&found, " (", completeness.flaky, " passed when tried again)");
  } else if (completeness.side_by_side) {
    found = absl::StrCat("all ", completeness.required.size(), " tests that ", completeness.release,
                         " requires ran side by side and passed; only a full run, one after the other, is a claim of "
                         "conformance");
  } else {
    found = absl::StrCat("all ", completeness.required.size(), " tests that ", completeness.release,
                         " requires ran and passed: conformant");
  }
  return Outcome::Passed(std::move(found));
}

Judgement JudgeResults(const imports::ForeignResults& found, Mode mode, std::string_view version) {
  const RequiredTests* required = version.empty() ? &BuiltInTests() : FindRequiredTests(version);
  Gathering gathering(mode, required == nullptr ? BuiltInTests() : *required);
  for (const imports::ForeignResult& result : found.results) gathering.Add(result);
  for (const absl::Status& stranger : found.strangers) gathering.AddStranger(stranger);
  Judgement judgement = std::move(gathering).Judge();
  if (required == nullptr) {
    judgement.complete = Outcome::Unsupported(absl::StrCat("the list of tests that ", version, " requires"),
                                              absl::StrCat("only that of ", BuiltInTests().release));
  }
  return judgement;
}

}  // namespace tales::conformance
