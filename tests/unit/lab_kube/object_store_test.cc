#include "fixtures/lab/kube/object_store.h"

#include <thread>

#include "tests/support/status_matchers.h"

namespace tales::lab::kube {
namespace {

using ::tales::testing::StatusIs;
using ::testing::_;

Json ConfigMap(const std::string& name, const std::string& value = "") {
  return {{"metadata", {{"name", name}, {"namespace", "default"}}}, {"data", {{"k", value}}}};
}
const ObjectKey kKey{"v1", "configmaps", "default", "a"};

TEST(ObjectStore, CreationGivesIdentityAndAVersion) {
  ObjectStore store;
  ASSERT_OK_AND_ASSIGN(Json made, store.Create("v1", "configmaps", ConfigMap("a")));
  EXPECT_EQ(made["metadata"]["uid"].get<std::string>().size(), 36u);
  EXPECT_FALSE(made["metadata"]["creationTimestamp"].get<std::string>().empty());
  EXPECT_EQ(made["metadata"]["resourceVersion"], std::to_string(store.revision()));
  EXPECT_THAT(store.Create("v1", "configmaps", ConfigMap("a")), StatusIs(absl::StatusCode::kAlreadyExists, _));
  EXPECT_THAT(store.Create("v1", "configmaps", Json::array()), StatusIs(absl::StatusCode::kInvalidArgument, _));
}

TEST(ObjectStore, AWriteThatChangesNothingIsNoWrite) {
  ObjectStore store;
  ASSERT_OK(store.Create("v1", "configmaps", ConfigMap("a")));
  const uint64_t before = store.revision();
  ASSERT_OK(store.Update(kKey, [](Json&) { return absl::OkStatus(); }));
  EXPECT_EQ(store.revision(), before);
}

TEST(ObjectStore, GenerationGrowsWithTheSpecAlone) {
  ObjectStore store;
  ASSERT_OK(store.Create("apps/v1", "deployments",
                         {{"metadata", {{"name", "d"}, {"namespace", "x"}}}, {"spec", {{"replicas", 1}}}}));
  const ObjectKey key{"apps/v1", "deployments", "x", "d"};
  ASSERT_OK_AND_ASSIGN(Json same, store.Update(key, [](Json& d) {
    d["status"]["replicas"] = 1;
    return absl::OkStatus();
  }));
  EXPECT_EQ(same["metadata"]["generation"], 1);
  ASSERT_OK_AND_ASSIGN(Json changed, store.Update(key, [](Json& d) {
    d["spec"]["replicas"] = 2;
    return absl::OkStatus();
  }));
  EXPECT_EQ(changed["metadata"]["generation"], 2);
}

TEST(ObjectStore, WatchersSeeEventsInOrderAndNotOfOtherKinds) {
  ObjectStore store;
  const uint64_t start = store.revision();
  ASSERT_OK(store.Create("v1", "configmaps", ConfigMap("a")));
  ASSERT_OK(store.Create("v1", "secrets", ConfigMap("b")));
  ASSERT_OK(store.Delete(kKey));
  ASSERT_OK_AND_ASSIGN(auto events, store.EventsSince("v1", "configmaps", "", start));
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].type, StoreEvent::Type::kAdded);
  EXPECT_EQ(events[1].type, StoreEvent::Type::kDeleted);
}

TEST(ObjectStore, HistoryExpires) {
  ObjectStore store(absl::Now, 3);
  for (int i = 0; i < 5; ++i) ASSERT_OK(store.Put("v1", "configmaps", ConfigMap("a", std::to_string(i))));
  EXPECT_THAT(store.EventsSince("v1", "configmaps", "", 1), StatusIs(absl::StatusCode::kOutOfRange, _));
  EXPECT_OK(store.EventsSince("v1", "configmaps", "", store.revision()));
  const uint64_t before = store.revision() - 1;
  store.Compact();
  EXPECT_THAT(store.EventsSince("v1", "configmaps", "", before), StatusIs(absl::StatusCode::kOutOfRange, _));
}

TEST(ObjectStore, WhatBelongsToAnObjectGoesWithIt) {
  ObjectStore store;
  ASSERT_OK(store.Create("v1", "namespaces", {{"metadata", {{"name", "default"}}}}));
  ASSERT_OK_AND_ASSIGN(Json owner, store.Create("v1", "configmaps", ConfigMap("a")));
  Json owned = ConfigMap("b");
  owned["metadata"]["ownerReferences"] = Json::array({{{"uid", owner["metadata"]["uid"]}}});
  ASSERT_OK(store.Create("v1", "configmaps", owned));
  ASSERT_OK(store.Create("v1", "configmaps", ConfigMap("c")));
  ASSERT_OK(store.Delete(kKey));
  EXPECT_EQ(store.List("v1", "configmaps").items.size(), 1u);
  ASSERT_OK(store.Delete({"v1", "namespaces", "", "default"}));
  EXPECT_TRUE(store.List("v1", "configmaps").items.empty());
}

TEST(ObjectStore, WaitingEndsWithAChange) {
  ObjectStore store;
  const uint64_t start = store.revision();
  EXPECT_FALSE(store.WaitForChange(start, Deadline::After(absl::Milliseconds(5))));
  std::thread writer([&] { store.Put("v1", "configmaps", ConfigMap("a")).IgnoreError(); });
  EXPECT_TRUE(store.WaitForChange(start, Deadline::After(absl::Seconds(10))));
  writer.join();
}

}  // namespace
}  // namespace tales::lab::kube
