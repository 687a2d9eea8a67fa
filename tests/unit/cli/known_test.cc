#include "harness/cli/known.h"

#include <fstream>
#include <sstream>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/base/file.h"
#include "nlohmann/json.hpp"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Json = nlohmann::json;

constexpr char kCluster[] = R"(version: 1
cluster: x
cilium: {namespace: cilium, version: 1.17.1}
knownIssues:
  - {id: KI-GARP, link: "https://x/1", reason: no address, until: {cilium: ">=1.19.0"}}
  - {id: flake, checks: ["a.b", "conformance.case/[sig-x] *"], link: "https://x/2", reason: under work, until: 2999-12-31}
)";

class KnownTest : public ::testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<TemporaryFolder> folder = TemporaryFolder::Make("tales-known");
    ASSERT_OK(folder);
    folder_.emplace(*std::move(folder));
  }
  std::string Path(std::string_view name) const { return (folder_->path() / std::string(name)).string(); }
  std::string Write(std::string_view name, std::string_view text) {
    std::ofstream(Path(name)) << text;
    return Path(name);
  }

  // Its exit code; what it says is in `out` and `err`.
  int Known(std::vector<std::string> arguments) {
    const Registry registry;
    std::ostringstream output, errors;
    CliContext context{registry, output, errors};
    CLI::App app;
    AddKnownCommand(app, context);
    arguments.insert(arguments.begin(), "known");
    std::reverse(arguments.begin(), arguments.end());
    app.parse(arguments);
    out = output.str();
    err = errors.str();
    return context.exit_code;
  }

  std::string Journal(const std::string& cluster_file, const std::string& cilium) {
    const Json run = {{"event", "run"},
                      {"run", "2026-01-01T00-00-00Z-0001"},
                      {"cluster", {{"cilium", cilium}}},
                      {"request", {{"cluster_file", cluster_file}}}};
    std::string text = run.dump() + "\n";
    for (const auto& [check, verdict] :
         {std::pair{"known_issues.KI-GARP/a", "known"}, {"known_issues.KI-GARP/b", "resolved"}, {"a.b", "passed"}}) {
      text += Json{{"event", "planned"}, {"check", check}}.dump() + "\n";
      Json finished = {{"event", "finished"}, {"check", check}, {"verdict", verdict}, {"duration", 0.1}};
      if (std::string_view(verdict) != "passed") finished["issue"] = "KI-GARP";
      text += finished.dump() + "\n";
    }
    return Write("events.jsonl", text);
  }

  std::optional<TemporaryFolder> folder_;
  std::string out, err;
};

TEST_F(KnownTest, TheLedgerOfAClusterFile) {
  EXPECT_EQ(Known({"--cluster", Write("c.yaml", kCluster)}), 0) << err;
  EXPECT_THAT(out,
              AllOf(HasSubstr("KI-GARP  open, until cilium >=1.19.0\n"), HasSubstr("flake    open, until 2999-12-31 ("),
                    HasSubstr("checks: a.b, conformance.case/[sig-x] *"), HasSubstr("2 known issues\n")));
}

TEST_F(KnownTest, WhatHasExpiredOrIsInvalidFails) {
  EXPECT_EQ(Known({"--cluster", Write("c.yaml",
                                      "version: 1\ncluster: x\nknownIssues:\n"
                                      "  - {id: one, checks: [a.b], link: \"https://x\", reason: r, until: "
                                      "2020-01-01}\n  - {id: two, checks: [a.b]}\n")}),
            1);
  EXPECT_THAT(out, AllOf(HasSubstr("one  expired, until 2020-01-01"), HasSubstr("expired: 2020-01-01 is over"),
                         HasSubstr("two  invalid, until never"), HasSubstr("has no link, no reason, no expiry"),
                         HasSubstr("2 known issues, 2 expired or invalid")));
}

TEST_F(KnownTest, ARunSaysWhereTheyWereMetAndWhichVersionsCount) {
  const std::string journal = Journal(Write("c.yaml", kCluster), "1.19.2");
  EXPECT_EQ(Known({"--run", folder_->path().string()}), 1);
  EXPECT_THAT(
      out, AllOf(HasSubstr("KI-GARP  expired, until cilium >=1.19.0"), HasSubstr("expired: cilium 1.19.2 is >=1.19.0"),
                 HasSubstr("known in known_issues.KI-GARP/a\n"), HasSubstr("resolved in known_issues.KI-GARP/b\n"),
                 HasSubstr("not met in the run"), HasSubstr("run 2026-01-01T00-00-00Z-0001")));
  Journal("", "1.17.1");
  EXPECT_EQ(Known({"--run", journal}), 2);
  EXPECT_THAT(err, HasSubstr("names no cluster file; add the one that holds the ledger: --cluster FILE"));
  EXPECT_EQ(Known({"--run", journal, "--cluster", Path("c.yaml")}), 0) << err;
}

TEST_F(KnownTest, JsonForPrograms) {
  Journal(Write("c.yaml", kCluster), "");
  EXPECT_EQ(Known({"--run", folder_->path().string(), "--json"}), 0) << err;
  const Json all = Json::parse(out);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0]["id"], "KI-GARP");
  EXPECT_EQ(all[0]["state"], "open");
  EXPECT_EQ(all[0]["until"], Json({{"cilium", ">=1.19.0"}}));
  EXPECT_EQ(all[0]["classifier"], true);
  EXPECT_THAT(all[0]["known"], ElementsAre("known_issues.KI-GARP/a"));
  EXPECT_EQ(all[1]["until"], "2999-12-31");
  EXPECT_GT(all[1]["days_left"], 300000);
}

TEST_F(KnownTest, UsageErrors) {
  EXPECT_EQ(Known({}), 2);
  EXPECT_THAT(err, HasSubstr("--cluster FILE"));
  EXPECT_EQ(Known({"--cluster", Path("gone.yaml")}), 2);
  EXPECT_THAT(err, HasSubstr("gone.yaml"));
  EXPECT_EQ(Known({"--run", Path("gone")}), 2);
}

}  // namespace
}  // namespace tales
