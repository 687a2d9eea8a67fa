#include "harness/check/ledger.h"

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tales {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view kUntainted =
    "conformance.case/[sig-architecture] Conformance Tests should have at least two untainted nodes [Conformance]";
constexpr std::string_view kGarpLine =
    R"(time="2026-11-22T21:16:02.045862768Z" level=warning msg="Failed to send gratuitous arp" error="failed to craft ARP reply packet: invalid IPv4 address" ipAddr="invalid IP" k8sPodName= subsys=l2-pod-announcements-garp)";
constexpr std::string_view kBigTcpLine =
    R"(time=2026-11-22T21:16:00Z level=warn msg="Could not modify IPv4 gro_max_size and gso_max_size, disabling BIG TCP" module=agent.datapath.bigtcp device=eth0 error="invalid argument")";

absl::Time At(int year, int month, int day, int hour = 12) {
  return absl::FromCivil(absl::CivilHour(year, month, day, hour), absl::UTCTimeZone());
}

KnownIssue Flake(std::vector<std::string> checks, std::string until = "2026-12-31") {
  return {.id = "flake", .link = "https://x/1", .reason = "r", .checks = std::move(checks), .until_date = until};
}

KnownIssue Builtin(std::string_view id) { return FindBuiltinIssue(id)->entry; }

Ledger Make(std::vector<KnownIssue> entries, LedgerFacts facts = {}, absl::Time now = At(2026, 6, 1)) {
  return Ledger(entries, std::move(facts), now);
}

// The verdict and the issue that come out: "known flake".
std::string Ruled(const Ledger& ledger, std::string_view check, Verdict verdict, std::string_view issue = "") {
  const std::optional<Ruling> ruling = ledger.Rule(check, verdict, issue, "what was seen");
  if (!ruling.has_value()) return "stands";
  return std::string(ToString(ruling->verdict)) + (ruling->issue.empty() ? "" : " " + ruling->issue);
}

TEST(LedgerTest, AFailureThatAnEntryNamesIsKnown) {
  const Ledger ledger = Make({Flake({"health.coredns"})});
  const std::optional<Ruling> ruling = ledger.Rule("health.coredns", Verdict::kFailed, "", "0 of 2 are ready");
  ASSERT_TRUE(ruling.has_value());
  EXPECT_EQ(ruling->verdict, Verdict::kKnown);
  EXPECT_EQ(ruling->issue, "flake");
  EXPECT_EQ(ruling->found, "") << "what the check found stays";
  EXPECT_EQ(Ruled(ledger, "health.kubeprism", Verdict::kFailed), "stands");
}

TEST(LedgerTest, NamesOfForeignCasesAreTakenAsTheyStandBeforeTheyArePatterns) {
  const std::string odd = R"(conformance.case/[sig-x] It's "a" (b) [c*d] what? [Conformance])";
  const Ledger exact = Make({Flake({odd})});
  EXPECT_EQ(Ruled(exact, odd, Verdict::kFailed), "known flake");
  EXPECT_EQ(Ruled(exact, odd, Verdict::kPassed), "resolved flake");
  EXPECT_EQ(Ruled(exact, R"(conformance.case/[sig-x] It's "a" (b) [cd] what! [Conformance])", Verdict::kPassed),
            "stands")
      << "only the pattern matches";
  const Ledger pattern = Make({Flake({"conformance.case/[sig-network] *DNS*"})});
  EXPECT_EQ(Ruled(pattern, "conformance.case/[sig-network] a DNS b [Conformance]", Verdict::kFailed), "known flake");
  EXPECT_EQ(Ruled(pattern, "conformance.case/[sig-network] a DNS b [Conformance]", Verdict::kPassed), "stands");
  EXPECT_EQ(Ruled(pattern, "conformance.case/s a DNS b", Verdict::kFailed), "stands") << "brackets are no set";
}

TEST(LedgerTest, ACheckWithoutItsInstanceCoversAllOfThemAndIsNeverResolved) {
  const Ledger ledger = Make({Flake({"health.services"})});
  EXPECT_EQ(Ruled(ledger, "health.services/worker", Verdict::kFailed), "known flake");
  EXPECT_EQ(Ruled(ledger, "health.services/control", Verdict::kPassed), "stands");
  EXPECT_EQ(Ruled(Make({Flake({"health.services/worker"})}), "health.services/worker", Verdict::kPassed),
            "resolved flake");
}

TEST(LedgerTest, WhatIsNoAnswerIsNeverExcused) {
  const Ledger ledger = Make({Flake({"*"})});
  for (const Verdict verdict : {Verdict::kError, Verdict::kMissing, Verdict::kUnsupported, Verdict::kBlocked,
                                Verdict::kInconclusive, Verdict::kFlaky}) {
    EXPECT_EQ(Ruled(ledger, "health.coredns", verdict), "stands") << ToString(verdict);
  }
}

TEST(LedgerTest, ADateIsItsLastDay) {
  EXPECT_EQ(Ruled(Make({Flake({"a.b"}, "2026-06-01")}, {}, At(2026, 6, 1, 23)), "a.b", Verdict::kFailed),
            "known flake");
  const Ledger over = Make({Flake({"a.b"}, "2026-06-01")}, {}, At(2026, 6, 2, 0));
  const std::optional<Ruling> ruling = over.Rule("a.b", Verdict::kFailed, "", "broken");
  ASSERT_TRUE(ruling.has_value());
  EXPECT_EQ(ruling->verdict, Verdict::kFailed);
  EXPECT_EQ(ruling->issue, "");
  EXPECT_EQ(ruling->found, "broken; the ledger's entry flake has expired: 2026-06-01 is over");
  EXPECT_FALSE(over.Rule("a.b", Verdict::kFailed, "", ruling->found).has_value()) << "said once";
  EXPECT_EQ(over.Find("flake")->days_left, -1);
  EXPECT_EQ(Ruled(over, "a.b", Verdict::kPassed), "resolved flake") << "and can go all the more";
}

TEST(LedgerTest, AnEntryThatHasNotExpiredWinsOverOneThatHas) {
  KnownIssue second = Flake({"a.*"});
  second.id = "second";
  EXPECT_EQ(Ruled(Make({Flake({"a.b"}, "2020-01-01"), second}), "a.b", Verdict::kFailed), "known second");
}

TEST(LedgerTest, AVersionThatHasComeEndsIt) {
  KnownIssue issue = Flake({"a.b"}, "");
  issue.until_version = {{"cilium", ">=1.19.0"}};
  EXPECT_EQ(Ruled(Make({issue}, {.cilium = "1.17.1"}), "a.b", Verdict::kFailed), "known flake");
  EXPECT_EQ(Ruled(Make({issue}, {.cilium = "v1.19.0-rc.1"}), "a.b", Verdict::kFailed), "known flake");
  EXPECT_EQ(Ruled(Make({issue}, {.talos = "v1.19.0"}), "a.b", Verdict::kFailed), "known flake") << "not found";
  const Ledger ledger = Make({issue}, {.cilium = "v1.19.2"});
  EXPECT_EQ(Ruled(ledger, "a.b", Verdict::kFailed), "failed");
  EXPECT_EQ(ledger.entries()[0].expired, "cilium v1.19.2 is >=1.19.0");
  issue.until_version["talos"] = ">=v1.10.0";
  EXPECT_EQ(Ruled(Make({issue}, {.talos = "v1.10.0", .cilium = "1.17.1"}), "a.b", Verdict::kFailed), "failed")
      << "the first that comes";
}

TEST(LedgerTest, NothingIsExcusedForEver) {
  const Ledger ledger = Make({Flake({"a.b"}, "")});
  const std::optional<Ruling> ruling = ledger.Rule("a.b", Verdict::kFailed, "", "broken");
  ASSERT_TRUE(ruling.has_value());
  EXPECT_EQ(ruling->verdict, Verdict::kFailed);
  EXPECT_THAT(ruling->found, HasSubstr("the ledger's entry flake has no expiry, so it excuses nothing"));
}

TEST(LedgerTest, ProblemsNameTheEntryWhatItLacksAndTheNextStep) {
  KnownIssue bare{.id = "my-flake"};
  KnownIssue garp{.id = "KI-GARP", .until_version = {{"cilium", "1.19"}}};
  const std::vector<Problem> problems =
      Make({Builtin("KI-BIGTCP"), bare, garp, Flake({"a.b"}, "2026-05-31")}).Problems();
  ASSERT_THAT(problems, SizeIs(3));
  EXPECT_EQ(
      problems[0].found,
      "knownIssues[1] (my-flake) has no link, no reason, an id that tales does not know, and neither `checks` nor "
      "`lines`: it excuses nothing, no expiry (`until`)");
  EXPECT_THAT(problems[0].next, HasSubstr("complete the entry"));
  EXPECT_THAT(problems[1].found,
              HasSubstr("knownIssues[2] (KI-GARP) has no link, no reason, until: \"cilium: 1.19\" is "
                        "not a version expression"));
  EXPECT_THAT(problems[1].next, HasSubstr("{id: KI-GARP, link: \"https://github.com/cilium/cilium/pull/39648\""));
  EXPECT_EQ(problems[2].found, "knownIssues[3] (flake) has expired: 2026-05-31 is over");
  EXPECT_THAT(problems[2].next, HasSubstr("https://x/1"));
  EXPECT_THAT(Make({}).Problems(), IsEmpty());
}

TEST(LedgerTest, WhatTheBuiltinIssuesSuggestIsALedgerWithoutProblems) {
  std::vector<KnownIssue> entries;
  for (const BuiltinIssue& issue : BuiltinIssues()) entries.push_back(issue.entry);
  EXPECT_THAT(Make(entries).Problems(), IsEmpty());
}

TEST(LedgerTest, WhatACheckItselfCallsKnownHasToBeInTheLedger) {
  EXPECT_EQ(Ruled(Make({Builtin("KI-GARP")}), "k.x", Verdict::kKnown, "KI-GARP"), "stands");
  const std::optional<Ruling> missing = Make({}).Rule("k.x", Verdict::kKnown, "KI-GARP", "one line");
  ASSERT_TRUE(missing.has_value());
  EXPECT_EQ(missing->verdict, Verdict::kFailed);
  EXPECT_EQ(missing->found, "one line");
  EXPECT_THAT(missing->next, HasSubstr("add to knownIssues of the cluster file: - {id: KI-GARP, link: "));
  const std::optional<Ruling> expired =
      Make({Builtin("KI-GARP")}, {.cilium = "1.19.0"}).Rule("k.x", Verdict::kKnown, "KI-GARP", "one line");
  ASSERT_TRUE(expired.has_value());
  EXPECT_EQ(expired->verdict, Verdict::kFailed);
  EXPECT_THAT(expired->found, HasSubstr("one line; the ledger's entry KI-GARP has expired: cilium 1.19.0 is >=1.19.0"));
  EXPECT_EQ(Ruled(Make({}), "k.x", Verdict::kResolved, "KI-GARP"), "passed") << "there is no entry that could go";
  EXPECT_EQ(Ruled(Make({Builtin("KI-GARP")}), "k.x", Verdict::kResolved, "KI-GARP"), "stands");
}

TEST(LedgerTest, OneWorkerExplainsTwoConformanceCasesWhereThereIsOne) {
  const std::vector<KnownIssue> entries = {Builtin("KI-ONE-WORKER")};
  EXPECT_EQ(Ruled(Make(entries, {.schedulable = 1}), kUntainted, Verdict::kFailed), "known KI-ONE-WORKER");
  EXPECT_EQ(Ruled(Make(entries, {.schedulable = 2}), kUntainted, Verdict::kFailed), "stands");
  EXPECT_EQ(Ruled(Make(entries), kUntainted, Verdict::kFailed), "stands") << "nobody has counted";
  EXPECT_EQ(Ruled(Make({}, {.schedulable = 1}), kUntainted, Verdict::kFailed), "stands") << "not in the ledger";
  EXPECT_EQ(Ruled(Make(entries, {.schedulable = 1}), "conformance.case/[sig-apps] x", Verdict::kFailed), "stands");
  EXPECT_EQ(Ruled(Make(entries, {.schedulable = 2}), kUntainted, Verdict::kPassed), "resolved KI-ONE-WORKER");
}

TEST(LedgerTest, OutcomesAreRuledWithTheirEvidence) {
  const Ledger ledger = Make({Flake({"a.b"})});
  const Outcome known = ledger.Rule(
      "a.b", Outcome::Failed({.expected = "e", .found = "f", .next = "n"}).With({.name = "x.log", .content = "y"}));
  EXPECT_EQ(known.verdict(), Verdict::kKnown);
  EXPECT_EQ(known.issue(), "flake");
  EXPECT_EQ(known.found(), "f");
  ASSERT_THAT(known.evidence(), SizeIs(1));
  const Outcome failed = ledger.Rule("a.c", Outcome::Known("KI-GARP", "one line"));
  EXPECT_EQ(failed.verdict(), Verdict::kFailed);
  ASSERT_THAT(failed.problems(), SizeIs(1));
  EXPECT_EQ(failed.problems()[0].found, "one line");
  EXPECT_THAT(failed.problems()[0].expected, HasSubstr("no KI-GARP"));
  const Outcome expired = Make({Flake({"a.b"}, "2020-01-01")})
                              .Rule("a.b", Outcome::FromProblems({{"e", "f", "n"}, {"e2", "f2", "n2"}}, ""));
  ASSERT_THAT(expired.problems(), SizeIs(2));
  EXPECT_THAT(expired.problems()[0].found, HasSubstr("f; the ledger's entry flake has expired"));
  EXPECT_EQ(expired.problems()[0].next, "n");
  EXPECT_EQ(ledger.Rule("a.c", Outcome::Passed("ok")).verdict(), Verdict::kPassed);
}

TEST(LedgerTest, LinesAreKnownByTheEntryOrByTheBuiltinRecogniser) {
  KnownIssue noise = Flake({});
  noise.lines = {"lookup .* i/o timeout", "a [literal] (part)"};
  const Ledger ledger = Make({noise, Builtin("KI-GARP")});
  const auto ruled = [&](std::string_view line) {
    const auto ruling = ledger.RuleLine(line);
    return !ruling ? "unknown" : ruling->issue + (ruling->excused ? " excused" : " not excused: " + ruling->why);
  };
  EXPECT_EQ(ruled("level=warning msg=\"lookup one.one on 10.96.0.10: i/o timeout\""), "flake excused");
  EXPECT_EQ(ruled("x a [literal] (part) \xff y"), "flake excused");
  EXPECT_EQ(ruled(kGarpLine), "KI-GARP excused");
  EXPECT_THAT(ruled(kBigTcpLine), HasSubstr("KI-BIGTCP not excused: to accept it, add to knownIssues"));
  EXPECT_EQ(ruled("level=warning msg=\"something else\""), "unknown");
  EXPECT_THAT(Make({noise}, {}, At(2027, 1, 1)).RuleLine("a [literal] (part)")->why, HasSubstr("has expired"));
}

TEST(LedgerTest, LinesOfNewVariantsAreNotExcused) {
  const Ledger ledger = Make({Builtin("KI-GARP"), Builtin("KI-BIGTCP")});
  const auto changed = [&](std::string_view line, std::string_view what, std::string_view by) {
    std::string text(line);
    text.replace(text.find(what), what.size(), by);
    return ledger.RuleLine(text).has_value();
  };
  EXPECT_TRUE(changed(kGarpLine, "Failed", "Failed"));
  EXPECT_FALSE(changed(kGarpLine, "k8sPodName= ", "k8sPodName=kube-system/coredns "));
  EXPECT_FALSE(changed(kGarpLine, "\"invalid IP\"", "10.244.0.7"));
  EXPECT_FALSE(
      changed(kGarpLine, "failed to craft ARP reply packet: invalid IPv4 address", "failed to open ARP socket"));
  EXPECT_FALSE(changed(kBigTcpLine, "invalid argument", "operation not permitted"));
}

TEST(LedgerTest, UntilText) {
  EXPECT_EQ(UntilText(Flake({})), "2026-12-31");
  EXPECT_EQ(UntilText(Builtin("KI-GARP")), "cilium >=1.19.0");
  EXPECT_EQ(UntilText({}), "never");
}

}  // namespace
}  // namespace tales
