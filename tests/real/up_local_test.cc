// `tales up`, `status`, `down` and `nightly` where the cluster is `tales local`'s: a real control plane that stays.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/base/file.h"
#include "harness/base/subprocess.h"
#include "tests/real/local_cluster.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

class UpLocal : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!testing::ControlPlaneIsAvailable().ok()) GTEST_SKIP() << testing::ControlPlaneIsAvailable().message();
    ASSERT_OK_AND_ASSIGN(TemporaryFolder folder, TemporaryFolder::Make("tales-up-local"));
    folder_.emplace(std::move(folder));
    // What is kept up outlives its starter, and so a test that is killed: a shell waits for our end and takes it down.
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    lifeline_ = ends[1];
    Child::Options sweeper{
        .command = {.argv = {"/bin/sh", "-c", "trap '' INT TERM; read -r _; exec \"$@\"", "sweeper"}},
        .dies_with_us = false,
        .descriptors = {{0, ends[0]}}};
    const std::vector<std::string> down = Arguments("down", {"--unattended"});
    sweeper.command.argv.insert(sweeper.command.argv.end(), down.begin(), down.end());
    absl::StatusOr<Child> started = Child::Start(sweeper);
    close(ends[0]);
    ASSERT_OK(started);
    sweeper_.emplace(*std::move(started));
  }
  void TearDown() override {
    if (lifeline_ >= 0) close(lifeline_);
    if (!sweeper_.has_value()) return;
    const std::optional<Finished> end = sweeper_->Wait(Deadline::After(absl::Minutes(2)));
    EXPECT_TRUE(end.has_value() && end->exit_code == 0);
  }
  std::vector<std::string> Arguments(const std::string& verb, const std::vector<std::string>& more) {
    std::vector<std::string> argv = {
        TALES_PROGRAM, verb, "--cluster", absl::StrCat(TALES_CLUSTERS, "/local.yaml"), "--state", state().string()};
    argv.insert(argv.end(), more.begin(), more.end());
    return argv;
  }
  Finished Tales(const std::string& verb, const std::vector<std::string>& more = {}) {
    const absl::StatusOr<Finished> finished =
        tales::Run({.argv = Arguments(verb, more)}, Deadline::After(absl::Minutes(5)));
    EXPECT_OK(finished);
    return finished.value_or(Finished{});
  }
  fs::path LastNight() const {
    fs::path last;
    for (const auto& night : fs::directory_iterator(state() / "nights")) last = std::max(last, night.path());
    return last;
  }
  fs::path state() const { return folder_->path() / "state"; }
  pid_t Server() const {
    pid_t pid = 0;
    EXPECT_TRUE(absl::SimpleAtoi(ReadFile(state() / "local" / ".lock").value_or(""), &pid));
    return pid;
  }

  std::optional<TemporaryFolder> folder_;
  std::optional<Child> sweeper_;
  int lifeline_ = -1;
};

TEST_F(UpLocal, StaysUntilItIsTakenDown) {
  EXPECT_THAT(Tales("status").output, HasSubstr("not there"));
  const Finished up = Tales("up", {"--unattended", "--verify", "health"});
  ASSERT_EQ(up.exit_code, 0) << up.output << up.error_output;
  EXPECT_THAT(up.output, HasSubstr("judged"));
  EXPECT_THAT(Tales("status").output, HasSubstr("serves"));
  const std::vector<pid_t> processes = testing::ControlPlaneProcessesOf(Server());
  EXPECT_EQ(processes.size(), 4);
  const pid_t server = Server();
  const Finished again = Tales("up", {"--unattended", "--verify", "none"});
  EXPECT_EQ(again.exit_code, 0) << again.output << again.error_output;
  EXPECT_EQ(Server(), server) << "the same that is there";
  const Finished power = Tales("power", {});
  EXPECT_NE(power.exit_code, 0);
  const Finished down = Tales("down", {"--unattended"});
  EXPECT_EQ(down.exit_code, 0) << down.output << down.error_output;
  EXPECT_TRUE(testing::AllGone(processes, absl::Seconds(10)));
  EXPECT_TRUE(testing::AllGone({server}, absl::Seconds(10)));
  EXPECT_FALSE(fs::exists(state() / "local" / "state")) << "keys are left";
}

TEST_F(UpLocal, ComesUpAgainAfterMinus9) {
  ASSERT_EQ(Tales("up", {"--unattended", "--verify", "none"}).exit_code, 0);
  const pid_t server = Server();
  const std::vector<pid_t> processes = testing::ControlPlaneProcessesOf(server);
  ASSERT_EQ(kill(server, SIGKILL), 0);
  EXPECT_TRUE(testing::AllGone(processes, absl::Seconds(10)));
  const Finished up = Tales("up", {"--unattended", "--verify", "health"});
  EXPECT_EQ(up.exit_code, 0) << up.output << up.error_output;
  EXPECT_NE(Server(), server);
}

