// Our Kubernetes client against a real API server.
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "harness/base/parallel.h"
#include "harness/kube/client.h"
#include "tests/real/local_cluster.h"
#include "tests/support/status_matchers.h"

namespace tales::kube {
namespace {

using ::tales::testing::StatusIs;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Deadline Soon() { return Deadline::After(absl::Seconds(60)); }

Json ConfigMap(const std::string& name, const std::string& value) {
  return {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", name}}}, {"data", {{"key", value}}}};
}

class KubeClientTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!testing::ControlPlaneIsAvailable().ok()) return;
    auto cluster = testing::StartLocalCluster();
    ASSERT_OK(cluster);
    cluster_ = std::make_unique<testing::LocalCluster>(*std::move(cluster));
  }
  static void TearDownTestSuite() { cluster_.reset(); }
  void SetUp() override {
    if (cluster_ == nullptr) GTEST_SKIP() << testing::ControlPlaneIsAvailable();
    auto access = LoadKubeconfig(cluster_->access.kubeconfig, "");
    ASSERT_OK(access);
    access_ = *access;
    auto client = Client::Open(access_);
    ASSERT_OK(client);
    client_ = *std::move(client);
  }
  void MakeNamespace(const std::string& name) {
    const Json object = {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", name}}}};
    ASSERT_OK(client_->Apply(kNamespaces, "", name, object, /*dry_run=*/false, /*force=*/false, Soon()));
  }

  static std::unique_ptr<testing::LocalCluster> cluster_;
  Access access_;
  std::unique_ptr<Client> client_;
};
std::unique_ptr<testing::LocalCluster> KubeClientTest::cluster_;

TEST_F(KubeClientTest, ListsTwelveHundredObjectsInChunks) {
  MakeNamespace("chunks");
  std::atomic<int> failed = 0;
  ForEachInParallel(1200, 8, [&](size_t i) {
    if (!client_->Create(kConfigMaps, "chunks", ConfigMap(absl::StrCat("c", i), "x"), false, Soon()).ok()) ++failed;
  });
  ASSERT_EQ(failed, 0);
  ASSERT_OK_AND_ASSIGN(const std::vector<Json> items,
                       client_->List(kConfigMaps, "chunks",
                                     {.field_selector = "metadata.name!=kube-root-ca.crt", .chunk = 500}, Soon()));
  std::set<std::string> names;
  for (const Json& item : items) names.insert(item["metadata"]["name"]);
  EXPECT_EQ(items.size(), 1200);
  EXPECT_EQ(names.size(), 1200);
}

TEST_F(KubeClientTest, WatchesChanges) {
  MakeNamespace("watched");
  ASSERT_OK(client_->Create(kConfigMaps, "watched", ConfigMap("first", "1"), false, Soon()));
  std::vector<std::string> seen;
  std::thread changes;
  const absl::Status status = client_->Watch(
      kConfigMaps, "watched", {.field_selector = "metadata.name=first"}, "",
      [&](const WatchEvent& event) {
        if (event.type == "BOOKMARK") return true;
        seen.push_back(event.type);
        if (event.type == "ADDED") {
          changes = std::thread([&] {
            EXPECT_OK(client_->MergePatch(kConfigMaps, "watched", "first", {{"data", {{"key", "2"}}}}, false, Soon()));
            EXPECT_OK(client_->Delete(kConfigMaps, "watched", "first", Soon()));
          });
        }
        return event.type != "DELETED";
      },
      Soon());
  if (changes.joinable()) changes.join();
  EXPECT_OK(status);
  EXPECT_THAT(seen, ::testing::ElementsAre("ADDED", "MODIFIED", "DELETED"));
}

TEST_F(KubeClientTest, AWatchEndsWithItsDeadline) {
  EXPECT_THAT(client_->Watch(
                  kNodes, "", {}, "", [](const WatchEvent&) { return true; }, Deadline::After(absl::Seconds(2))),
              StatusIs(absl::StatusCode::kDeadlineExceeded, HasSubstr("nodes")));
}

TEST_F(KubeClientTest, ApplyTellsAConflictAndForceTakesOver) {
  MakeNamespace("conflict");
  Json mine = ConfigMap("c", "mine");
  ASSERT_OK(client_->Create(kConfigMaps, "conflict", ConfigMap("c", "theirs"), false, Soon()));
  // The creator was the same manager in another operation, which is another owner.
  EXPECT_THAT(client_->Apply(kConfigMaps, "conflict", "c", mine, false, /*force=*/false, Soon()),
              StatusIs(absl::StatusCode::kAborted,
                       AllOf(HasSubstr("PATCH /api/v1/namespaces/conflict/configmaps/c"), HasSubstr("conflict"))));
  ASSERT_OK_AND_ASSIGN(const Reply reply,
                       client_->Apply(kConfigMaps, "conflict", "c", mine, false, /*force=*/true, Soon()));
  EXPECT_EQ(reply.body["data"]["key"], "mine");
  EXPECT_THAT(client_->Create(kConfigMaps, "conflict", mine, false, Soon()),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("already exists")));
}

TEST_F(KubeClientTest, ADryRunWarnsAndLeavesNothing) {
  MakeNamespace("dry");
  const Json pod = {
      {"apiVersion", "v1"},
      {"kind", "Pod"},
      {"metadata", {{"name", "p"}}},
      {"spec",
       {{"automountServiceAccountToken", false}, {"containers", Json::array({{{"name", "c"}, {"image", "none"}}})}}}};
  absl::StatusOr<Reply> reply = absl::UnavailableError("not asked");
  // A new namespace's service account is made by the controller-manager.
  EXPECT_OK(RetryUntil(Soon(), "admission", absl::Milliseconds(200), [&] {
    reply = client_->Create(kPods, "dry", pod, /*dry_run=*/true, Soon());
    return reply.status();
  }));
  ASSERT_OK(reply);
  EXPECT_THAT(reply->warnings, Contains(HasSubstr("would violate PodSecurity \"restricted:latest\"")));
  EXPECT_THAT(client_->Get(kPods, "dry", "p", Soon()),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("pods \"p\" not found")));
}

TEST_F(KubeClientTest, SaysWhyItIsNotLetIn) {
  Access stranger = access_;
  stranger.certificate_pem.clear();
  stranger.key_pem.clear();
  stranger.token = "wrong";
  ASSERT_OK_AND_ASSIGN(const auto client, Client::Open(stranger));
  EXPECT_THAT(client->List(kNodes, "", {}, Soon()),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("Unauthorized")));
  Access misnamed = access_;
  misnamed.tls_server_name = "somebody.else";
  ASSERT_OK_AND_ASSIGN(const auto other, Client::Open(misnamed));
  EXPECT_THAT(other->List(kNodes, "", {}, Soon()),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("wrong name")));
}

TEST_F(KubeClientTest, ReadsRawPaths) {
  ASSERT_OK_AND_ASSIGN(const std::string version, client_->GetRaw("/version", Soon()));
  EXPECT_THAT(version, HasSubstr("v1.32"));
  ASSERT_OK_AND_ASSIGN(const std::string ready, client_->GetRaw("/readyz?verbose", Soon()));
  EXPECT_THAT(ready, HasSubstr("readyz check passed"));
}

}  // namespace
}  // namespace tales::kube
