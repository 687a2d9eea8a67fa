// What the results of a conformance run amount to, trap by trap.
#include "suites/conformance/judge.h"

#include "suites/conformance/selection.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/conformance/ginkgo_junit.h"

namespace tales::conformance {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::GinkgoJUnit;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const char kLease[] = "[sig-node] Lease lease API should be available [Conformance]";
const char kVersion[] = "[sig-api-machinery] server version should find the server version [Conformance]";
const char kNodes[] = "[sig-architecture] Conformance Tests should have at least two untainted nodes [Conformance]";

imports::ForeignResults Results(const std::vector<std::string>& files) {
  imports::ForeignResults found;
  for (const std::string& file : files) {
    const std::string origin = absl::StrCat("junit_0", found.results.size() + 1, ".xml");
    found.results.push_back({origin, reports::ParseJUnit(file, origin), ""});
  }
  return found;
}
Judgement Judge(const std::vector<std::string>& files, Mode mode = Mode::kNone) {
  return JudgeResults(Results(files), mode, "v1.32.2");
}
Judgement Judge(const GinkgoJUnit& junit, Mode mode = Mode::kNone) {
  return Judge(std::vector<std::string>{junit.ToString()}, mode);
}

GinkgoJUnit Full() {
  GinkgoJUnit junit;
  junit.cases.push_back({"[SynchronizedBeforeSuite]"});
  for (const std::string& name : BuiltInTests().all) junit.Add(name);
  junit.Add("[sig-storage] In-tree Volumes something else entirely", "skipped");
  junit.cases.push_back({"[ReportAfterSuite] Kubernetes e2e suite report"});
  return junit;
}
GinkgoJUnit Few() {
  GinkgoJUnit junit;
  junit.focus = FocusOn({kLease, kVersion});
  return junit;
}

std::string Found(const Outcome& outcome) {
  return outcome.problems().empty() ? outcome.found() : outcome.problems()[0].found;
}
std::vector<std::string> Names(const Judgement& judgement) {
  std::vector<std::string> names;
  for (const CaseVerdict& one : judgement.cases) names.push_back(one.name);
  return names;
}

TEST(RequiredTestsTest, AreThoseOfTheRelease) {
  ASSERT_NE(FindRequiredTests("v1.32.2"), nullptr);
  EXPECT_EQ(FindRequiredTests("1.32.9+k3s1"), &BuiltInTests());
  EXPECT_EQ(FindRequiredTests("v1.33.0"), nullptr);
  EXPECT_EQ(FindRequiredTests(""), nullptr);
  EXPECT_THAT(BuiltInTests().all, SizeIs(411));
  EXPECT_THAT(BuiltInTests().sample, SizeIs(::testing::Ge(40)));
  EXPECT_TRUE(BuiltInTests().Has(kNodes));
  EXPECT_FALSE(BuiltInTests().Has("[sig-node] Lease"));
}

TEST(SelectionTest, EveryNameFindsItselfAndNothingElse) {
  for (const std::string& name : BuiltInTests().all) {
    ASSERT_OK_AND_ASSIGN(const Selection selection, Selection::Make(FocusOn({name}), ""));
    EXPECT_THAT(selection.Of(BuiltInTests().all), ElementsAre(name));
  }
}

TEST(SelectionTest, AllOfThemAreOneExpression) {
  ASSERT_OK_AND_ASSIGN(const Selection selection, Selection::Make(FocusOn(BuiltInTests().all), R"(\[Serial\])"));
  EXPECT_THAT(selection.Of(BuiltInTests().all), SizeIs(411 - 26));
  ASSERT_OK_AND_ASSIGN(const Selection all, Selection::Make(kFocusOnAll, ""));
  EXPECT_THAT(all.Of(BuiltInTests().all), SizeIs(411));
  EXPECT_THAT(Selection::Make("(", "").status(),
              testing::StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("focus")));
}

TEST(JudgeTest, AFullRunIsConformantAndItsCasesAreThose411) {
  const Judgement judgement = Judge(Full(), Mode::kFull);
  EXPECT_EQ(judgement.run.verdict(), Verdict::kPassed);
  EXPECT_EQ(judgement.environment.verdict(), Verdict::kPassed);
  EXPECT_EQ(judgement.complete.verdict(), Verdict::kPassed);
  EXPECT_THAT(Found(judgement.complete), HasSubstr("all 411 tests that v1.32 requires ran and passed: conformant"));
  EXPECT_EQ(Names(judgement), BuiltInTests().all);
}

