// What `cilium connectivity test` left, trap by trap. Excerpts of real runs of cilium-cli 0.18.2.
#include "suites/imports/connectivity.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "tests/support/status_matchers.h"

namespace tales::imports {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

std::string JUnit(const std::string& cases) {
  return absl::StrCat(R"(<?xml version="1.0" encoding="UTF-8"?>
  <testsuites tests="112" disabled="60" errors="0" failures="0" time="387.3">
      <testsuite name="connectivity test" id="0" package="cilium" tests="112" errors="0" failures="0" skipped="60" time="387.3" timestamp="0001-01-01T00:00:00">
)",
                      cases, "</testsuite></testsuites>");
}
std::string Passed(const std::string& name) {
  return absl::StrCat("<testcase name=\"", name, "\" classname=\"connectivity test\" status=\"passed\" time=\"3.6\"/>");
}
std::string Skipped(const std::string& name) {
  return absl::StrCat("<testcase name=\"", name, "\" classname=\"connectivity test\" status=\"skipped\" time=\"0\">",
                      "<skipped message=\"", name, " skipped\"></skipped></testcase>");
}
std::string Failed(const std::string& name, const std::string& actions) {
  return absl::StrCat("<testcase name=\"", name, "\" classname=\"connectivity test\" status=\"failed\" time=\"2.1\">",
                      "<failure message=\"", name, " failed\" type=\"failure\">", actions, "</failure></testcase>");
}

ConnectivityJudgement Judge(const std::string& junit, const std::string& log = "", bool one_node = false) {
  ForeignResults found;
  found.results.push_back({"conn.xml", reports::ParseJUnit(junit, "conn.xml"), log});
  return JudgeConnectivity(found, one_node);
}
std::string Found(const Outcome& outcome) {
  return outcome.problems().empty() ? outcome.found() : outcome.problems()[0].found;
}

const char kLogCheckLog[] = R"([=] [cilium-test-1] Test [check-log-errors] [112/112]
.
  [.] Action [check-log-errors/no-errors-in-logs/rn/cilium/cilium-tsrs8 (cilium-agent)]
  ❌ Found 2 logs in rn/cilium/cilium-tsrs8 (cilium-agent) matching list of errors that must be investigated:
time="2026-11-22T21:16:02.045862768Z" level=warning msg="Failed to send gratuitous arp" error="failed to craft ARP reply packet: invalid IPv4 address" ipAddr="invalid IP" k8sPodName= subsys=l2-pod-announcements-garp (1 occurrences)
time=2026-11-22T21:16:00Z level=warn msg="Could not modify IPv4 gro_max_size and gso_max_size, disabling BIG TCP" module=agent.datapath.bigtcp device=eth0 error="invalid argument" (1 occurrences)
.  [.] Action [check-log-errors/no-errors-in-logs/rn/cilium/cilium-tsrs8 (apply-sysctl-overwrites)]
[=] [cilium-test-1] Skipping test [dns-only] [93/112] (Feature l7-proxy is disabled)
[=] [cilium-test-1] Skipping test [to-fqdns] [94/112] (Feature l7-proxy is disabled)
[=] [cilium-test-1] Skipping test [health] [12/112] (skipped by user)
)";

TEST(ConnectivityTest, OneVerdictForEachTestThatRan) {
  const ConnectivityJudgement judgement =
      Judge(JUnit(Passed("no-policies") + Skipped("dns-only") +
                  Failed("to-cidr-external",
                         "to-cidr-external/pod-to-cidr/external-1: a -&gt; b&#xA;to-cidr-external/x/y: c")),
            kLogCheckLog);
  EXPECT_EQ(judgement.run.verdict(), Verdict::kPassed);
  EXPECT_THAT(Found(judgement.run), AllOf(HasSubstr("1 of 2 tests passed, 1 were left out"),
                                          HasSubstr("2 Feature l7-proxy is disabled, 1 skipped by user")));
  ASSERT_THAT(judgement.tests, SizeIs(2));
  EXPECT_EQ(judgement.tests[0].outcome.verdict(), Verdict::kPassed);
  EXPECT_EQ(judgement.tests[1].outcome.verdict(), Verdict::kFailed);
  EXPECT_EQ(Found(judgement.tests[1].outcome),
            "to-cidr-external/pod-to-cidr/external-1: a -> b; to-cidr-external/x/y: c");
  EXPECT_THAT(judgement.tests[1].outcome.problems()[0].next, HasSubstr("--test '^to-cidr-external/'"));
}

constexpr char kAgent[] = "check-log-errors/no-errors-in-logs/rn/cilium/cilium-tsrs8 (cilium-agent)";

