// `tales verify` while the API server of the cluster under judgement restarts, or goes away for good.
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "fixtures/local/control_plane.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/base/file.h"
#include "harness/base/subprocess.h"
#include "harness/kube/kubeconfig.h"
#include "tests/real/forwarder.h"
#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using testing::Forwarder;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kInTheRun = 14'000;  // bytes: the run has found its cluster and looks at it

constexpr char kClusterFile[] = R"(version: 1
cluster: restart
fixture: adopt
allow: read
nodes: []
kubernetes: {version: v1.32.2, kubeconfig: kubeconfig}
namespaces: {kube-system: {exempt: true}}
)";

class VerifyRestartReal : public ::testing::Test {
 protected:
  void SetUp() override {
    const absl::StatusOr<ControlPlanePrograms> programs = FindControlPlanePrograms({});
    if (!programs.ok()) GTEST_SKIP() << programs.status();
    ASSERT_OK_AND_ASSIGN(TemporaryFolder folder, TemporaryFolder::Make("tales-restart"));
    folder_.emplace(std::move(folder));
    ASSERT_OK_AND_ASSIGN(plane_, ControlPlane::Start({.programs = *programs, .state = folder_->path() / "state"}));
    ASSERT_OK(WriteFileAtomically(folder_->path() / "cluster.yaml", kClusterFile, 0600));
    ASSERT_OK_AND_ASSIGN(forwarder_, Forwarder::Start(plane_->endpoint()));
    kube::Access access = plane_->credentials().administrator;
    access.server = forwarder_->url();
    ASSERT_OK(
        WriteFileAtomically(folder_->path() / "kubeconfig", kube::WriteKubeconfig(access, "restart", "admin"), 0600));
  }
  Child Verify(const std::string& settle) {
    Child::Options options{.log_file = folder_->path() / "log"};
    options.command.argv = {TALES_PROGRAM, "verify",         "--cluster", (folder_->path() / "cluster.yaml").string(),
                            "--check",     "pod_security.*", "--check",   "health.kubernetes_api",
                            "--settle",    settle,           "--out",     (folder_->path() / "run").string()};
    absl::StatusOr<Child> child = Child::Start(options);
    EXPECT_OK(child);
    return *std::move(child);
  }
  // Kills the server in the midst of the run.
  void Kill() {
    EXPECT_OK(RetryUntil(Deadline::After(absl::Minutes(1)), "the run's middle", absl::Milliseconds(1),
                         [&] { return forwarder_->refuses() ? absl::OkStatus() : absl::UnavailableError("not yet"); }));
    plane_->KillApiServer();
    const std::string journal = ReadFile(folder_->path() / "run" / "events.jsonl").value_or("");
    EXPECT_THAT(journal, HasSubstr(R"("event":"started")"));
    EXPECT_THAT(journal, Not(HasSubstr(R"("event":"end")"))) << "it was over already";
  }
  std::string Log() const { return ReadFile(folder_->path() / "log").value_or(""); }

  std::optional<TemporaryFolder> folder_;
  std::unique_ptr<ControlPlane> plane_;
  std::unique_ptr<Forwarder> forwarder_;
};

TEST_F(VerifyRestartReal, AServerThatComesBackIsWaitedFor) {
  forwarder_->RefuseAfter(kInTheRun);
  Child verify = Verify("60s");
  Kill();
  ASSERT_OK(plane_->ResumeApiServer(Deadline::After(absl::Minutes(1))));
  EXPECT_FALSE(verify.Wait(Deadline::After(absl::ZeroDuration())).has_value()) << Log();
  forwarder_->Refuse(false);
  const std::optional<Finished> end = verify.Wait(Deadline::After(absl::Minutes(2)));
  ASSERT_TRUE(end.has_value()) << Log();
  EXPECT_EQ(end->exit_code, 0) << Log();
}

TEST_F(VerifyRestartReal, AServerThatDoesNotFailsTheRunInTime) {
  forwarder_->RefuseAfter(kInTheRun);
  Child verify = Verify("5s");
  Kill();
  const std::optional<Finished> end = verify.Wait(Deadline::After(absl::Minutes(2)));
  ASSERT_TRUE(end.has_value()) << Log();
  EXPECT_EQ(end->exit_code, 1) << Log();
  EXPECT_THAT(Log(), HasSubstr("onnect"));
}

TEST_F(VerifyRestartReal, OneThatNeverAnsweredIsTheFixturesFailure) {
  forwarder_->Refuse(true);
  Child verify = Verify("5s");
  const std::optional<Finished> end = verify.Wait(Deadline::After(absl::Minutes(1)));
  ASSERT_TRUE(end.has_value()) << Log();
  EXPECT_EQ(end->exit_code, 3) << Log();
  EXPECT_THAT(Log(), HasSubstr("the cluster does not answer"));
}

}  // namespace
}  // namespace tales