TEST(JudgeTest, AFailedCaseSaysWhyThoughItsMessageIsEmpty) {
  GinkgoJUnit junit = Full();
  for (auto& one : junit.cases) {
    if (one.name == absl::StrCat("[It] ", kNodes)) {
      one.status = "failed";
      one.text =
          "[FAILED] Conformance requires at least two nodes\nIn [It] at: conformance.go:44 @ 03/02/25 01:02:03.4\n";
    }
  }
  const Judgement judgement = Judge(junit);
  for (const CaseVerdict& one : judgement.cases) {
    ASSERT_EQ(one.outcome.verdict(), one.name == kNodes ? Verdict::kFailed : Verdict::kPassed);
    if (one.name != kNodes) continue;
    EXPECT_EQ(one.outcome.problems()[0].found, "Conformance requires at least two nodes");
    EXPECT_THAT(one.outcome.problems()[0].next, Not(IsEmpty()));
    EXPECT_THAT(one.outcome.evidence(), SizeIs(1));
  }
  EXPECT_THAT(Found(judgement.complete), AllOf(HasSubstr("1 failed"), HasSubstr("not conformant")));
}

TEST(JudgeTest, AMissingTestFailsAFullRun) {
  GinkgoJUnit junit = Full();
  junit.cases.erase(junit.cases.begin() + 1);
  const Judgement judgement = Judge(junit);
  EXPECT_EQ(judgement.complete.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(judgement.complete), AllOf(HasSubstr("410 of 411 ran"), HasSubstr(BuiltInTests().all[0])));
}

TEST(JudgeTest, ASkippedTestIsAMissingOne) {
  GinkgoJUnit junit = Full();
  junit.cases[1].status = "skipped";
  EXPECT_EQ(Judge(junit).complete.verdict(), Verdict::kFailed);
  junit.cases[1].text = "Test requires a node that is not there";
  const Judgement judgement = Judge(junit);
  EXPECT_EQ(judgement.complete.verdict(), Verdict::kFailed);
  EXPECT_EQ(judgement.cases[0].outcome.verdict(), Verdict::kUnsupported);
  EXPECT_THAT(Found(judgement.cases[0].outcome), HasSubstr("a node that is not there"));
}

TEST(JudgeTest, APartIsCompleteByItsOwnFocusAndNeverConformant) {
  const Judgement judgement = Judge(Few().Add(kLease).Add(kVersion).Add(kNodes, "skipped"));
  EXPECT_EQ(judgement.complete.verdict(), Verdict::kPassed);
  EXPECT_THAT(Found(judgement.complete), AllOf(HasSubstr("2 of 2"), HasSubstr("no claim of conformance")));
  EXPECT_THAT(Names(judgement), ElementsAre(kVersion, kLease));
}

TEST(JudgeTest, APartIsNotEnoughWhereAFullRunIsAskedFor) {
  const Judgement judgement = Judge(Few().Add(kLease).Add(kVersion), Mode::kFull);
  EXPECT_EQ(judgement.complete.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(judgement.complete), HasSubstr("2 of 411 ran"));
}

TEST(JudgeTest, ASkipTakesTestsOutOfWhatIsWanted) {
  GinkgoJUnit junit = Full();
  junit.skip = R"(\[Serial\])";
  std::erase_if(junit.cases, [](const auto& one) { return absl::StrContains(one.name, "[Serial]"); });
  const Judgement judgement = Judge(junit);
  EXPECT_THAT(Found(judgement.complete), AllOf(HasSubstr("385 of 385"), HasSubstr("no claim of conformance")));
}

TEST(JudgeTest, AFocusThatIsNoExpressionIsNotGuessed) {
  GinkgoJUnit junit = Few().Add(kLease);
  junit.focus = "[Conformance";
  EXPECT_EQ(Judge(junit).complete.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(Judge(junit).complete), HasSubstr("not a regular expression"));
}

TEST(JudgeTest, ADryRunIsNoRun) {
  GinkgoJUnit junit = Full();
  junit.dry_run = true;
  const Judgement judgement = Judge(junit);
  EXPECT_EQ(judgement.run.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(judgement.run), HasSubstr("dry run"));
  EXPECT_THAT(judgement.cases, IsEmpty());
}

TEST(JudgeTest, ABrokenSetUpIsOneFailureAnd411TestsThatNobodyBegan) {
  GinkgoJUnit junit;
  junit.cases.push_back({"[SynchronizedBeforeSuite]", "failed",
                         "[FAILED] Error waiting for all pods to be running and ready: coredns-1 not ready\nIn [It]"});
  for (const std::string& name : BuiltInTests().all) junit.Add(name, "skipped");
  const Judgement judgement = Judge(junit, Mode::kFull);
  EXPECT_EQ(judgement.environment.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(judgement.environment), HasSubstr("coredns-1 not ready"));
  EXPECT_EQ(judgement.run.verdict(), Verdict::kPassed);
  EXPECT_EQ(judgement.complete.verdict(), Verdict::kInconclusive);
  EXPECT_THAT(judgement.cases, IsEmpty());
}

TEST(JudgeTest, ABrokenTearDownTakesNoVerdictAway) {
  GinkgoJUnit junit = Few().Add(kLease).Add(kVersion);
  junit.cases.push_back({"[ReportAfterSuite] Kubernetes e2e JUnit report", "panicked", "[PANICKED] no space left"});
  const Judgement judgement = Judge(junit);
  EXPECT_EQ(judgement.environment.verdict(), Verdict::kFailed);
  EXPECT_EQ(judgement.complete.verdict(), Verdict::kPassed);
  EXPECT_THAT(judgement.cases, SizeIs(2));
}