TEST(ConnectivityTest, TheLogCheckShowsTheLinesThatItFoundFaultWith) {
  const ConnectivityJudgement judgement = Judge(JUnit(Failed("check-log-errors", kAgent)), kLogCheckLog);
  EXPECT_THAT(Found(judgement.tests.at(0).outcome),
              AllOf(HasSubstr("Failed to send gratuitous arp"), HasSubstr("gro_max_size"), Not(HasSubstr("Action"))));
  EXPECT_THAT(judgement.tests[0].outcome.evidence().at(0).content,
              AllOf(HasSubstr("apply-sysctl"), Not(HasSubstr("Skipping"))));
  // Without the log there is only the action.
  EXPECT_THAT(Found(Judge(JUnit(Failed("check-log-errors", "check-log-errors/a/b"))).tests.at(0).outcome),
              HasSubstr("check-log-errors/a/b"));
}

KnownIssue Entry(std::string id, std::string until = "2099-01-01") {
  return {.id = std::move(id), .link = "https://example.org/1", .reason = "r", .until_date = std::move(until)};
}
Outcome JudgeLogs(const std::string& actions, const std::string& log, const std::vector<KnownIssue>& entries) {
  const Ledger ledger(entries, {}, absl::Now());
  ForeignResults found;
  found.results.push_back(
      {"conn.xml", reports::ParseJUnit(JUnit(Failed("check-log-errors", actions)), "conn.xml"), log});
  return JudgeConnectivity(found, false, &ledger).tests.at(0).outcome;
}

TEST(ConnectivityTest, ALogCheckThatFindsKnownLinesAloneIsKnown) {
  const Outcome known = JudgeLogs(kAgent, kLogCheckLog, {Entry("KI-GARP"), Entry("KI-BIGTCP")});
  EXPECT_EQ(known.verdict(), Verdict::kKnown);
  EXPECT_EQ(known.issue(), "KI-BIGTCP");
  EXPECT_THAT(known.found(), HasSubstr("KI-BIGTCP (1 line), KI-GARP (1 line)"));
}

TEST(ConnectivityTest, WhatTheLogCheckFindsBesidesIsTheFailure) {
  // Of two lines one is known.
  const Outcome half = JudgeLogs(kAgent, kLogCheckLog, {Entry("KI-GARP")});
  EXPECT_EQ(half.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(half), AllOf(HasSubstr("gro_max_size"), Not(HasSubstr("gratuitous")),
                                 HasSubstr("known, and not counted: KI-GARP (1 line)")));
  const std::vector<KnownIssue> both = {Entry("KI-GARP"), Entry("KI-BIGTCP")};
  EXPECT_THAT(Found(JudgeLogs(kAgent, kLogCheckLog, {Entry("KI-GARP", "2001-01-01"), both[1]})),
              HasSubstr("2001-01-01 is over"));
  // A container that was restarted is told beside its lines, and is no line.
  const std::string restarted = absl::StrReplaceAll(
      kLogCheckLog, {{"  ❌ Found",
                      "  ❌ Non-zero (1) restart count of rn/cilium/cilium-tsrs8 (cilium-agent) must be "
                      "investigated\n  ❌ Found"}});
  EXPECT_EQ(JudgeLogs(kAgent, restarted, both).verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(JudgeLogs(kAgent, restarted, both)), HasSubstr("restart count"));
  // More lines than were printed, and a container of which nothing was.
  const std::string cut = absl::StrReplaceAll(kLogCheckLog, {{"Found 2 logs", "Found 3 logs"}});
  EXPECT_EQ(JudgeLogs(kAgent, cut, both).verdict(), Verdict::kFailed);
  const Outcome other = JudgeLogs(absl::StrCat(kAgent, "&#xA;check-log-errors/no-errors-in-logs/rn/cilium/x (config)"),
                                  kLogCheckLog, both);
  EXPECT_EQ(other.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(other), HasSubstr("x (config): it does not say why"));
}

TEST(ConnectivityTest, ATestThatDidNothingSaysNothing) {
  const std::string log =
      "[=] [cilium-test-1] Test [host-entity-ingress] [18/112]\n\n"
      "[=] [cilium-test-1] Test [health] [54/112]\n..\n📋 Test Report [cilium-test-1]\n";
  const ConnectivityJudgement judgement = Judge(JUnit(Passed("host-entity-ingress") + Passed("health")), log);
  EXPECT_EQ(judgement.tests.at(0).outcome.verdict(), Verdict::kInconclusive);
  EXPECT_EQ(judgement.tests.at(1).outcome.verdict(), Verdict::kPassed);
  EXPECT_EQ(Found(judgement.tests[1].outcome), "2 actions");
  EXPECT_EQ(judgement.run.verdict(), Verdict::kPassed);
}

