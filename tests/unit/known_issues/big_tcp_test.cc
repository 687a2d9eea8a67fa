#include "suites/known_issues/big_tcp.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "suites/known_issues/agents.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/known_issues/agent_logs.h"

namespace tales::known_issues {
namespace {

using ::tales::testing::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

// The seed's worker: switched on for IPv4, a card that takes 64 KiB.
BigTcpFacts Facts(const std::string& log) {
  return {.node = "worker",
          .log_command = "kubectl logs x",
          .exec_command = "kubectl exec x --",
          .version = "1.17.1",
          .ipv4 = true,
          .log = Read(log),
          .tso_max_size = {{"eth0", 65536}, {"lo", 524280}},
          .gso_max_size = 65536};
}

std::string Found(const Outcome& outcome) {
  return outcome.problems().empty() ? outcome.found() : outcome.problems()[0].found;
}

TEST(BigTcpTest, TheSeedsIssueIsKnown) {
  const Outcome outcome = ClassifyBigTcp(Facts(FirstStart()));
  EXPECT_EQ(outcome.verdict(), Verdict::kKnown);
  EXPECT_EQ(outcome.issue(), "KI-BIGTCP");
  EXPECT_THAT(outcome.found(), HasSubstr("the tso_max_size of eth0 on worker is 65536"));
  ASSERT_EQ(outcome.evidence().size(), 1u);
  EXPECT_THAT(outcome.evidence()[0].content, HasSubstr("level=warn msg=\"Could not modify IPv4"));
}

TEST(BigTcpTest, ForIpv6TooAndBeforeItWasSlog) {
  BigTcpFacts facts = Facts(Changed(FirstStart(), "Could not modify IPv4", "Could not modify IPv6"));
  facts.ipv6 = true;
  EXPECT_EQ(ClassifyBigTcp(facts).verdict(), Verdict::kKnown);
  facts = Facts(
      "time=\"x\" level=warning msg=\"Could not modify IPv4 gro_max_size and gso_max_size, disabling BIG TCP\" "
      "device=eth0 error=\"invalid argument\" subsys=big-tcp\n");
  facts.version = "1.14.19";
  EXPECT_EQ(ClassifyBigTcp(facts).verdict(), Verdict::kKnown);
}

TEST(BigTcpTest, SwitchedOffThereIsNothingToSay) {
  BigTcpFacts facts = Facts(FirstStart());
  facts.ipv4 = false;
  const Outcome outcome = ClassifyBigTcp(facts);
  EXPECT_EQ(outcome.verdict(), Verdict::kUnsupported);
  EXPECT_THAT(Found(outcome), HasSubstr("enable-ipv4-big-tcp=false"));
}

TEST(BigTcpTest, InForceItIsResolved) {
  BigTcpFacts facts = Facts(Restarted());
  facts.gso_max_size = 196608;
  Outcome outcome = ClassifyBigTcp(facts);
  EXPECT_EQ(outcome.verdict(), Verdict::kResolved);
  EXPECT_THAT(outcome.found(), HasSubstr("up to 196608 bytes"));
  facts.gso_max_size.reset();  // the log alone tells as well
  EXPECT_EQ(ClassifyBigTcp(facts).verdict(), Verdict::kResolved);
}

TEST(BigTcpTest, LoweredToTheCardsLimitItIsResolved) {
  BigTcpFacts facts = Facts(Changed(Restarted(), "196608", "131072"));
  facts.gso_max_size = 131072;
  EXPECT_EQ(ClassifyBigTcp(facts).verdict(), Verdict::kResolved);
}

TEST(BigTcpTest, OtherErrorsAreNewVariants) {
  const Outcome outcome =
      ClassifyBigTcp(Facts(Changed(FirstStart(), "\"invalid argument\"", "\"operation not permitted\"")));
  EXPECT_EQ(outcome.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(outcome), HasSubstr("a new variant of KI-BIGTCP: the error is \"operation not permitted\""));
  EXPECT_EQ(outcome.problems()[0].next, "kubectl exec x -- ip -d link show");
  EXPECT_EQ(outcome.evidence().size(), 1u);
}

TEST(BigTcpTest, ACardThatTakesMoreIsANewVariant) {
  BigTcpFacts facts = Facts(FirstStart());
  for (const int64_t limit : {65537, 131072, 196608, 524280}) {
    facts.tso_max_size["eth0"] = limit;
    const Outcome outcome = ClassifyBigTcp(facts);
    EXPECT_EQ(outcome.verdict(), Verdict::kFailed) << limit;
    EXPECT_THAT(Found(outcome), HasSubstr(absl::StrCat("the tso_max_size of eth0 is ", limit)));
  }
}

TEST(BigTcpTest, ACardThatCannotBeAskedLeavesItOpen) {
  BigTcpFacts facts = Facts(FirstStart());
  facts.tso_max_size.clear();
  facts.unread = "exec is forbidden";
  Outcome outcome = ClassifyBigTcp(facts);
  EXPECT_EQ(outcome.verdict(), Verdict::kInconclusive);
  EXPECT_THAT(outcome.found(), HasSubstr("exec is forbidden"));
  facts = Facts(Changed(FirstStart(), "device=eth0", "device=bond0"));
  outcome = ClassifyBigTcp(facts);
  EXPECT_EQ(outcome.verdict(), Verdict::kInconclusive);
  EXPECT_THAT(outcome.found(), HasSubstr("bond0"));
}

TEST(BigTcpTest, SilentlyOffIsANewVariant) {
  const Outcome outcome = ClassifyBigTcp(Facts(Without(FirstStart(), "Could not modify")));
  EXPECT_EQ(outcome.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(outcome), HasSubstr("without a warning, and packets are limited to 65536 bytes"));
  EXPECT_NE(outcome.problems()[0].next, "");
}

TEST(BigTcpTest, OtherTroubleAboutItIsANewVariant) {
  const Outcome outcome = ClassifyBigTcp(
      Facts("time=x level=warn msg=\"BIG TCP could not detect host devices. Disabling the feature.\" module=m\n"));
  EXPECT_EQ(outcome.verdict(), Verdict::kFailed);
  EXPECT_THAT(Found(outcome), HasSubstr("could not detect host devices"));
}

TEST(BigTcpTest, From119OnItIsResolvedByFollowingTheCard) {
  BigTcpFacts facts = Facts("time=x level=info msg=\"Enabling BIG TCP IPv4\" module=m\n");
  facts.version = "1.19.0";
  EXPECT_EQ(ClassifyBigTcp(facts).verdict(), Verdict::kResolved);
  facts.log = Read(
      "time=x level=info msg=\"Enabling BIG TCP IPv4\" module=m\n"
      "time=x level=warn msg=\"Could not change IPv4 gro_ipv4_max_size and gso_ipv4_max_size\" error=\"invalid "
      "argument\"\n");
  EXPECT_EQ(ClassifyBigTcp(facts).verdict(), Verdict::kFailed);
  facts.log = Read(FirstStart());
  const Outcome outcome = ClassifyBigTcp(facts);
  EXPECT_EQ(outcome.verdict(), Verdict::kFailed) << "the old words from a version that should not have them";
  EXPECT_THAT(Found(outcome), HasSubstr("Cilium 1.19.0"));
}

TEST(BigTcpTest, ARotatedLogIsInconclusiveAndTheContainerBeforeMayTell) {
  BigTcpFacts facts = Facts(RotatedBehind(FirstStart(), "Could not modify"));
  const Outcome outcome = ClassifyBigTcp(facts);
  EXPECT_EQ(outcome.verdict(), Verdict::kInconclusive);
  EXPECT_THAT(outcome.found(), HasSubstr("does not tell of its start any more"));
  facts.previous = Read(FirstStart());
  EXPECT_EQ(ClassifyBigTcp(facts).verdict(), Verdict::kKnown);
  facts.previous = Read("");
  EXPECT_EQ(ClassifyBigTcp(facts).verdict(), Verdict::kInconclusive);
}

TEST(BigTcpTest, TheLatestStartCounts) {
  BigTcpFacts facts = Facts(Restarted());
  facts.gso_max_size = 196608;
  facts.previous = Read(FirstStart());
  EXPECT_EQ(ClassifyBigTcp(facts).verdict(), Verdict::kResolved);
}

TEST(BigTcpTest, ASetUpWhoseEndNobodyTellsIsInconclusive) {
  BigTcpFacts facts = Facts("time=x level=info msg=\"Setting up BIG TCP\" module=m\n");
  facts.gso_max_size.reset();
  facts.unread = "exec is forbidden";
  EXPECT_EQ(ClassifyBigTcp(facts).verdict(), Verdict::kInconclusive);
}

TEST(BigTcpTest, WhatTheAgentsToolsSay) {
  EXPECT_THAT(*ParseTsoLimits(R"([{"ifname":"lo","tso_max_size":524280},{"ifname":"eth0","tso_max_size":65536},{}])"),
              ElementsAre(Pair("eth0", 65536), Pair("lo", 524280)));
  for (const char* text : {"", "{}", "[]", "[{\"ifname\":\"lo\",\"tso_max_size\":\"x\"}]", "[3", "null"}) {
    EXPECT_THAT(ParseTsoLimits(text), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("ip -d -j link show")))
        << text;
    EXPECT_THAT(ParseMaxGso(text), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("maxGSO"))) << text;
  }
  EXPECT_EQ(*ParseMaxGso(R"({"ipv4-big-tcp":{"enabled":true,"maxGRO":65536,"maxGSO":65536},
                             "ipv6-big-tcp":{"maxGSO":196608}})"),
            196608);
}

}  // namespace
}  // namespace tales::known_issues
