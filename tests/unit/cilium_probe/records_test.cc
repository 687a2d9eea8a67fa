#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "suites/cilium/probe/executor.h"
#include "suites/cilium/probe/probe.h"
#include "suites/cilium/probe/ways.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/cilium_probe/places.h"

namespace tales::cilium::probe {
namespace {

using testing::Get;
using ::testing::HasSubstr;

TEST(UrlTest, OfEitherFamilyAndOfWhatHasNoAddressYet) {
  EXPECT_EQ(Url("10.0.1.7", 8080), "http://10.0.1.7:8080/hostname");
  EXPECT_EQ(Url("fd00::7", 80, "/"), "http://[fd00::7]:80/");
  EXPECT_EQ(Url("", 8080), "http://ADDRESS:8080/hostname");
}

TEST(RecordsTest, AreReadByTheirNumbers) {
  ASSERT_OK_AND_ASSIGN(
      auto answers, ParseRecords("probe 1 28 curl: (28) Connection timed out\nprobe 0 0 server-1 200\nprobes 2\n", 2));
  EXPECT_EQ(answers[0].code, 0);
  EXPECT_EQ(answers[0].text, "server-1 200");
  EXPECT_EQ(answers[1].code, 28);
}

TEST(RecordsTest, OnesThatAreNotWholeAreNone) {
  for (const char* output :
       {"", "probe 0 0 x\n", "probe 0 0 x\nprobes 1\n", "probe 0 0 x\nprobe 2 0 y\nprobes 2\n", "sh: not found\n",
        "probe 0 0 x\nprobe 0 0 x\nprobes 2\n", "probe 0 zero x\nprobe 1 0 y\nprobes 2\n"}) {
    EXPECT_TRUE(absl::IsDataLoss(ParseRecords(output, 2).status())) << output;
  }
}

TEST(OutsideTest, IsProbedByTheSameScript) {
  const Deadline deadline = Deadline::After(absl::Seconds(30));
  ASSERT_OK_AND_ASSIGN(const auto answers,
                       RunOutside("env", {{"get", "http://127.0.0.1:1/"}, {"nothing"}}, 2, deadline));
  EXPECT_EQ(answers[0].code, 7) << answers[0].text;
  EXPECT_EQ(answers[1].code, 127);
  EXPECT_FALSE(RunOutside("/no/such/program", {{"nothing"}}, 1, deadline).ok());
  EXPECT_TRUE(absl::IsDataLoss(RunOutside("false", {{"nothing"}}, 1, deadline).status()));
}

TEST(ResultTest, SaysWhatAnExitCodeMeans) {
  const auto result = [](std::vector<std::string> words, int code, std::string text = "") {
    Tried tried = Get("a", "b", code, text);
    tried.probe.words = std::move(words);
    return ResultOf(tried);
  };
  EXPECT_EQ(result({"get", "u"}, 0), Result::kAnswer);
  EXPECT_EQ(result({"get", "u"}, 28), Result::kSilence);
  EXPECT_EQ(result({"get", "u"}, 7), Result::kRefused);
  EXPECT_EQ(result({"get", "u"}, 56), Result::kWrong);
  EXPECT_EQ(result({"get", "u"}, 127), Result::kNotRun);
  EXPECT_EQ(result({"ping", "a"}, 1, "100% packet loss"), Result::kSilence);
  EXPECT_EQ(result({"ping", "a"}, 1, "local error: message too long, mtu=1450"), Result::kTooBig);
  EXPECT_EQ(result({"ping", "a"}, 1, "Destination Host Unreachable"), Result::kRefused);
  EXPECT_EQ(result({"mtu", "a"}, 10), Result::kTooBig);
  EXPECT_EQ(result({"mtu", "a"}, 11), Result::kWrong);
  EXPECT_EQ(result({"mtu", "a"}, 10, "ping: invalid option -- 'M'"), Result::kNotRun);
  EXPECT_EQ(result({"dig", "s"}, 9), Result::kSilence);
  EXPECT_EQ(result({"dig", "s"}, 0), Result::kAnswer);
}

TEST(ResultTest, AnAnswerHasToBeTheRightOne) {
  Tried tried = Get("a", "b", 0, "server-2 200");
  tried.probe.texts = {"server-1 200"};
  EXPECT_EQ(ResultOf(tried), Result::kWrong);
  EXPECT_FALSE(Holds(tried));
  EXPECT_THAT(Describe(tried), HasSubstr("server-2"));
}

TEST(ResultTest, OnlySilenceIsADenial) {
  for (const auto& [code, holds] : {std::pair{28, true}, {0, false}, {7, false}, {127, false}}) {
    Tried tried = Get("a", "b", code);
    tried.probe.want = Want::kSilence;
    EXPECT_EQ(Holds(tried), holds) << code;
  }
}

TEST(WaysTest, CountsTokensWhereTheyArrived) {
  const std::string log =
      "Echoing way-r-1-2-1 to UDP client\nEchoing way-r-1-2-10 to\nEchoing way-r-1-2-1 to\nway-r-2-1-3\n";
  EXPECT_EQ(CountTokens(log, "way-r-1-2", 10), 2);
  EXPECT_EQ(CountTokens(log, "way-r-2-1", 10), 1);
  EXPECT_EQ(CountTokens(log, "way-r-1-3", 10), 0);
  EXPECT_EQ(CountWatched("watched: 10 10.6.0.11>41001 3 10.6.0.13>41003", "10.6.0.11", 41001, 10), 10);
  EXPECT_EQ(CountWatched("watched: 20 10.6.0.11>41001", "10.6.0.11", 41001, 10), 10);
  EXPECT_EQ(CountWatched("watched:", "10.6.0.11", 41001, 10), 0);
}

TEST(WaysTest, ALateDatagramIsNotALostWay) {
  EXPECT_FALSE((Way{.sent = 10, .arrived = 9}).broken());
  EXPECT_TRUE((Way{.sent = 10, .arrived = 8}).broken());
  EXPECT_FALSE((Way{.sent = 0, .arrived = 0}).broken());
}

}  // namespace
}  // namespace tales::cilium::probe
