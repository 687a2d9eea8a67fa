// Trouble that a person meets: machines that are down, silent or talk nonsense, files that are no credentials, two runs
// at once, nobody at the terminal. Each time: the right exit, in time, a message that names the cause, nothing else
// hurt.
#include <cstdlib>
#include <filesystem>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "harness/base/file.h"
#include "harness/base/subprocess.h"
#include "harness/kube/client.h"
#include "nlohmann/json.hpp"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

std::string Binary() { return std::getenv("TALES_BINARY"); }

class TroubleTest : public ::testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<TemporaryFolder> folder = TemporaryFolder::Make("tales-trouble");
    ASSERT_OK(folder);
    folder_.emplace(*std::move(folder));
  }
  std::string Path(std::string_view name) const { return (folder_->path() / std::string(name)).string(); }
  static Command Tales(std::vector<std::string> arguments) {
    Command command{.environment = {{"KUBECONFIG", ""}, {"TALOSCONFIG", ""}, {"NO_COLOR", ""}}};
    command.argv = {Binary()};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    return command;
  }
  Finished Run(std::vector<std::string> arguments) {
    absl::StatusOr<Finished> finished = tales::Run(Tales(std::move(arguments)), Deadline::After(absl::Minutes(2)));
    EXPECT_OK(finished);
    return finished.ok() ? *finished : Finished{};
  }
  void StartLab(const std::vector<std::string>& faults = {}) {
    Child::Options options{.command = Tales({"lab", "--out", Path("lab")}), .log_file = Path("lab.log")};
    for (const std::string& fault : faults) {
      options.command.argv.insert(options.command.argv.end(), {"--fault", fault});
    }
    absl::StatusOr<Child> lab = Child::Start(options);
    ASSERT_OK(lab);
    lab_.emplace(*std::move(lab));
    ASSERT_OK(RetryUntil(Deadline::After(absl::Seconds(30)), "the lab", absl::Milliseconds(20), [&]() -> absl::Status {
      return std::filesystem::exists(Path("lab/ready")) ? absl::OkStatus()
                                                        : absl::UnavailableError("it does not serve yet");
    }));
  }
  std::vector<std::string> Adopt(const std::string& out) const {
    return {
        "verify", "--talosconfig", Path("lab/talosconfig"), "--kubeconfig", Path("lab/kubeconfig"), "--settle", "0s",
        "--out",  Path(out)};
  }
  // The checks that failed or are in error.
  std::set<std::string> Red(const std::string& out) {
    const absl::StatusOr<std::string> text = ReadFile(Path(out + "/report.json"));
    EXPECT_OK(text);
    const Json report = text.ok() ? Json::parse(*text, nullptr, false) : Json();
    std::set<std::string> red;
    if (!report.is_object()) return red;
    for (const Json& check : report.value("checks", Json::array())) {
      const std::string verdict = check.value("verdict", "");
      if (verdict == "failed" || verdict == "error") red.insert(check.value("check", ""));
    }
    return red;
  }
  std::optional<TemporaryFolder> folder_;
  std::optional<Child> lab_;
};

// The worker alone is in trouble: one root that is red, in time, and the control plane is judged as ever.
class OneNodeInTrouble : public TroubleTest, public ::testing::WithParamInterface<std::string> {};

TEST_P(OneNodeInTrouble, IsOneFailureInTime) {
  StartLab({absl::StrCat("lab:", GetParam(), "=worker")});
  const absl::Time begin = absl::Now();
  const Finished run = Run(Adopt("run"));
  EXPECT_EQ(run.exit_code, 1) << run.output << run.error_output;
  EXPECT_LT(absl::Now() - begin, absl::Seconds(90));
  const std::set<std::string> red = Red("run");
  EXPECT_TRUE(red.contains("health.talos_api/worker")) << run.output;
  for (const std::string& check : red) {
    // The agent of the control plane says what is true: it does not reach the worker.
    if (check == "cilium.node_health/control") continue;
    EXPECT_FALSE(absl::EndsWith(check, "/control")) << check << "\n" << run.output;
  }
  EXPECT_THAT(run.output, HasSubstr("health.talos_api/worker"));
}
INSTANTIATE_TEST_SUITE_P(All, OneNodeInTrouble, ::testing::Values("node-down", "talos-hang", "talos-garbage"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::erase(name, '-');
                           return name;
                         });

