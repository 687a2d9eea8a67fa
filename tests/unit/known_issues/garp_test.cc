#include "suites/known_issues/garp.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/known_issues/agent_logs.h"

namespace tales::known_issues {
namespace {

using ::testing::HasSubstr;

constexpr char kLine[] =
    "level=warning msg=\"Failed to send gratuitous arp\" error=\"failed to craft ARP reply packet: invalid IPv4 "
    "address\" ipAddr=\"invalid IP\" k8sPodName= subsys=l2-pod-announcements-garp\n";

GarpFacts Facts(const std::string& log) {
  return {.node = "worker", .log_command = "kubectl logs x", .version = "1.17.1", .announces = true, .log = Read(log)};
}

std::string Found(const Outcome& outcome) {
  return outcome.problems().empty() ? outcome.found() : outcome.problems()[0].found;
}

// It is a new variant, and says how it differs.
void ExpectNewVariant(const std::string& log, std::string_view how) {
  const Outcome outcome = ClassifyGarp(Facts(log));
  EXPECT_EQ(outcome.verdict(), Verdict::kFailed) << Found(outcome);
  EXPECT_THAT(Found(outcome), HasSubstr("a new variant of KI-GARP"));
  EXPECT_THAT(Found(outcome), HasSubstr(std::string(how)));
  EXPECT_THAT(outcome.problems()[0].next, HasSubstr("kubectl logs x | grep"));
  EXPECT_EQ(outcome.evidence().size(), 1u);
}

TEST(GarpTest, TheSeedsIssueIsKnown) {
  const Outcome outcome = ClassifyGarp(Facts(FirstStart()));
  EXPECT_EQ(outcome.verdict(), Verdict::kKnown);
  EXPECT_EQ(outcome.issue(), "KI-GARP");
  EXPECT_THAT(outcome.found(), HasSubstr("Failed to send gratuitous arp, once: of the host endpoint of worker"));
  EXPECT_EQ(outcome.evidence().size(), 1u);
}

TEST(GarpTest, SwitchedOffThereIsNothingToSay) {
  GarpFacts facts = Facts(FirstStart());
  facts.announces = false;
  EXPECT_EQ(ClassifyGarp(facts).verdict(), Verdict::kUnsupported);
}

TEST(GarpTest, EveryDeviationIsANewVariant) {
  const std::string log = FirstStart();
  ExpectNewVariant(Changed(log, "k8sPodName= ", "k8sPodName=kube-system/coredns-1 "),
                   "it is of pod kube-system/coredns-1");
  ExpectNewVariant(Changed(log, "\"invalid IP\"", "10.244.0.9"), "it is of address 10.244.0.9");
  for (const char* error : {"failed to open ARP socket", "failed to send ARP packet", "invalid hardware address"}) {
    ExpectNewVariant(Changed(log, "failed to craft ARP reply packet: invalid IPv4 address", error), error);
  }
  ExpectNewVariant(Changed(log, "gratuitous arp\" error", "gratuitous ARP\" error"), "Failed to send gratuitous ARP");
}

TEST(GarpTest, MoreWarningsThanHostEndpointsAreANewVariant) {
  ExpectNewVariant(absl::StrCat(FirstStart(), kLine), "warned 2 times, and the host endpoint was made once");
  ExpectNewVariant(absl::StrCat(Restarted(), kLine), "warned once, and the host endpoint was made not at all");
}

TEST(GarpTest, ANewVariantAmongManyKnownLinesIsSeen) {
  std::string log = FirstStart();
  for (int i = 0; i < 100; ++i) log += kLine;
  log += Changed(kLine, "k8sPodName= ", "k8sPodName=a/b ");
  ExpectNewVariant(log, "it is of pod a/b");
}

TEST(GarpTest, TheSuccessorsWordsAreANewVariant) {
  ExpectNewVariant(
      "time=x level=warn msg=\"Endpoint doesn't have v4 nor v6 addresses. This is a bug!\" module=agent.gneigh\n",
      "a newer Cilium says it in other words");
}

TEST(GarpTest, AHostEndpointWithoutAWarningIsResolved) {
  const Outcome outcome = ClassifyGarp(Facts(Without(FirstStart(), "Failed to send gratuitous")));
  EXPECT_EQ(outcome.verdict(), Verdict::kResolved);
  EXPECT_EQ(outcome.issue(), "KI-GARP");
}

TEST(GarpTest, WithoutTheProcessorsStartItIsInconclusive) {
  const std::string log =
      Without(Without(FirstStart(), "Failed to send gratuitous"), "initialised gratuitous arp processor");
  GarpFacts facts = Facts(log);
  EXPECT_EQ(ClassifyGarp(facts).verdict(), Verdict::kInconclusive);
  facts.version = "1.18.0";
  EXPECT_EQ(ClassifyGarp(facts).verdict(), Verdict::kResolved) << "its words are others from there on";
}

TEST(GarpTest, ARestartWithoutABootTellsNothing) {
  const Outcome outcome = ClassifyGarp(Facts(Restarted()));
  EXPECT_EQ(outcome.verdict(), Verdict::kInconclusive);
  EXPECT_THAT(outcome.found(), HasSubstr("restarted without a boot"));
}

TEST(GarpTest, ButTheContainerBeforeMay) {
  GarpFacts facts = Facts(Restarted());
  facts.previous = Read(FirstStart());
  EXPECT_EQ(ClassifyGarp(facts).verdict(), Verdict::kKnown);
  facts.previous = Read(Restarted());
  EXPECT_EQ(ClassifyGarp(facts).verdict(), Verdict::kInconclusive);
}

TEST(GarpTest, TheLatestBootCounts) {
  GarpFacts facts = Facts(Without(FirstStart(), "Failed to send gratuitous"));
  facts.previous = Read(FirstStart());
  EXPECT_EQ(ClassifyGarp(facts).verdict(), Verdict::kResolved);
}

TEST(GarpTest, RotatedLogs) {
  const Outcome gone = ClassifyGarp(Facts(RotatedBehind(FirstStart(), "Failed to send gratuitous")));
  EXPECT_EQ(gone.verdict(), Verdict::kInconclusive);
  EXPECT_THAT(gone.found(), HasSubstr("rotated away"));
  EXPECT_EQ(ClassifyGarp(Facts(RotatedBehind(FirstStart(), "Creating host endpoint"))).verdict(), Verdict::kKnown)
      << "the line alone is the issue's; its endpoint was made before what is left";
  ExpectNewVariant(absl::StrCat(RotatedBehind(FirstStart(), "Creating host endpoint"), kLine), "warned 2 times");
  EXPECT_EQ(ClassifyGarp(Facts("")).verdict(), Verdict::kInconclusive);
}

}  // namespace
}  // namespace tales::known_issues