TEST_F(UpLocal, TwoNightsThatLeaveNothing) {
  for (int night = 1; night <= 2; ++night) {
    const Finished finished = Tales("nightly", {"--profile", "health", "--then-down"});
    EXPECT_EQ(finished.exit_code, 0) << finished.output << finished.error_output;
    EXPECT_EQ(absl::StrContains(finished.output, "compared"), night == 2) << finished.output;
    EXPECT_THAT(finished.output, HasSubstr("/whole"));
    EXPECT_THAT(Tales("status").output, HasSubstr("not there"));
  }
  EXPECT_FALSE(fs::exists(state() / "local" / "state"));
}

// What was up before it goes too.
TEST_F(UpLocal, ANightWhoseTimeIsOverGoesDownAllTheSame) {
  ASSERT_EQ(Tales("up", {"--unattended", "--verify", "none"}).exit_code, 0);
  const std::vector<pid_t> processes = testing::ControlPlaneProcessesOf(Server());
  const Finished finished = Tales("nightly", {"--deadline", "1ms", "--then-down"});
  EXPECT_EQ(finished.exit_code, 3) << finished.output << finished.error_output;
  // In `down`, or where that was over before anybody looked, in `up`.
  EXPECT_THAT(finished.error_output, HasSubstr("the time for the whole is over, in part "));
  EXPECT_THAT(finished.error_output, Not(HasSubstr("in part then-down")));
  EXPECT_THAT(Tales("status").output, HasSubstr("not there"));
  EXPECT_TRUE(testing::AllGone(processes, absl::Seconds(10)));
  EXPECT_TRUE(fs::exists(LastNight() / "whole" / "junit.xml"));
}

TEST_F(UpLocal, AnInterruptedNightSaysThatTheClusterStays) {
  const fs::path log = folder_->path() / "log";
  absl::StatusOr<Child> night =
      Child::Start({.command = {.argv = Arguments("nightly", {"--then-down"})}, .log_file = log});
  ASSERT_OK(night);
  ASSERT_OK(RetryUntil(Deadline::After(absl::Minutes(2)), "part up", absl::Milliseconds(20), [&] {
    return absl::StrContains(ReadFile(log).value_or(""), "== up") ? absl::OkStatus() : absl::NotFoundError("not yet");
  }));
  kill(night->pid(), SIGINT);
  const std::optional<Finished> end = night->Wait(Deadline::After(absl::Minutes(3)));
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->exit_code, 130);
  const std::string said = ReadFile(log).value_or("");
  EXPECT_THAT(said, HasSubstr("the cluster stays as it is: tales down --cluster "));
  EXPECT_THAT(said, Not(HasSubstr("== then-down")));
  EXPECT_TRUE(fs::exists(LastNight() / "whole" / "junit.xml"));
}

TEST_F(UpLocal, NeedsNoClusterFile) {
  const auto run = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), TALES_PROGRAM);
    arguments.insert(arguments.end(), {"--fixture", "local", "--state", state().string()});
    const absl::StatusOr<Finished> finished = tales::Run({.argv = arguments}, Deadline::After(absl::Minutes(5)));
    EXPECT_OK(finished);
    return finished.value_or(Finished{});
  };
  const Finished up = run({"up", "--unattended"});
  EXPECT_EQ(up.exit_code, 0) << up.output << up.error_output;
  EXPECT_THAT(run({"status"}).output, HasSubstr("serves"));
  EXPECT_EQ(run({"down", "--unattended"}).exit_code, 0);
  EXPECT_THAT(run({"status"}).output, HasSubstr("not there"));
  const Finished planned = run({"up", "--nodes", "2", "--cni", "cilium", "--plan"});
  EXPECT_EQ(planned.exit_code, 0) << planned.error_output;
  const std::string wanted = ReadFile(state() / "wanted.yaml").value_or("");
  EXPECT_THAT(wanted, HasSubstr("10.6.0.12"));
  EXPECT_THAT(wanted, HasSubstr("kubeProxyReplacement: true"));
}

TEST_F(UpLocal, WhatCannotBeIsRefused) {
  EXPECT_EQ(Tales("up", {"--nodes", "2"}).exit_code, 2) << "the cluster file says how many";
  const Finished merge = Tales("up", {"--merge-kubeconfig"});
  EXPECT_EQ(merge.exit_code, 2);
  EXPECT_THAT(merge.error_output, HasSubstr("keys of its own"));
  Command power{.argv = {TALES_PROGRAM, "power", "off", "node-1", "--cluster",
                         absl::StrCat(TALES_CLUSTERS, "/local.yaml"), "--state", state().string()}};
  ASSERT_OK_AND_ASSIGN(const Finished refused, tales::Run(power, Deadline::After(absl::Minutes(1))));
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.error_output, HasSubstr("have no switch"));
}

}  // namespace
}  // namespace tales