TEST(JudgeTest, AFailureWithoutANameIsTheSuites) {
  for (const char* name : {"", "[It] ", "  "}) {
    GinkgoJUnit junit = Full();
    junit.cases.push_back({name, "failed", "it broke"});
    const Judgement judgement = Judge(junit);
    EXPECT_EQ(judgement.environment.verdict(), Verdict::kFailed) << name;
    EXPECT_THAT(judgement.cases, SizeIs(411)) << name;
  }
}

TEST(JudgeTest, EverythingSkippedIsNotGreen) {
  GinkgoJUnit junit;
  junit.focus = "no test is called this";
  for (const std::string& name : BuiltInTests().all) junit.Add(name, "skipped");
  const Judgement judgement = Judge(junit);
  EXPECT_EQ(judgement.complete.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(judgement.complete), HasSubstr("no test ran"));
}

TEST(JudgeTest, NamesWithLabelsAndEscapesAreRecognised) {
  GinkgoJUnit junit = Full();
  junit.cases[1].name += " [sig-api-machinery, Conformance]";
  for (auto& one : junit.cases) {
    if (absl::StrContains(one.name, "\"cat /tmp/health\"")) {
      one.name = absl::StrReplaceAll(one.name, {{"\"cat /tmp/health\"", "&#34;cat /tmp/health&#34;"}});
      break;
    }
  }
  EXPECT_EQ(Judge(junit).complete.verdict(), Verdict::kPassed);
}

TEST(JudgeTest, ANameThatWasCutIsMissing) {
  GinkgoJUnit junit = Full();
  junit.cases[5].name.resize(60);
  EXPECT_THAT(Found(Judge(junit).complete), HasSubstr("410 of 411"));
}

TEST(JudgeTest, StatusesThatAreNotFailedAreNotGreenEither) {
  for (const char* status : {"timedout", "aborted"}) {
    EXPECT_EQ(Judge(Few().Add(kLease, status, "[TIMEDOUT] a spec timeout occurred")).cases[0].outcome.verdict(),
              Verdict::kFailed)
        << status;
  }
  for (const char* status : {"interrupted", "panicked"}) {
    const Judgement judgement = Judge(Few().Add(kLease, status, "[PANICKED] nil pointer"));
    EXPECT_EQ(judgement.cases[0].outcome.verdict(), Verdict::kError) << status;
    EXPECT_THAT(Found(judgement.cases[0].outcome), AllOf(HasSubstr(status), HasSubstr("nil pointer")));
  }
}

TEST(JudgeTest, OfTwoFilesTheWorseResultCounts) {
  const Judgement judgement = Judge(std::vector<std::string>{
      Few().Add(kLease, "failed", "[FAILED] first").Add(kVersion).ToString(), Few().Add(kLease).ToString()});
  ASSERT_THAT(judgement.cases, SizeIs(2));
  EXPECT_EQ(judgement.cases[1].outcome.verdict(), Verdict::kFailed);
  EXPECT_EQ(judgement.complete.verdict(), Verdict::kPassed);
}

TEST(JudgeTest, ATruncatedFileIsNoRun) {
  const std::string whole = Full().ToString();
  const Judgement judgement = Judge(std::vector<std::string>{whole.substr(0, whole.size() / 2)});
  EXPECT_EQ(judgement.run.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(judgement.run), HasSubstr("ends in the middle"));
}

TEST(JudgeTest, WhatIsNotThereIsNamed) {
  imports::ForeignResults found;
  found.strangers.push_back(absl::NotFoundError("results/junit_01.xml: No such file or directory"));
  const Judgement judgement = JudgeResults(found, Mode::kFull, "v1.32.2");
  EXPECT_EQ(judgement.run.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(judgement.run), HasSubstr("results/junit_01.xml"));
}

TEST(JudgeTest, OfAnotherReleaseTheListIsNotKnown) {
  const Judgement judgement = JudgeResults(Results({Full().ToString()}), Mode::kFull, "v1.33.1");
  EXPECT_EQ(judgement.run.verdict(), Verdict::kPassed);
  EXPECT_EQ(judgement.complete.verdict(), Verdict::kUnsupported);
}

TEST(JudgeTest, AFileOfAMillionIsRefusedBeforeItBecomesAMillionVerdicts) {
  std::string xml = "<testsuite name=\"Kubernetes e2e suite\">";
  for (int i = 0; i < 1'000'000; ++i) xml += "<testcase name=\"[It] x\"/>";
  const Judgement judgement = Judge(std::vector<std::string>{xml + "</testsuite>"});
  EXPECT_EQ(judgement.run.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(judgement.run), HasSubstr("1000000"));
  EXPECT_THAT(judgement.cases, IsEmpty());
}

}  // namespace
}  // namespace tales::conformance
