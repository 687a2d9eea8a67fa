// `tales verify` from outside: what a person types, what the process exits with, what lies in the run's folder.
#include <dirent.h>
#include <signal.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "harness/base/file.h"
#include "harness/base/subprocess.h"
#include "nlohmann/json.hpp"
#include "pugixml.hpp"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

std::string Binary() { return std::getenv("TALES_BINARY"); }

class VerifyTest : public ::testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<TemporaryFolder> folder = TemporaryFolder::Make("tales-e2e");
    ASSERT_OK(folder);
    folder_.emplace(*std::move(folder));
  }

  std::string Path(std::string_view name) const { return (folder_->path() / std::string(name)).string(); }

  // Runs `tales ARGUMENTS`; its output is in the test's log when an expectation fails.
  Finished Tales(std::vector<std::string> arguments) {
    Command command;
    command.argv = {Binary()};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    command.environment = {{"KUBECONFIG", ""}, {"TALOSCONFIG", ""}, {"NO_COLOR", "1"}};
    absl::StatusOr<Finished> finished = tales::Run(command, Deadline::After(absl::Minutes(2)));
    EXPECT_OK(finished);
    if (!finished.ok()) return {};
    last_ = absl::StrCat(command.ToString(), "\n", finished->output, finished->error_output);
    return *finished;
  }

  // A lab in a process of its own, as `tales lab` in another terminal.
  void StartLab() {
    Child::Options options;
    options.command.argv = {Binary(), "lab", "--out", Path("lab")};
    options.log_file = Path("lab.log");
    absl::StatusOr<Child> lab = Child::Start(options);
    ASSERT_OK(lab);
    lab_.emplace(*std::move(lab));
    ASSERT_OK(RetryUntil(Deadline::After(absl::Seconds(20)), "the lab", absl::Milliseconds(20), [&]() -> absl::Status {
      return std::filesystem::exists(Path("lab/ready")) ? absl::OkStatus()
                                                        : absl::UnavailableError("it does not serve yet");
    }));
  }

  std::vector<std::string> AdoptLab(const std::string& out) {
    return {
        "verify", "--talosconfig", Path("lab/talosconfig"), "--kubeconfig", Path("lab/kubeconfig"), "--settle", "0s",
        "--out",  Path(out)};
  }

  Json Report(const std::string& out) {
    const absl::StatusOr<std::string> text = ReadFile(Path(out + "/report.json"));
    EXPECT_OK(text) << last_;
    return text.ok() ? Json::parse(*text, nullptr, false) : Json();
  }

  Json CaseOf(const Json& report, std::string_view check) {
    for (const Json& each : report.value("checks", Json::array())) {
      if (each.value("check", "") == check) return each;
    }
    ADD_FAILURE() << "no case " << check << "\n" << last_;
    return Json::object();
  }

  // Numbers of the JUnit as another program reads it.
  struct JUnit {
    int tests = 0, failures = 0, errors = 0;
  };
  JUnit ReadJUnit(const std::string& out) {
    pugi::xml_document document;
    EXPECT_TRUE(document.load_file(Path(out + "/junit.xml").c_str())) << last_;
    const pugi::xml_node root = document.child("testsuites");
    return {root.attribute("tests").as_int(), root.attribute("failures").as_int(), root.attribute("errors").as_int()};
  }

  std::optional<TemporaryFolder> folder_;
  std::optional<Child> lab_;
  std::string last_;
};

TEST_F(VerifyTest, TheHealthyLabIsGreenAndSaysThatItIsSimulated) {
  const Finished run = Tales({"verify", "--fixture", "lab", "--settle", "0s", "--out", Path("run")});
  EXPECT_EQ(run.exit_code, 0) << last_;
  EXPECT_THAT(run.output, HasSubstr("SIMULATED"));
  EXPECT_THAT(run.output, Not(HasSubstr("tales lab fault"))) << "its folder goes with the run";
  EXPECT_THAT(run.output, HasSubstr("unsupported cilium.probe/* ("));
  EXPECT_THAT(run.output, Not(HasSubstr("unsupported cilium.probe/pod")));
  const JUnit junit = ReadJUnit("run");
  EXPECT_GT(junit.tests, 40);
  EXPECT_EQ(junit.failures + junit.errors, 0);
  const Json report = Report("run");
  EXPECT_EQ(report.value("exit", -1), 0);
  EXPECT_TRUE(report["run"].value("simulated", false));
}

TEST_F(VerifyTest, AnAdoptedClusterIsJudgedAndAStoppedServiceIsNamed) {
  StartLab();
  EXPECT_EQ(Tales(AdoptLab("before")).exit_code, 0) << last_;

  ASSERT_EQ(Tales({"lab", "--out", Path("lab"), "fault", "lab:service-stopped=worker/kubelet"}).exit_code, 0) << last_;
  const Finished broken = Tales(AdoptLab("broken"));
  EXPECT_EQ(broken.exit_code, 1) << last_;
  const Json services = CaseOf(Report("broken"), "health.services/worker");
  EXPECT_EQ(services.value("verdict", ""), "failed") << last_;
  EXPECT_THAT(services.value("expected", ""), HasSubstr("kubelet"));
  EXPECT_THAT(services.value("next", ""), HasSubstr("service kubelet start"));
  EXPECT_THAT(broken.output, HasSubstr("kubelet"));
  EXPECT_GE(ReadJUnit("broken").failures, 1);

  ASSERT_EQ(Tales({"lab", "--out", Path("lab"), "heal", "lab:service-stopped=worker/kubelet"}).exit_code, 0) << last_;
  EXPECT_EQ(Tales(AdoptLab("after")).exit_code, 0) << last_;
}

