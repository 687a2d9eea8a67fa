#include "harness/logs/log_line.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace tales::logs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(LogLineTest, Logrus) {
  const LogLine line = ParseLogLine(
      R"(time="2026-11-22T21:16:02.045862768Z" level=warning msg="Failed to send gratuitous arp" error="failed to craft ARP reply packet: invalid IPv4 address" ipAddr="invalid IP" k8sPodName= subsys=l2-pod-announcements-garp)");
  EXPECT_EQ(line.format, LogLine::Format::kLogfmt);
  EXPECT_EQ(line.level, Level::kWarning);
  EXPECT_EQ(line.time, "2026-11-22T21:16:02.045862768Z");
  EXPECT_EQ(line.message, "Failed to send gratuitous arp");
  EXPECT_THAT(line.fields, ElementsAre(Pair("error", "failed to craft ARP reply packet: invalid IPv4 address"),
                                       Pair("ipAddr", "invalid IP"), Pair("k8sPodName", ""),
                                       Pair("subsys", "l2-pod-announcements-garp")));
  EXPECT_TRUE(line.Has("k8sPodName"));
  EXPECT_FALSE(line.Has("device"));
}

TEST(LogLineTest, Slog) {
  const LogLine line = ParseLogLine(
      R"(time=2026-11-22T21:16:00Z level=warn msg="Could not modify IPv4" module=agent.datapath.bigtcp device=eth0 error="invalid argument")");
  EXPECT_EQ(line.level, Level::kWarning);
  EXPECT_EQ(line.time, "2026-11-22T21:16:00Z");
  EXPECT_EQ(line.Field("module"), "agent.datapath.bigtcp");
  EXPECT_EQ(line.Field("error"), "invalid argument");
}

TEST(LogLineTest, QuotesAsGoWritesThem) {
  const LogLine line =
      ParseLogLine(R"(time=x level=info msg="a \"b\"\tc \\ \x00" policyID.Added="[1]" "odd key"=v k=a"b =x last=)");
  EXPECT_EQ(line.message, std::string("a \"b\"\tc \\ \0", 11));
  EXPECT_THAT(line.fields,
              ElementsAre(Pair("policyID.Added", "[1]"), Pair("odd key", "v"), Pair("k", "a\"b"), Pair("last", "")));
}

TEST(LogLineTest, Json) {
  const LogLine line = ParseLogLine(
      R"({"count":3,"error":"invalid argument","level":"warning","msg":"x \u00e9","nested":{"a":[1]},"time":"t"})");
  EXPECT_EQ(line.format, LogLine::Format::kJson);
  EXPECT_EQ(line.level, Level::kWarning);
  EXPECT_EQ(line.message, "x \xc3\xa9");
  EXPECT_THAT(line.fields, ElementsAre(Pair("count", "3"), Pair("error", "invalid argument")));
  EXPECT_EQ(ParseLogLine(R"({"severity":"ERROR","message":"m","ts":1.5})").level, Level::kError);
}

TEST(LogLineTest, Klog) {
  const LogLine plain = ParseLogLine("W1122 21:16:02.045862       1 reflector.go:569] failed to list \"x\": gone");
  EXPECT_EQ(plain.format, LogLine::Format::kKlog);
  EXPECT_EQ(plain.level, Level::kWarning);
  EXPECT_EQ(plain.message, "failed to list \"x\": gone");
  EXPECT_EQ(plain.time, "1122 21:16:02.045862");
  const LogLine structured = ParseLogLine(R"(E1122 21:16:02.045862   12 a.go:1] "Unhandled Error" err="no \"x\"" n=1)");
  EXPECT_EQ(structured.level, Level::kError);
  EXPECT_EQ(structured.message, "Unhandled Error");
  EXPECT_EQ(structured.Field("err"), "no \"x\"");
}

TEST(LogLineTest, WhatIsNoneOfThemIsPlain) {
  for (const char* text : {"", " ", "panic: runtime error", "Warning: x", "{\"level\":", "[1]", "{}x", "W1122 21:16",
                           "W1122 21:16:02.045862 no bracket", "X1122 21:16:02.045862 1 a.go:1] x", "key=value"}) {
    const LogLine line = ParseLogLine(text);
    EXPECT_EQ(line.format, LogLine::Format::kPlain) << text;
    EXPECT_EQ(line.level, Level::kNone) << text;
    EXPECT_EQ(line.message, text);
    EXPECT_THAT(line.fields, IsEmpty());
  }
}

TEST(LogLineTest, HostileLinesDoNotHurt) {
  using namespace std::string_view_literals;
  ParseLogLine("level=warn msg=\"no end");
  ParseLogLine("level=warn msg=\"ends in a backslash\\");
  ParseLogLine("level=\0warn \xff\xfe=\x80\0"sv);
  EXPECT_EQ(ParseLogLine("level=warn msg=\"\\xzz\"").message, "\\xzz");
  ParseLogLine(absl::StrCat("{\"a\":", std::string(100000, '['), std::string(100000, ']'), "}"));
  ParseLogLine(std::string(100000, '{'));
}

std::vector<std::string> Trouble(std::string_view log) {
  std::vector<std::string> trouble;
  auto scanner = LineScanner::Make(TroublePatterns(), [&](const FoundLine& line) {
    if (IsTrouble(line.text, ParseLogLine(line.text))) trouble.emplace_back(line.text);
  });
  EXPECT_OK(scanner);
  scanner->Feed(log);
  scanner->Finish();
  return trouble;
}

TEST(TroubleTest, WarningsAndWorseOfEveryFormatInOneStream) {
  const std::vector<std::string> bad = {"level=warning msg=a",
                                        "time=x level=warn msg=b",
                                        "time=x level=WARN msg=b",
                                        "time=x level=error msg=c",
                                        "time=x level=fatal msg=c",
                                        R"({"level":"warning","msg":"d"})",
                                        R"({"level": "ERROR", "msg": "d"})",
                                        "W1122 21:16:02.045862       1 a.go:1] e",
                                        "F1122 21:16:02.045862       1 a.go:1] f",
                                        "panic: runtime error",
                                        "[2026-01-01][critical][main] g"};
  const std::vector<std::string> good = {"level=info msg=\"level=error is quoted\"",
                                         "time=x level=info error=\"x\"",
                                         R"({"level":"info","error":"y"})",
                                         "I1122 21:16:02.045862  1 a.go:1] =error",
                                         "Everything",
                                         "WARNING is not klog",
                                         ""};
  std::string log;
  for (size_t i = 0; i < std::max(bad.size(), good.size()); ++i) {
    if (i < good.size()) absl::StrAppend(&log, good[i], "\n");
    if (i < bad.size()) absl::StrAppend(&log, bad[i], "\n");
  }
  EXPECT_EQ(Trouble(log), bad);
}

}  // namespace
}  // namespace tales::logs
