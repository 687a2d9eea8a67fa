// The suite pod_security on a real kube-apiserver, whose labels are changed by real kubectl: what a person's mistake
// looks like, what the report says of it, and whether the command in the report puts it right.
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "fixtures/local/assets.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/base/subprocess.h"
#include "nlohmann/json.hpp"
#include "tests/real/local_cluster.h"
#include "tests/support/status_matchers.h"

namespace tales::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class LocalPodSecurityTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!ControlPlaneIsAvailable().ok()) return;
    auto started = StartLocalCluster();
    ASSERT_OK(started);
    cluster_ = new LocalCluster(*std::move(started));
    auto kubectl = FindAsset(KubectlAsset(), {});
    if (kubectl.ok()) kubectl_ = kubectl->string();
  }
  static void TearDownTestSuite() {
    delete cluster_;
    cluster_ = nullptr;
  }
  void SetUp() override {
    if (!ControlPlaneIsAvailable().ok()) GTEST_SKIP() << "fixture local: " << ControlPlaneIsAvailable().message();
    if (kubectl_.empty()) GTEST_SKIP() << "no kubectl v1.32, and none could be built";
    ASSERT_NE(cluster_, nullptr);
    ASSERT_EQ(Verify(), 0) << output_;
  }

  // A shell, since that is where a person pastes what the report says; `kubectl` in it is the real one.
  Finished Shell(const std::string& line) {
    const std::string path = std::filesystem::path(kubectl_).parent_path().string() + ":" + std::getenv("PATH");
    auto finished = tales::Run({.argv = {"/bin/sh", "-c", line},
                                .environment = {{"KUBECONFIG", cluster_->access.kubeconfig.string()}, {"PATH", path}}},
                               Deadline::After(absl::Minutes(2)));
    EXPECT_OK(finished);
    return finished.ok() ? *finished : Finished{};
  }
  void Kubectl(const std::string& arguments) {
    const Finished finished = Shell("kubectl " + arguments);
    ASSERT_TRUE(finished.ok()) << arguments << ": " << finished.error_output;
  }
  // Exit code; the report is in report_ and what was printed in output_.
  int Verify() {
    auto folder = TemporaryFolder::Make("tales-verify-test");
    EXPECT_OK(folder);
    const std::filesystem::path run = folder->path() / "run";
    auto finished = tales::Run({.argv = {TALES_PROGRAM, "verify", "--kubeconfig", cluster_->access.kubeconfig.string(),
                                         "--suite", "pod_security", "--settle", "0s", "--out", run.string()}},
                               Deadline::After(absl::Minutes(2)));
    EXPECT_OK(finished);
    if (!finished.ok()) return -1;
    output_ = finished->output + finished->error_output;
    auto text = ReadFile(run / "report.json");
    report_ = text.ok() ? json::parse(*text, nullptr, false) : json();
    return finished->exit_code;
  }
  std::vector<json> Failed() const {
    std::vector<json> failed;
    if (!report_.is_object()) return failed;
    for (const json& check : report_.value("checks", json::array())) {
      if (check.value("verdict", "") == "failed") failed.push_back(check);
    }
    return failed;
  }
  std::vector<std::string> FailedNames() const {
    std::vector<std::string> names;
    for (const json& check : Failed()) names.push_back(check.value("check", ""));
    return names;
  }
  json FailedCheck(const std::string& name) const {
    for (const json& check : Failed()) {
      if (check.value("check", "") == name) return check;
    }
    ADD_FAILURE() << name << " did not fail:\n" << output_;
    return json::object();
  }
  // Does exactly what the report says, and looks again.
  void PutRight(const std::string& check) {
    const std::string next = FailedCheck(check).value("next", "");
    ASSERT_THAT(next, ::testing::StartsWith("kubectl "));
    const Finished finished = Shell(next);
    EXPECT_TRUE(finished.ok()) << next << ": " << finished.error_output;
    EXPECT_EQ(Verify(), 0) << "after: " << next << "\n" << output_;
  }

  static LocalCluster* cluster_;
  static std::string kubectl_;
  json report_;
  std::string output_;
};
LocalCluster* LocalPodSecurityTest::cluster_ = nullptr;
std::string LocalPodSecurityTest::kubectl_;