TEST_F(VerifyTest, InitWritesAClusterFileThatVerifies) {
  StartLab();
  ASSERT_EQ(Tales({"init", "--talosconfig", Path("lab/talosconfig"), "--kubeconfig", Path("lab/kubeconfig"), "--out",
                   Path("found.yaml")})
                .exit_code,
            0)
      << last_;
  const absl::StatusOr<std::string> text = ReadFile(Path("found.yaml"));
  ASSERT_OK(text);
  EXPECT_THAT(*text, ::testing::Not(HasSubstr("PRIVATE KEY")));
  EXPECT_EQ(Tales({"verify", "--cluster", Path("found.yaml"), "--settle", "0s", "--out", Path("run")}).exit_code, 0)
      << last_;
}

TEST_F(VerifyTest, TheFixtureIsNeverGuessed) {
  const Finished run = Tales({"verify", "--out", Path("run")});
  EXPECT_EQ(run.exit_code, 2) << last_;
  EXPECT_THAT(run.error_output, HasSubstr("--fixture"));
}

// The direct child of `parent` whose command line has `word` in it.
pid_t FindChild(pid_t parent, std::string_view word) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    int pid = 0;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &pid)) continue;
    const absl::StatusOr<std::string> status = ReadFile(entry.path() / "status");
    const absl::StatusOr<std::string> command = ReadFile(entry.path() / "cmdline");
    if (!status.ok() || !command.ok()) continue;
    const std::string needle = absl::StrCat("PPid:\t", parent, "\n");
    const std::vector<std::string> words = absl::StrSplit(*command, '\0');
    if (status->find(needle) != std::string::npos && std::find(words.begin(), words.end(), word) != words.end())
      return pid;
  }
  return 0;
}

TEST_F(VerifyTest, ALabThatIsKilledNeverMakesAGreenRun) {
  Child::Options options;
  options.command.argv = {Binary(), "verify", "--fixture", "lab", "--settle", "0s", "--out", Path("run")};
  options.log_file = Path("verify.log");
  absl::StatusOr<Child> verify = Child::Start(options);
  ASSERT_OK(verify);
  pid_t lab = 0;
  ASSERT_OK(
      RetryUntil(Deadline::After(absl::Seconds(20)), "the lab's process", absl::Milliseconds(5), [&]() -> absl::Status {
        lab = FindChild(verify->pid(), "lab");
        return lab == 0 ? absl::UnavailableError("not there yet") : absl::OkStatus();
      }));
  // As soon as there is a plan, so that verdicts are under way.
  ASSERT_OK(RetryUntil(Deadline::After(absl::Seconds(20)), "the plan", absl::Milliseconds(5), [&]() -> absl::Status {
    return std::filesystem::exists(Path("run/junit.xml")) ? absl::OkStatus() : absl::UnavailableError("no JUnit yet");
  }));
  kill(lab, SIGKILL);
  const std::optional<Finished> finished = verify->Wait(Deadline::After(absl::Minutes(1)));
  ASSERT_TRUE(finished.has_value());
  EXPECT_EQ(finished->exit_code, 3);
  EXPECT_GT(ReadJUnit("run").errors, 0);
}

TEST_F(VerifyTest, ARunnerThatIsKilledLeavesARedReportAndNoLab) {
  Child::Options options;
  options.command.argv = {Binary(), "verify", "--fixture", "lab", "--settle", "0s", "--out", Path("run")};
  options.log_file = Path("verify.log");
  absl::StatusOr<Child> verify = Child::Start(options);
  ASSERT_OK(verify);
  ASSERT_OK(RetryUntil(Deadline::After(absl::Seconds(20)), "the plan", absl::Milliseconds(5), [&]() -> absl::Status {
    return std::filesystem::exists(Path("run/junit.xml")) ? absl::OkStatus() : absl::UnavailableError("no JUnit yet");
  }));
  const pid_t lab = FindChild(verify->pid(), "lab");
  verify->Kill(SIGKILL);
  ASSERT_TRUE(verify->Wait(Deadline::After(absl::Seconds(10))).has_value());
  EXPECT_GT(ReadJUnit("run").errors, 0);
  EXPECT_OK(
      RetryUntil(Deadline::After(absl::Seconds(10)), "the lab's end", absl::Milliseconds(20), [&]() -> absl::Status {
        return lab == 0 || kill(lab, 0) != 0 ? absl::OkStatus() : absl::UnavailableError("the lab still runs");
      }));
}

}  // namespace
}  // namespace tales