TEST_F(TroubleTest, TwoRunsOnOneLabDoNotHurtEachOther) {
  StartLab();
  absl::StatusOr<Child> first = Child::Start({.command = Tales(Adopt("first")), .log_file = Path("first.log")});
  ASSERT_OK(first);
  EXPECT_EQ(Run(Adopt("second")).exit_code, 0);
  const std::optional<Finished> finished = first->Wait(Deadline::After(absl::Minutes(1)));
  ASSERT_TRUE(finished.has_value());
  EXPECT_EQ(finished->exit_code, 0) << ReadFile(Path("first.log")).value_or("");
  EXPECT_TRUE(Red("first").empty());
  EXPECT_TRUE(Red("second").empty());
}

TEST_F(TroubleTest, AFolderThatHoldsARunIsRefused) {
  StartLab();
  ASSERT_EQ(Run(Adopt("run")).exit_code, 0);
  const std::string before = ReadFile(Path("run/events.jsonl")).value_or("");
  const Finished again = Run(Adopt("run"));
  EXPECT_EQ(again.exit_code, 2) << again.output << again.error_output;
  EXPECT_THAT(again.error_output, HasSubstr(Path("run")));
  EXPECT_EQ(ReadFile(Path("run/events.jsonl")).value_or(""), before);
}

TEST_F(TroubleTest, WithoutATerminalThereAreNoControlCharacters) {
  StartLab();
  const Finished run = Run(Adopt("run"));
  EXPECT_EQ(run.exit_code, 0) << run.output << run.error_output;
  EXPECT_EQ(run.output.find('\x1b'), std::string::npos);
  EXPECT_EQ(run.output.find('\r'), std::string::npos);
}

TEST_F(TroubleTest, FilesThatAreNoCredentials) {
  const std::string file = Path("config");
  const auto refused = [&](const std::string& text, const std::string& flag, const std::string& why) {
    ASSERT_OK(WriteFileAtomically(file, text));
    const Finished run = Run({"verify", flag, file, "--out", Path("run")});
    EXPECT_EQ(run.exit_code, 2) << flag << " " << why;
    EXPECT_THAT(run.error_output, AllOf(HasSubstr(file), HasSubstr(why)));
  };
  refused("context: a\n", "--talosconfig", "has no contexts");
  refused("context: a\ncontexts: {}\n", "--talosconfig", "has no contexts");
  for (const char* flag : {"--talosconfig", "--kubeconfig"}) {
    refused(std::string("\x7f"
                        "ELF\0\1",
                        6),
            flag, ":1:1: not a text file");
    refused("contexts: [{name: ", flag, "not YAML");
    refused("contexts: &c\n- x: *c\n", flag, "an alias of what it stands in");
    refused(std::string(600 << 10, '#'), flag, "longer than");
  }
}

