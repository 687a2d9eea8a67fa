#include "harness/check/fault.h"

#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::StatusIs;

TEST(FaultRequestTest, ReadsDomainIdAndTarget) {
  ASSERT_OK_AND_ASSIGN(const FaultRequest request, ParseFaultRequest("lab:service-stopped=worker/kubelet"));
  EXPECT_EQ(request.domain, "lab");
  EXPECT_EQ(request.id, "service-stopped");
  EXPECT_EQ(request.target, "worker/kubelet");
  EXPECT_EQ(request.ToString(), "lab:service-stopped=worker/kubelet");
  ASSERT_OK_AND_ASSIGN(const FaultRequest bare, ParseFaultRequest("lab:apiserver-down"));
  EXPECT_EQ(bare.target, "");
  EXPECT_EQ(bare.ToString(), "lab:apiserver-down");
}

TEST(FaultRequestTest, SaysHowToWriteOne) {
  for (const char* bad : {"", "lab", "lab:", ":x", "=worker", "x=lab:y"}) {
    EXPECT_THAT(ParseFaultRequest(bad), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("DOMAIN:ID"))) << bad;
  }
}

TEST(ExpandTargetsTest, FillsInTheTargetAndItsParts) {
  EXPECT_THAT(ExpandTargets({"health.services/{node}", "pod_security.labels/{target}", "x.{rest}", "cilium.*"},
                            "worker/kubelet"),
              ElementsAre("health.services/worker", "pod_security.labels/worker/kubelet", "x.kubelet", "cilium.*"));
  EXPECT_THAT(ExpandTargets({"health.time/{node}"}, "worker"), ElementsAre("health.time/worker"));
}

}  // namespace
}  // namespace tales