TEST_F(LocalPodSecurityTest, TheRemovedEnforceLabelIsNamedAndPutBack) {
  ASSERT_NO_FATAL_FAILURE(Kubectl("label namespace cilium pod-security.kubernetes.io/enforce-"));
  EXPECT_EQ(Verify(), 1) << output_;
  EXPECT_THAT(FailedNames(), AllOf(Contains("pod_security.labels/cilium"), Contains("pod_security.admits/cilium")));
  EXPECT_THAT(FailedCheck("pod_security.labels/cilium").dump(),
              AllOf(HasSubstr("pod-security.kubernetes.io/enforce"), HasSubstr("cilium"), HasSubstr("privileged")));
  EXPECT_THAT(output_, AllOf(HasSubstr("pod-security.kubernetes.io/enforce"), HasSubstr("kubectl label")));
  PutRight("pod_security.labels/cilium");
}

TEST_F(LocalPodSecurityTest, TheRemovedWarnLabelIsNamedAndPutBack) {
  ASSERT_NO_FATAL_FAILURE(Kubectl("label namespace cilium-test-1 pod-security.kubernetes.io/warn-"));
  EXPECT_EQ(Verify(), 1) << output_;
  EXPECT_THAT(FailedCheck("pod_security.labels/cilium-test-1").dump(), HasSubstr("pod-security.kubernetes.io/warn"));
  PutRight("pod_security.labels/cilium-test-1");
}

TEST_F(LocalPodSecurityTest, AWeakerLevelIsNamedAndPutBack) {
  ASSERT_NO_FATAL_FAILURE(Kubectl("label --overwrite namespace cilium pod-security.kubernetes.io/enforce=baseline"));
  EXPECT_EQ(Verify(), 1) << output_;
  EXPECT_THAT(FailedCheck("pod_security.labels/cilium").dump(), HasSubstr("baseline"));
  PutRight("pod_security.labels/cilium");
}

TEST_F(LocalPodSecurityTest, ADeletedNamespaceIsNamedAndMadeAgain) {
  ASSERT_NO_FATAL_FAILURE(Kubectl("delete namespace cilium-test-1 --wait=true --timeout=60s"));
  EXPECT_EQ(Verify(), 1) << output_;
  EXPECT_THAT(FailedNames(), Contains("pod_security.labels/cilium-test-1"));
  const std::string next = FailedCheck("pod_security.labels/cilium-test-1").value("next", "");
  EXPECT_TRUE(Shell(next).ok()) << next;
  // Its service account comes a moment later; without it no pod is admitted.
  EXPECT_TRUE(Shell("for i in 1 2 3 4 5 6 7 8 9 10; do kubectl -n cilium-test-1 get serviceaccount default && exit 0; "
                    "sleep 1; done; exit 1")
                  .ok());
  EXPECT_EQ(Verify(), 0) << output_;
}

TEST_F(LocalPodSecurityTest, AnUndeclaredPrivilegedNamespaceIsNamed) {
  ASSERT_NO_FATAL_FAILURE(Kubectl("create namespace playground"));
  ASSERT_NO_FATAL_FAILURE(Kubectl("label namespace playground pod-security.kubernetes.io/enforce=privileged"));
  EXPECT_EQ(Verify(), 1) << output_;
  EXPECT_THAT(FailedNames(), ElementsAre("pod_security.undeclared"));
  EXPECT_THAT(FailedCheck("pod_security.undeclared").dump(), HasSubstr("playground"));
  PutRight("pod_security.undeclared");
  ASSERT_NO_FATAL_FAILURE(Kubectl("delete namespace playground"));
}

}  // namespace
}  // namespace tales::testing
