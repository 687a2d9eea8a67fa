#include "fixtures/lab/kube/controllers.h"

#include <atomic>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "fixtures/lab/kube/object_store.h"
#include "fixtures/lab/kube/seed.h"
#include "gtest/gtest.h"

namespace tales::lab::kube {
namespace {

TEST(LabControllers, StaticPodsOfANodeThatJoinsMeanwhileStay) {
  constexpr int kNodes = 200;
  ObjectStore store;
  SeedKubernetes(ClusterDefinition{}, store);
  std::atomic<bool> stop = false;
  std::thread controllers([&] {
    while (!stop) ReconcileOnce(store, absl::ZeroDuration());
  });
  for (int i = 0; i < kNodes; ++i) {
    NodeDefinition node;
    node.name = absl::StrCat("cp-", i);
    node.address = absl::StrCat("192.0.2.", i);
    node.role = Role::kControlPlane;
    SeedNode(ClusterDefinition{}, node, store);
  }
  stop = true;
  controllers.join();
  ReconcileOnce(store, absl::ZeroDuration());
  int pods = 0;
  for (const auto& pod : store.List("v1", "pods").items) {
    pods += (*pod)["metadata"]["name"].get<std::string>().rfind("kube-apiserver-", 0) == 0 ? 1 : 0;
  }
  EXPECT_EQ(pods, kNodes);
}

}  // namespace
}  // namespace tales::lab::kube