TEST(ConnectivityTest, WhereAllDidNothingTheRunIsNoSuccess) {
  const std::string log =
      "[=] [cilium-test-1] Test [no-policies] [1/2]\n[=] [cilium-test-1] Test [health] [2/2]\n\n"
      "✅ [cilium-test-1] All 2 tests (0 actions) successful, 0 tests skipped, 0 scenarios skipped.\n";
  const ConnectivityJudgement judgement = Judge(JUnit(Passed("no-policies") + Passed("health")), log);
  EXPECT_EQ(judgement.run.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(judgement.run), HasSubstr("none of 2 tests did anything"));
  EXPECT_EQ(Judge(JUnit(Passed("no-policies") + Failed("health", "health/a/b: c")), log).run.verdict(),
            Verdict::kPassed);
}

TEST(ConnectivityTest, EverythingSkippedIsNotGreen) {
  const ConnectivityJudgement judgement = Judge(JUnit(Skipped("no-policies") + Skipped("health")));
  EXPECT_EQ(judgement.run.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(judgement.run), HasSubstr("all 2 tests were skipped"));
  EXPECT_THAT(judgement.run.problems()[0].next, HasSubstr("TEST/SCENARIO"));
  EXPECT_EQ(Judge(JUnit("")).run.verdict(), Verdict::kFailed);
}

TEST(ConnectivityTest, ASetUpThatFailedLeavesNoFileAndSaysWhatItPrintedLast) {
  ForeignResults found;
  found.results.push_back(
      {"out", absl::NotFoundError("out: has the log of a run and no JUnit"),
       "waiting for cilium-test-1\n\nconnectivity test failed: setting up test suite: timeout\n\n"});
  const ConnectivityJudgement judgement = JudgeConnectivity(found, false);
  EXPECT_EQ(judgement.run.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(judgement.run), AllOf(HasSubstr("no JUnit"), HasSubstr("setting up test suite: timeout")));
  EXPECT_THAT(judgement.tests, IsEmpty());
}

TEST(ConnectivityTest, OneNodeIsSaid) {
  EXPECT_THAT(Found(Judge(JUnit(Passed("no-policies"))).run), Not(HasSubstr("one node")));
  EXPECT_THAT(Found(Judge(JUnit(Passed("no-policies")), "", /*one_node=*/true).run),
              HasSubstr("nothing between nodes was tested"));
  EXPECT_THAT(Found(Judge(JUnit(Passed("no-policies")),
                          "ℹ️  Single-node environment detected, enabling single-node connectivity test\n")
                        .run),
              HasSubstr("nothing between nodes was tested"));
}

TEST(ConnectivityTest, OfTwoResultsTheWorseCounts) {
  const ConnectivityJudgement judgement =
      Judge(JUnit(Failed("health", "health/a/b: c") + Passed("health") + Passed("no-policies")));
  ASSERT_THAT(judgement.tests, SizeIs(2));
  EXPECT_EQ(judgement.tests[0].outcome.verdict(), Verdict::kFailed);
}

TEST(ConnectivityTest, WhatHasNoNameIsAProblemOfTheRunAndCostsNoOther) {
  for (const char* nameless :
       {"<failure message=\"suite broke\"/>", "<testcase><failure message=\"suite broke\"/></testcase>",
        "<testcase name=\"  \"><error message=\"suite broke\"/></testcase>"}) {
    SCOPED_TRACE(nameless);
    const ConnectivityJudgement judgement = Judge(JUnit(absl::StrCat(nameless, Passed("no-policies"))));
    EXPECT_EQ(judgement.run.verdict(), Verdict::kFailed);
    EXPECT_THAT(Found(judgement.run), AllOf(HasSubstr("without a name"), HasSubstr("suite broke")));
    ASSERT_THAT(judgement.tests, SizeIs(1));
    EXPECT_EQ(judgement.tests[0].test, "no-policies");
    EXPECT_EQ(judgement.tests[0].outcome.verdict(), Verdict::kPassed);
  }
  EXPECT_EQ(Judge(JUnit("<testcase name=\"\" status=\"passed\"/>")).run.verdict(), Verdict::kFailed);
}

TEST(ConnectivityTest, AKnownFailureDoesNotStandForAnother) {
  const Ledger ledger({Entry("KI-GARP"), Entry("KI-BIGTCP")}, {}, absl::Now());
  const std::string junit = JUnit(Failed("check-log-errors", kAgent));
  for (const bool known_first : {true, false}) {
    ForeignResults found;
    for (const bool with_log : {known_first, !known_first}) {
      found.results.push_back({"conn.xml", reports::ParseJUnit(junit, "conn.xml"), with_log ? kLogCheckLog : ""});
    }
    EXPECT_EQ(JudgeConnectivity(found, false, &ledger).tests.at(0).outcome.verdict(), Verdict::kFailed) << known_first;
  }
}

TEST(ConnectivityTest, AFileOfAMillionIsRefused) {
  std::string cases;
  for (int i = 0; i < 10'001; ++i) cases += "<testcase name=\"t\"/>";
  EXPECT_EQ(Judge(JUnit(cases)).run.verdict(), Verdict::kFailed);
}

}  // namespace
}  // namespace tales::imports
