#include "harness/check/cluster_access.h"

#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using ::testing::HasSubstr;
using testing::StatusIs;

TEST(ClusterAccessTest, SurvivesTheWayToAWorker) {
  ClusterAccess access;
  access.fixture = "lab";
  access.cluster_file = "/run/a b/cluster.yaml";
  access.talosconfig = "/run/talosconfig";
  access.talos_context = "tales";
  access.kubeconfig = "/run/kubeconfig";
  access.kubernetes_context = "admin@tales";
  access.vm_settings = "/run/vm.json";
  access.tools["e2e.test"] = "/opt/e2e.test";
  access.tool_maker = {"/opt/tales", "assets"};
  access.simulated = access.owned = true;
  access.granted = Tier::kDisruptive;
  ASSERT_OK_AND_ASSIGN(const ClusterAccess read, ParseClusterAccess(WriteClusterAccess(access)));
  EXPECT_EQ(WriteClusterAccess(read), WriteClusterAccess(access));
}

TEST(ClusterAccessTest, RefusesWhatIsNotOne) {
  for (const char* bad : {"", "{", "[]", "{}", R"({"fixture": 1})", "\xff"}) {
    EXPECT_THAT(ParseClusterAccess(bad), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("cluster access")))
        << bad;
  }
}

}  // namespace
}  // namespace tales
