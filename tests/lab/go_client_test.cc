// The official Go client on the lab: what it cannot read, no program of Talos' can.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nlohmann/json.hpp"
#include "tests/lab/running_lab.h"
#include "tests/peers/build_peer.h"
#include "tests/support/status_matchers.h"

namespace tales::lab {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;
using Json = nlohmann::json;

class GoClient : public ::testing::Test {
 protected:
  void SetUp() override {
    const absl::StatusOr<std::filesystem::path> program = testing::BuildPeer(TALES_SOURCE_DIR, "talos", "client");
    if (absl::IsFailedPrecondition(program.status())) GTEST_SKIP() << program.status().message();
    ASSERT_OK(program);
    program_ = *program;
    absl::StatusOr<RunningLab> lab = RunningLab::Start();
    ASSERT_OK(lab);
    lab_.emplace(*std::move(lab));
  }
  Json Ask(const std::string& node) {
    const Finished finished =
        lab_->RunClient({program_.string(), "-talosconfig", (lab_->folder() / "talosconfig").string(), "-node", node});
    EXPECT_EQ(finished.exit_code, 0) << finished.error_output;
    return Json::parse(finished.output, nullptr, false);
  }

  std::filesystem::path program_;
  std::optional<RunningLab> lab_;
};

TEST_F(GoClient, ReadsAControlPlane) {
  const Json answer = Ask(lab_->Address("control"));
  EXPECT_EQ(answer["errors"], Json::object()) << answer.dump(1);
  EXPECT_EQ(answer["version"], "v1.9.4");
  EXPECT_THAT(answer["services"], SizeIs(11));
  EXPECT_THAT(answer["members"], ElementsAre("control", "worker"));
  EXPECT_EQ(answer["stage"], "running");
  EXPECT_EQ(answer["watched"], "running");
  EXPECT_TRUE(answer["ready"].get<bool>());
  EXPECT_THAT(answer["etcd"], ElementsAre("control"));
  EXPECT_TRUE(answer["leader"].get<bool>());
  EXPECT_EQ(answer["machine_type"], "controlplane");
  EXPECT_EQ(answer["endpoint"], "https://" + lab_->Address("control") + ":6443");
  EXPECT_TRUE(answer["node_ready"].get<bool>());
  EXPECT_EQ(answer["static_pods"], 3);
  EXPECT_EQ(answer["disk"], 100'000'000'000);
  EXPECT_THAT(answer["boot_id"].get<std::string>(), SizeIs(36));
  EXPECT_TRUE(answer["kubeconfig"].get<bool>());
  EXPECT_THAT(answer["sequences"], ElementsAre("initialize", "install", "boot"));
  EXPECT_GT(answer["events"].get<int>(), 60);
}

TEST_F(GoClient, ReadsAWorkerAndIsRefusedWhatIsForControlPlanes) {
  const Json answer = Ask(lab_->Address("worker"));
  EXPECT_EQ(answer["machine_type"], "worker");
  EXPECT_EQ(answer["static_pods"], 0);
  EXPECT_THAT(answer["errors"], SizeIs(3)) << answer.dump(1);
  for (const char* call : {"EtcdMemberList", "EtcdStatus", "Kubeconfig"})
    EXPECT_THAT(answer["errors"].value(call, ""), ::testing::HasSubstr("is only available on control plane nodes"));
}

}  // namespace
}  // namespace tales::lab
