// Fixture `local` comes up as what it says, and leaves nothing, however it ends.
#include <signal.h>

#include <filesystem>
#include <string>

#include "fixtures/served/served_fixture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "harness/kube/client.h"
#include "tests/real/local_cluster.h"
#include "tests/support/status_matchers.h"

namespace tales::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class LocalLifecycleTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!ControlPlaneIsAvailable().ok()) GTEST_SKIP() << "fixture local: " << ControlPlaneIsAvailable().message();
  }
  static pid_t PidOf(const LocalCluster& cluster) { return dynamic_cast<const ServedFixture&>(*cluster.fixture).pid(); }
};

TEST_F(LocalLifecycleTest, ServesTheDeclaredNamespacesAndLeavesNothing) {
  ASSERT_OK_AND_ASSIGN(LocalCluster cluster, StartLocalCluster());
  const pid_t server = PidOf(cluster);
  std::vector<pid_t> pids = ControlPlaneProcessesOf(server);
  EXPECT_THAT(pids, SizeIs(4));
  pids.push_back(server);
  EXPECT_FALSE(cluster.access.simulated);

  const Deadline deadline = Deadline::After(absl::Seconds(30));
  ASSERT_OK_AND_ASSIGN(kube::Access access, kube::LoadKubeconfig(cluster.access.kubeconfig, ""));
  EXPECT_EQ(access.cluster_file, cluster.access.cluster_file);
  ASSERT_OK_AND_ASSIGN(auto client, kube::Client::Open(access));
  ASSERT_OK_AND_ASSIGN(std::string version, client->GetRaw("/version", deadline));
  EXPECT_THAT(version, HasSubstr("v1.32."));
  ASSERT_OK_AND_ASSIGN(kube::Json cilium, client->Get(kube::kNamespaces, "", "cilium", deadline));
  EXPECT_EQ(cilium["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "privileged");

  EXPECT_OK(cluster.fixture->Down());
  EXPECT_TRUE(AllGone(pids, absl::Seconds(5)));
  EXPECT_TRUE(std::filesystem::is_empty(cluster.folder.path()));
}

TEST_F(LocalLifecycleTest, KilledByMinus9ItLeavesNoProcessAndNoKey) {
  ASSERT_OK_AND_ASSIGN(LocalCluster cluster, StartLocalCluster());
  const pid_t server = PidOf(cluster);
  const std::vector<pid_t> pids = ControlPlaneProcessesOf(server);
  EXPECT_THAT(pids, SizeIs(4));
  const std::filesystem::path state = cluster.access.kubeconfig.parent_path() / "state";
  ASSERT_TRUE(std::filesystem::exists(state / "service-account.key"));
  kill(server, SIGKILL);
  EXPECT_TRUE(AllGone(pids, absl::Seconds(5)));
  EXPECT_OK(RetryUntil(Deadline::After(absl::Seconds(5)), "the end of its keys", absl::Milliseconds(20), [&] {
    return std::filesystem::exists(state) ? absl::UnavailableError("they are there") : absl::OkStatus();
  }));
  EXPECT_OK(cluster.fixture->Down());
  EXPECT_TRUE(std::filesystem::is_empty(cluster.folder.path()));
}

TEST_F(LocalLifecycleTest, TheEndOfOneProgramIsTheEndOfAll) {
  ASSERT_OK_AND_ASSIGN(LocalCluster cluster, StartLocalCluster());
  const std::vector<pid_t> pids = ControlPlaneProcessesOf(PidOf(cluster));
  ASSERT_THAT(pids, SizeIs(4));
  kill(pids[0], SIGKILL);
  EXPECT_TRUE(AllGone(pids, absl::Seconds(10)));
  const absl::Status gone = RetryUntil(Deadline::After(absl::Seconds(10)), "the end", absl::Milliseconds(20), [&] {
    return cluster.fixture->Alive().ok() ? absl::UnavailableError("still alive") : absl::OkStatus();
  });
  EXPECT_OK(gone);
}

}  // namespace
}  // namespace tales::testing
