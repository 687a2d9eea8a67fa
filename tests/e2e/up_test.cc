// `tales up --verify post-install` with the whole product: the verification that it starts judges the machines'
// settings too.
#include <cstdlib>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "harness/base/file.h"
#include "harness/base/subprocess.h"
#include "nlohmann/json.hpp"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using Json = nlohmann::json;

// As in tests/lab/bringup_test.cc: the lab has written what `helm upgrade --install` of its Cilium sends.
constexpr char kHelm[] = R"(#!/bin/sh
[ "$1" = upgrade ] || exit 0
exec kubectl apply --server-side --force-conflicts -f "$LAB/cilium.yaml" >/dev/null
)";

class UpTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* program : {"talosctl", "kubectl"})
      if (!FindProgram(program).ok()) GTEST_SKIP() << program << " is not on PATH";
    std::filesystem::create_directories(folder_.path() / "bin");
    ASSERT_OK(WriteFileAtomically(folder_.path() / "bin/helm", kHelm, 0755));
    absl::StatusOr<Child> lab = Child::Start({.command = {.argv = {Binary(), "lab", "--state", "off", "--out", Lab()}},
                                              .log_file = folder_.path() / "lab.log"});
    ASSERT_OK(lab);
    lab_.emplace(*std::move(lab));
    ASSERT_OK(RetryUntil(Deadline::After(absl::Seconds(20)), "the lab", absl::Milliseconds(20),
                         [&] { return ReadFile(folder_.path() / "lab/ready").status(); }));
  }
  static std::string Binary() { return std::getenv("TALES_BINARY"); }
  std::string Lab() const { return (folder_.path() / "lab").string(); }

  Finished Tales(std::vector<std::string> arguments) const {
    Command command{.argv = {Binary()}};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    command.environment = {{"LAB", Lab()},
                           {"HOME", folder_.path().string()},
                           {"PATH", absl::StrCat((folder_.path() / "bin").string(), ":", std::getenv("PATH"))}};
    const absl::StatusOr<Finished> finished = tales::Run(command, Deadline::After(absl::Minutes(3)));
    EXPECT_OK(finished);
    return finished.value_or(Finished{});
  }
  Finished Up() const {
    return Tales({"up", "--cluster", Lab() + "/up.yaml", "--state", (folder_.path() / "state").string(), "--verify",
                  "post-install", "--unattended"});
  }
  // Of the newest verification.
  Json Report() const {
    std::filesystem::path newest;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path() / "state/runs"))
      if (entry.path().filename().string().starts_with("verify-") && entry.path() > newest) newest = entry.path();
    return Json::parse(ReadFile(newest / "report.json").value_or(""), nullptr, false);
  }
  static std::string Verdict(const Json& report, std::string_view check) {
    for (const Json& one : report.value("checks", Json::array()))
      if (one.value("check", "") == check) return one.value("verdict", "");
    return "not there";
  }

  const TemporaryFolder folder_ = *TemporaryFolder::Make("tales-up");
  std::optional<Child> lab_;
};

TEST_F(UpTest, TheMachinesSettingsAreJudged) {
  const Finished up = Up();
  ASSERT_EQ(up.exit_code, 0) << up.output << up.error_output;
  Json report = Report();
  for (const char* node : {"control", "worker"})
    EXPECT_EQ(Verdict(report, absl::StrCat("health.vm_settings/", node)), "passed");
  EXPECT_EQ(report["run"]["simulated"], true);

  // Changed in the host's user interface since: seen by the next run.
  EXPECT_EQ(Tales({"lab", "fault", "--out", Lab(), "lab:vm-setting=worker/video"}).exit_code, 0);
  EXPECT_EQ(Up().exit_code, 1);
  report = Report();
  EXPECT_EQ(Verdict(report, "health.vm_settings/control"), "passed");
  EXPECT_EQ(Verdict(report, "health.vm_settings/worker"), "failed");
}

}  // namespace
}  // namespace tales
