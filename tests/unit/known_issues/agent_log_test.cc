#include "suites/known_issues/agent_log.h"

#include <sys/resource.h>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/known_issues/agent_logs.h"

namespace tales::known_issues {
namespace {

using ::testing::HasSubstr;

TEST(AgentLogTest, ARealFirstStart) {
  const std::string text = FirstStart();
  for (const size_t chunk : {size_t{1}, size_t{4096}, text.size()}) {
    const AgentLog log = Read(text, chunk);
    EXPECT_EQ(log.bytes, text.size());
    EXPECT_TRUE(log.has_start);
    EXPECT_EQ(log.version, "1.17.1");
    EXPECT_EQ(log.big_tcp_setups, 1u);
    EXPECT_EQ(log.big_tcp_refusals.count, 1u);
    EXPECT_EQ(log.big_tcp_refusals.parsed[0].Field("device"), "eth0");
    EXPECT_EQ(log.big_tcp_trouble.count, 0u) << "options such as --enable-ipv4-big-tcp are no trouble";
    EXPECT_EQ(log.gso_max_size, 65536) << "that IPv6 was set back to";
    EXPECT_TRUE(log.garp_ready);
    EXPECT_EQ(log.host_endpoints, 1u);
    EXPECT_EQ(log.garp_known.count, 1u);
    EXPECT_THAT(log.garp_known.text[0], HasSubstr("Failed to send gratuitous arp"));
    EXPECT_EQ(log.garp_others.count + log.garp_successors.count, 0u);
  }
}

TEST(AgentLogTest, ARealRestart) {
  const AgentLog log = Read(Restarted());
  EXPECT_TRUE(log.has_start);
  EXPECT_EQ(log.big_tcp_setups, 1u);
  EXPECT_EQ(log.big_tcp_refusals.count, 0u);
  EXPECT_EQ(log.gso_max_size, 196608);
  EXPECT_EQ(log.host_endpoints, 0u);
  EXPECT_EQ(log.garp_known.count, 0u);
}

TEST(AgentLogTest, JsonSaysTheSame) {
  const AgentLog log = Read(
      R"({"level":"info","msg":"Cilium 1.17.1 9a2b3c4d 2025-02-11T12:00:00+00:00 go version go1.23.6 linux/amd64","subsys":"daemon"}
{"level":"info","msg":"initialised gratuitous arp processor","subsys":"l2-pod-announcements-garp"}
{"level":"info","module":"agent.datapath.bigtcp","msg":"Setting up BIG TCP","time":"2026-11-22T21:16:00Z"}
{"device":"eth0","error":"invalid argument","level":"warn","module":"agent.datapath.bigtcp","msg":"Could not modify IPv4 gro_max_size and gso_max_size, disabling BIG TCP"}
{"level":"info","msg":"Creating host endpoint","subsys":"daemon"}
{"error":"failed to craft ARP reply packet: invalid IPv4 address","ipAddr":"invalid IP","k8sPodName":"","level":"warning","msg":"Failed to send gratuitous arp","subsys":"l2-pod-announcements-garp"}
)");
  EXPECT_EQ(log.version, "1.17.1");
  EXPECT_EQ(log.big_tcp_setups, 1u);
  EXPECT_EQ(log.big_tcp_refusals.count, 1u);
  EXPECT_TRUE(log.garp_ready);
  EXPECT_EQ(log.host_endpoints, 1u);
  EXPECT_EQ(log.garp_known.count, 1u);
}

TEST(AgentLogTest, BothIssuesInTheWordsOf118) {
  const AgentLog log = Read(
      "time=2026-01-01T00:00:00Z level=warn msg=\"Failed to send gratuitous arp\" "
      "module=agent.datapath.l2-pod-announcements-garp error=\"failed to craft ARP reply packet: invalid IPv4 "
      "address\" k8sPodName=\"\" ipAddr=\"invalid IP\"\n"
      "time=2026-01-01T00:00:00Z level=warn msg=\"Could not modify IPv6 gro_max_size and gso_max_size, disabling BIG "
      "TCP\" device=eno3 error=\"invalid argument\"\n");
  EXPECT_EQ(log.garp_known.count, 1u);
  EXPECT_EQ(log.big_tcp_refusals.count, 1u);
}

TEST(AgentLogTest, BytesThatAreNoText) {
  using namespace std::string_view_literals;
  const std::string text =
      absl::StrCat("\xff\xfe\0\x80\n"sv, FirstStart(), "level=warn msg=\"BIG TCP \xff\xfe\0\" x=\x80\n"sv);
  const AgentLog log = Read(text);
  EXPECT_EQ(log.big_tcp_refusals.count, 1u);
  EXPECT_EQ(log.garp_known.count, 1u);
  EXPECT_EQ(log.big_tcp_trouble.count, 1u);
}

TEST(AgentLogTest, LinesThatQuoteAnIssueAreNone) {
  const AgentLog log = Read(
      "panic: Failed to send gratuitous arp\n"
      "level=info msg=\"Could not modify IPv4 gro_max_size and gso_max_size, disabling BIG TCP\"\n"
      "level=warning msg=\"exec: grep 'Setting up BIG TCPs'\"\n");
  EXPECT_EQ(log.garp_known.count + log.garp_others.count, 0u);
  EXPECT_EQ(log.big_tcp_refusals.count, 0u) << "an info line refuses nothing";
  EXPECT_EQ(log.big_tcp_setups, 0u);
}

TEST(AgentLogTest, ManyLinesAreCountedAndAFewAreKept) {
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    absl::StrAppend(&text, "level=warning msg=\"Failed to send gratuitous arp\" error=\"failed to open ARP socket\" ",
                    "ipAddr=10.0.0.1 k8sPodName=a/b pad=", std::string(5000, 'x'), "\n");
  }
  const AgentLog log = Read(text);
  EXPECT_EQ(log.garp_others.count, 1000u);
  EXPECT_EQ(log.garp_others.text.size(), Lines::kKept);
  EXPECT_LE(log.garp_others.text[0].size(), 2000u);
}

// A gigabyte, made as it is read, in the memory of a few megabytes.
TEST(AgentLogTest, AGigabyteInConstantMemory) {
  const std::string start = FirstStart();
  const std::string noise = Without(Without(Without(start, "BIG TCP"), "gratuitous"), "host endpoint");
  std::string block;
  while (block.size() < (4 << 20)) block += noise;
  const auto resident = [] {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;  // KiB
  };
  AgentLogReader reader;
  reader.Feed(start);
  const long before = resident();
  uint64_t fed = start.size();
  for (; fed < (uint64_t{1} << 30); fed += block.size()) reader.Feed(block);
  const AgentLog log = reader.Finish();
  EXPECT_EQ(log.bytes, fed);
  EXPECT_EQ(log.big_tcp_refusals.count, 1u);
  EXPECT_EQ(log.garp_known.count, 1u);
  EXPECT_EQ(log.host_endpoints, 1u);
  EXPECT_LT(resident() - before, 8 << 10);
}

}  // namespace
}  // namespace tales::known_issues