TEST_F(TroubleTest, DoctorLooksForWhatAMachineOfQemuNeeds) {
  ASSERT_OK(WriteFileAtomically(Path("qemu.yaml"), R"(version: 1
cluster: x
fixture: lab
nodes: [{name: a, role: controlplane, address: 10.0.1.50, dial: 127.0.0.50, fixture: qemu}]
vm: {firmware: uefi}
qemu: {iso: no-such.iso, firmware: {code: no-code.fd, variables: no-variables.fd}}
)"));
  const Finished run = Run({"doctor", "--cluster", Path("qemu.yaml")});
  EXPECT_EQ(run.exit_code, 1) << run.output;
  EXPECT_THAT(run.output, AllOf(HasSubstr("qemu-img"), HasSubstr("missing  boot ISO: " + Path("no-such.iso")),
                                HasSubstr("missing  UEFI firmware: " + Path("no-code.fd"))));
}

TEST_F(TroubleTest, DoctorNamesWhatIsMissingAndIsContentOtherwise) {
  const Finished nothing = Run({"doctor", "--fixture", "adopt", "--kubeconfig", Path("none")});
  EXPECT_EQ(nothing.exit_code, 1) << nothing.output;
  EXPECT_THAT(nothing.output, AllOf(HasSubstr("missing  credentials"), HasSubstr(Path("none"))));
  StartLab();
  const std::vector<std::string> arguments = {"doctor", "--kubeconfig", Path("lab/kubeconfig"), "--talosconfig",
                                              Path("lab/talosconfig")};
  const Finished well = Run(arguments);
  EXPECT_EQ(well.exit_code, 0) << well.output;
  EXPECT_THAT(well.output, Not(HasSubstr("missing")));
  lab_->Stop(absl::Seconds(10));
  // The files are gone with the lab or lead to nobody: either is missing, by name.
  const Finished gone = Run(arguments);
  EXPECT_EQ(gone.exit_code, 1) << gone.output;
  EXPECT_THAT(gone.output, HasSubstr("missing"));
}

TEST_F(TroubleTest, AnotherClusterThanTheFixturesIsNeverJudgedInItsPlace) {
  const std::string cluster = Path("named.yaml");
  ASSERT_OK(WriteFileAtomically(cluster,
                                "version: 1\ncluster: x\nfixture: lab\n"
                                "nodes: [{name: c, role: controlplane, address: 10.0.0.1}]\n"));
  const Finished run =
      Run({"verify", "--cluster", cluster, "--kubeconfig", "/nonexist", "--profile", "health", "--out", Path("run")});
  EXPECT_EQ(run.exit_code, 2) << run.output;
  EXPECT_THAT(run.error_output, HasSubstr("--kubeconfig /nonexist: fixture lab, which the cluster file names, makes a "
                                          "cluster of its own and would not look at it; add --fixture adopt"));
  EXPECT_FALSE(std::filesystem::exists(Path("run")));
}

TEST_F(TroubleTest, WhatTheFixtureRefusesIsUsageAndTheFolderIsFree) {
  const std::vector<std::vector<std::string>> mistakes = {{"--fixture", "lab", "--fault", "lab:nope"},
                                                          {"--fixture", "lab", "--fault", "local:disk-full=node-1"},
                                                          {"--fixture", "docker"},
                                                          {"--fixture", "qemu"},
                                                          {"--kubeconfig", "/nonexist"},
                                                          {"--talosconfig", "/nonexist"}};
  for (std::vector<std::string> mistake : mistakes) {
    const std::string what = mistake.back();
    mistake.insert(mistake.begin(), "verify");
    mistake.insert(mistake.end(), {"--out", Path("run")});
    const Finished run = Run(mistake);
    EXPECT_EQ(run.exit_code, 2) << what << "\n" << run.output << run.error_output;
    EXPECT_FALSE(std::filesystem::exists(Path("run/events.jsonl"))) << what;
  }
  EXPECT_EQ(
      Run({"verify", "--fixture", "lab", "--check", "health.kubernetes_api", "--settle", "0s", "--out", Path("run")})
          .exit_code,
      0);
}

TEST_F(TroubleTest, AProofSaysHowMuchItTried) {
  const Finished one = Run({"prove", "--fault", "service-stopped"});
  EXPECT_EQ(one.exit_code, 0) << one.output << one.error_output;
  EXPECT_THAT(one.output, AllOf(HasSubstr("1 fault tried, it is noticed"), Not(HasSubstr("every"))));
}

TEST_F(TroubleTest, WhatRunsLeftInAClusterIsListedAndTakenAwayWhenAsked) {
  StartLab();
  ASSERT_OK_AND_ASSIGN(const kube::Access access, kube::LoadKubeconfig(Path("lab/kubeconfig"), ""));
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<kube::Client> client, kube::Client::Open(access));
  const auto deadline = [] { return Deadline::After(absl::Seconds(20)); };
  for (const char* run : {"one", "two"}) {
    const Json labels = {{"app.kubernetes.io/managed-by", "tales"}, {"tales/run", run}};
    const Json object = {{"apiVersion", "v1"},
                         {"kind", "Namespace"},
                         {"metadata", {{"name", absl::StrCat("tales-conformance-", run)}, {"labels", labels}}}};
    ASSERT_OK(client->Create(kube::kNamespaces, "", object, /*dry_run=*/false, deadline()));
  }
  const auto there = [&](const std::string& run) {
    return client->Get(kube::kNamespaces, "", absl::StrCat("tales-conformance-", run), deadline()).ok();
  };
  const auto clean = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments = {"conformance", "clean", "--kubeconfig", Path("lab/kubeconfig")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Run(arguments);
  };
  const Finished listed = clean({});
  EXPECT_EQ(listed.exit_code, 0) << listed.error_output;
  EXPECT_THAT(listed.output, AllOf(HasSubstr("one: is there\ntwo: is there\n"), HasSubstr("nothing was taken away")));
  EXPECT_TRUE(there("one") && there("two"));
  EXPECT_EQ(clean({"--run", "one", "--all"}).exit_code, 2);
  EXPECT_EQ(clean({"--run", "one"}).output, "one: taken away\n");
  EXPECT_TRUE(!there("one") && there("two"));
  EXPECT_EQ(clean({"--run", "one"}).output, "there is nothing of one\n");
  EXPECT_EQ(clean({"--all"}).output, "two: taken away\n");
  EXPECT_FALSE(there("two"));
}

}  // namespace
}  // namespace tales
