#include "suites/cilium/status_cli.h"

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/cilium/data.h"

namespace tales::cilium {
namespace {

using ::tales::testing::StatusIs;
using ::testing::_;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const OwnReading kOwn{{}, {"cilium-5dnsf", "cilium-lbwpk"}, {{"cilium", 2, 2}, {"cilium-operator", 1, 1}}};
constexpr char kCommand[] = "cilium status -n cilium";

TEST(CliStatus, TheRecordedOneAgrees) {
  const auto cli = ParseCliStatus(Recorded("cli-status.json"));
  ASSERT_OK(cli);
  EXPECT_THAT(cli->troubles, IsEmpty());
  EXPECT_THAT(JudgeCliStatus(*cli, kOwn, kCommand), IsEmpty());
}

TEST(CliStatus, ItsErrorsAndWarningsAreToldWithWhatWeSaw) {
  Json json = RecordedJson("cli-status.json");
  json["errors"]["cilium"]["cilium-5dnsf"] = {
      {"Errors", {"controller x failing"}}, {"Warnings", {"1 endpoints are not ready"}}, {"Disabled", false}};
  json["collection_errors"] = Json::array({Json::object()});
  const auto cli = ParseCliStatus(json.dump());
  ASSERT_OK(cli);
  OwnReading own = kOwn;
  auto problems = JudgeCliStatus(*cli, own, kCommand);
  ASSERT_THAT(problems, SizeIs(3));
  EXPECT_EQ(problems[0].found, "cilium cilium-5dnsf: error: controller x failing (our own reading saw nothing of it)");
  own.troubles = {"x has failed 3 times"};
  EXPECT_EQ(JudgeCliStatus(*cli, own, kCommand)[1].found, "cilium cilium-5dnsf: warning: 1 endpoints are not ready");
}

TEST(CliStatus, DisagreementIsAProblemOfItsOwn) {
  const auto cli = ParseCliStatus(Recorded("cli-status.json"));
  OwnReading own = kOwn;
  own.troubles = {"hubble is Failure"};
  own.agents.insert("cilium-new");
  own.workloads[0].ready = 1;
  const auto problems = JudgeCliStatus(*cli, own, kCommand);
  ASSERT_THAT(problems, SizeIs(3));
  EXPECT_THAT(problems[0].found, HasSubstr("it sees no trouble; we read: hubble is Failure"));
  EXPECT_THAT(problems[1].expected, HasSubstr("cilium-new"));
  EXPECT_THAT(problems[2].found, HasSubstr("2 of 2"));
}

TEST(CliStatus, WhatIsNotTheClisIsRefused) {
  const std::string whole = Recorded("cli-status.json");
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{}"), whole.substr(0, whole.size() / 2),
        std::string("Error: Unable to determine status"), std::string(300'000, '[')})
    EXPECT_THAT(ParseCliStatus(text), StatusIs(absl::StatusCode::kInvalidArgument, _)) << text.substr(0, 40);
  const auto odd =
      ParseCliStatus(R"({"pod_state":{"a":[]},"errors":{"c":{"p":{"Errors":"x"},"q":7},"d":[]},"cilium_status":[]})");
  ASSERT_OK(odd);
  EXPECT_THAT(odd->troubles, IsEmpty());
}

}  // namespace
}  // namespace tales::cilium
