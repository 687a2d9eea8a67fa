#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "suites/cilium/agent_logs.h"
#include "tests/support/status_matchers.h"

namespace tales::cilium {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kBigTcp[] =
    "time=2026-11-22T21:16:00Z level=warn msg=\"Could not modify IPv4 gro_max_size and gso_max_size, disabling BIG "
    "TCP\" "
    "module=agent.datapath.bigtcp device=eth0 error=\"invalid argument\"\n";
constexpr char kElection[] =
    "error initially creating leader election record: leases.coordination.k8s.io \"x\" already exists\n"
    "time=\"2026-11-22T21:16:52.564026493Z\" level=error msg=\"error initially creating leader election record: "
    "leases.coordination.k8s.io \\\"x\\\" already exists\" subsys=klog\n";
constexpr char kInfo[] =
    "time=\"2026-11-22T21:16:00Z\" level=info msg=\"level=error is only a word here\" subsys=daemon\n";

Ledger Known() {
  KnownIssue issue;
  issue.id = "KI-BIGTCP";
  issue.link = issue.reason = "x";
  issue.until_version = {{"cilium", ">=1.19.0"}};
  return Ledger({issue}, {.talos = "", .kubernetes = "", .cilium = "1.17.1", .schedulable = {}}, absl::Now());
}

TEST(Logs, KnownAndHarmlessLinesAreNoTrouble) {
  const Ledger ledger = Known();
  LogReading reading(ledger);
  const std::string log = absl::StrCat(kInfo, kBigTcp, kElection, kInfo);
  for (size_t i = 0; i < log.size(); i += 7) reading.Feed(std::string_view(log).substr(i, 7));
  reading.Finish();
  EXPECT_THAT(JudgeLog(reading, "cilium-agent on n3", "kubectl logs x"), IsEmpty());
  EXPECT_EQ(reading.known().at("KI-BIGTCP"), 1u);
  EXPECT_EQ(reading.bytes(), log.size());
}

// Two agents that allocate one identity: a warning, and no more than that.
TEST(Logs, WhatTheProjectPassesOverInWarningsIsTroubleInErrors) {
  const Ledger ledger({}, {}, absl::Now());
  const std::string text =
      " msg=\"Key allocation attempt failed\" error=\"unable to re-create missing master key 'x': 1470\"\n";
  LogReading reading(ledger);
  reading.Feed("time=\"2026-11-26T02:01:44Z\" level=warning" + text);
  reading.Finish();
  EXPECT_THAT(JudgeLog(reading, "cilium-agent on n3", "kubectl logs x"), IsEmpty());
  LogReading errors(ledger);
  errors.Feed("time=\"2026-11-26T02:01:44Z\" level=error" + text);
  errors.Finish();
  EXPECT_THAT(JudgeLog(errors, "cilium-agent on n3", "kubectl logs x"), SizeIs(1));
}

TEST(Logs, WithoutAnEntryAKnownLineFails) {
  const Ledger ledger({}, {}, absl::Now());
  LogReading reading(ledger);
  reading.Feed(kBigTcp);
  reading.Finish();
  const auto problems = JudgeLog(reading, "cilium-agent on n3", "kubectl logs x");
  ASSERT_THAT(problems, SizeIs(1));
  EXPECT_THAT(problems[0].found, HasSubstr("KI-BIGTCP"));
}

TEST(Logs, LinesThatDifferInNumbersAreToldOnce) {
  const Ledger ledger = Known();
  LogReading reading(ledger);
  for (int i = 0; i < 1000; ++i)
    reading.Feed(
        absl::StrCat("time=\"2026-11-22T21:16:52Z\" level=error msg=\"Unable to update endpoint ", i, "\" subsys=x\n"));
  reading.Feed("panic: runtime error\n");
  reading.Finish();
  const auto problems = JudgeLog(reading, "cilium-agent on n3", "kubectl logs x");
  ASSERT_THAT(problems, SizeIs(2));
  EXPECT_THAT(problems[0].found, HasSubstr("(1000 times)"));
  EXPECT_THAT(problems[1].found, HasSubstr("panic:"));
  EXPECT_THAT(problems[0].next, HasSubstr("kubectl logs x"));
}

TEST(Logs, ALogOfNothingButDifferentErrorsStaysSmall) {
  const Ledger ledger = Known();
  LogReading reading(ledger);
  for (int i = 0; i < 5000; ++i) {
    std::string name;
    for (int n = i; n > 0; n /= 20) name += static_cast<char>('a' + n % 20);
    reading.Feed(absl::StrCat("level=error msg=\"", name, std::string(5000, 'z'), "\xff\"\n"));
  }
  reading.Finish();
  EXPECT_THAT(reading.unknown(), SizeIs(200));
  const auto problems = JudgeLog(reading, "c", "k");
  ASSERT_THAT(problems, SizeIs(6));
  EXPECT_LT(problems[0].found.size(), 600u);
}

constexpr char kStart[] =
    "time=\"2026-11-22T21:16:00Z\" level=info msg=\"Cilium 1.17.1 9a2b3c4d go version go1.23.6\" subsys=daemon\n";

TEST(Logs, ALogWithoutItsBeginningIsToldSinceWhen) {
  const Ledger ledger = Known();
  const auto rotated = [&](const std::string& log) {
    LogReading reading(ledger);
    for (size_t i = 0; i < log.size(); i += 7) reading.Feed(std::string_view(log).substr(i, 7));
    reading.Finish();
    return WhatWasRotated(reading, "cilium-agent on n3");
  };
  EXPECT_EQ(rotated(absl::StrCat("plain\n", kStart, kInfo)), "");
  EXPECT_EQ(rotated(absl::StrCat("half a line\n", kInfo, kBigTcp)),
            "cilium-agent on n3 since 2026-11-22T21:16:00Z: older lines were rotated away");
  EXPECT_EQ(rotated(""), "cilium-agent on n3 without its beginning: older lines were rotated away");
  EXPECT_THAT(rotated(std::string(100'000, 'x')), HasSubstr("without its beginning"));
}

// A log that could not be had is not one that has nothing in it.
TEST(Logs, OnlyAContainerThatWasRemovedIsPassedBy) {
  EXPECT_TRUE(IsGone(absl::NotFoundError("GET ...: pods \"x\" not found")));
  EXPECT_TRUE(IsGone(absl::InvalidArgumentError(
      "GET ...: previous terminated container \"cilium-agent\" in pod \"cilium-x\" not found")));
  EXPECT_FALSE(IsGone(absl::InvalidArgumentError("GET ...: container x is not valid for pod y")));
  EXPECT_FALSE(IsGone(absl::DeadlineExceededError("GET ...: deadline of 10s passed")));
  EXPECT_FALSE(IsGone(absl::UnavailableError("GET ...: previous terminated container: 502")));
  EXPECT_FALSE(IsGone(absl::PermissionDeniedError("GET ...: forbidden")));
  EXPECT_FALSE(IsGone(absl::OkStatus()));
  const Ledger ledger = Known();
  LogReading none(ledger);
  none.Feed("unable to retrieve container logs for containerd://ab");
  EXPECT_TRUE(none.is_gone());
  LogReading some(ledger);
  some.Feed(kStart);
  EXPECT_FALSE(some.is_gone());
}

}  // namespace
}  // namespace tales::cilium
