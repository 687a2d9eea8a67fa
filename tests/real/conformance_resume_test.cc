// `tales verify` with the conformance tests in a pod, killed in the middle with all of its processes, and resumed.
#include <signal.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "fixtures/local/assets.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/base/subprocess.h"
#include "nlohmann/json.hpp"
#include "tests/real/local_cluster.h"
#include "tests/support/status_matchers.h"

namespace tales::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;

constexpr char kFocus[] =
    "focus:Watchers should observe add|Lease lease API|ConfigMap should be consumable via environment variable";

std::string TextOf(const fs::path& path) {
  auto text = ReadFile(path);
  return text.ok() ? *text : "";
}

TEST(ConformanceResumeTest, AKilledTalesGoesOnWithThePodThatStillRuns) {
  if (!NodesAreAvailable().ok()) GTEST_SKIP() << "real nodes: " << WhatLacks(NodesAreAvailable());
  if (const auto assets = FindAssets(ConformanceAssets(), {.may_build = false}); !assets.ok()) {
    GTEST_SKIP() << "the conformance image: " << WhatLacks(assets.status());
  }
  ASSERT_OK_AND_ASSIGN(LocalCluster cluster,
                       StartLocalCluster({}, fs::path(TALES_CLUSTERS) / "local-nodes.yaml", "cluster"));
  const fs::path out = cluster.folder.path() / "run", spool = out / "producers/conformance.run/spool.jsonl";
  Child::Options verify;
  verify.command.argv = {TALES_PROGRAM,
                         "verify",
                         "--kubeconfig",
                         cluster.access.kubeconfig.string(),
                         "--suite",
                         "conformance",
                         "--conformance",
                         kFocus,
                         "--conformance-runner",
                         "cluster",
                         "--allow",
                         "create",
                         "--out",
                         out.string()};
  verify.log_file = cluster.folder.path() / "first.log";
  ASSERT_OK_AND_ASSIGN(Child first, Child::Start(verify));
  ASSERT_OK(RetryUntil(Deadline::After(absl::Minutes(4)), "the first verdict", absl::Milliseconds(50), [&] {
    const std::string journal = TextOf(out / "events.jsonl");
    const size_t finished = journal.find("\"check\":\"conformance.case/");
    return finished != std::string::npos && absl::StrContains(journal.substr(finished), "\"finished\"")
               ? absl::OkStatus()
               : absl::UnavailableError(TextOf(verify.log_file));
  }));
  int producer = 0;
  ASSERT_TRUE(absl::SimpleAtoi(TextOf(absl::StrCat(spool.string(), ".group")), &producer));
  ASSERT_GT(producer, 1);
  kill(first.pid(), SIGKILL);
  kill(-producer, SIGKILL);
  EXPECT_TRUE(AllGone({producer}, absl::Seconds(10)));

  ASSERT_OK_AND_ASSIGN(const Finished resumed, tales::Run({.argv = {TALES_PROGRAM, "verify", "--resume", out.string()}},
                                                          Deadline::After(absl::Minutes(6))));
  EXPECT_EQ(resumed.exit_code, 0) << resumed.output << resumed.error_output;
  EXPECT_THAT(resumed.output, HasSubstr("attaching to pod"));
  const json report = json::parse(TextOf(out / "report.json"), nullptr, false);
  int cases = 0;
  for (const json& check : report.value("checks", json::array())) {
    if (!absl::StartsWith(check.value("check", ""), "conformance.case/")) continue;
    ++cases;
    EXPECT_EQ(check.value("verdict", ""), "passed") << check.dump();
  }
  EXPECT_EQ(cases, 3);
  EXPECT_TRUE(fs::exists(out / "producers/conformance.run/e2e-1/junit_01.xml"));
  EXPECT_OK(cluster.fixture->Down());
}

}  // namespace
}  // namespace tales::testing
