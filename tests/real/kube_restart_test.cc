// A real API server that is killed, or compacts, in the midst of what our client asks of it.
#include <atomic>
#include <iostream>
#include <memory>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "fixtures/local/control_plane.h"
#include "gtest/gtest.h"
#include "harness/base/file.h"
#include "harness/base/parallel.h"
#include "harness/kube/client.h"
#include "tests/real/forwarder.h"
#include "tests/support/status_matchers.h"

namespace tales::kube {
namespace {

using ::tales::testing::StatusIs;
using ::testing::ElementsAre;
using testing::Forwarder;
using ::testing::HasSubstr;

constexpr int kObjects = 150, kChunk = 5;
constexpr int64_t kMiddle = 12'000;  // bytes: the handshake and a few pages

Deadline Soon() { return Deadline::After(absl::Seconds(90)); }

Json ConfigMap(const std::string& name) {
  return {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", name}}}};
}

class KubeRestartReal : public ::testing::Test {
 protected:
  void SetUp() override { Start({}); }
  void Start(std::vector<std::string> apiserver_flags) {
    AssetRequest request;
    request.progress = [](std::string_view line) { std::cout << line << std::endl; };
    const absl::StatusOr<ControlPlanePrograms> programs = FindControlPlanePrograms(request);
    if (!programs.ok()) GTEST_SKIP() << programs.status();
    absl::StatusOr<TemporaryFolder> folder = TemporaryFolder::Make("tales-restart");
    ASSERT_OK(folder);
    folder_.emplace(*std::move(folder));
    absl::StatusOr<std::unique_ptr<ControlPlane>> plane = ControlPlane::Start(
        {.programs = *programs, .state = folder_->path() / "state", .apiserver_flags = std::move(apiserver_flags)});
    ASSERT_OK(plane);
    plane_ = *std::move(plane);
    absl::StatusOr<std::unique_ptr<Forwarder>> forwarder = Forwarder::Start(plane_->endpoint());
    ASSERT_OK(forwarder);
    forwarder_ = *std::move(forwarder);
    Access access = plane_->credentials().administrator;
    access.server = forwarder_->url();
    absl::StatusOr<std::unique_ptr<Client>> client = Client::Open(access);
    ASSERT_OK(client);
    client_ = *std::move(client);
    MakeObjects("c", kObjects);
  }
  void MakeObjects(const std::string& prefix, int count) {
    std::atomic<int> failed = 0;
    ForEachInParallel(static_cast<size_t>(count), 8, [&](size_t i) {
      const Json object = ConfigMap(absl::StrCat(prefix, i));
      if (!plane_->client().Create(kConfigMaps, "default", object, false, Soon()).ok()) ++failed;
    });
    EXPECT_EQ(failed, 0);
  }
  // The names that `client_` lists in many pages, where after the first few the server is gone and `trouble` goes on.
  std::set<std::string> NamesListedDuring(const std::function<void()>& trouble) {
    forwarder_->RefuseAfter(kMiddle);
    absl::StatusOr<std::vector<Json>> items = absl::InternalError("not listed");
    // What the test's own thread starts lives as long as that thread.
    std::thread other([&] {
      items = client_->List(kConfigMaps, "default",
                            {.field_selector = "metadata.name!=kube-root-ca.crt", .chunk = kChunk}, Soon());
    });
    EXPECT_OK(RetryUntil(Soon(), "the list's middle", absl::Milliseconds(1),
                         [&] { return forwarder_->refuses() ? absl::OkStatus() : absl::UnavailableError("not yet"); }));
    trouble();
    forwarder_->Refuse(false);
    other.join();
    EXPECT_OK(items);
    std::set<std::string> names;
    if (!items.ok()) return names;
    for (const Json& item : *items) names.insert(item["metadata"]["name"]);
    EXPECT_EQ(names.size(), items->size()) << "something was listed twice";
    return names;
  }

  std::optional<TemporaryFolder> folder_;
  std::unique_ptr<ControlPlane> plane_;
  std::unique_ptr<Forwarder> forwarder_;
  std::unique_ptr<Client> client_;
};

TEST_F(KubeRestartReal, AListOutlivesTheServersRestart) {
  const std::set<std::string> names = NamesListedDuring([&] {
    plane_->KillApiServer();
    EXPECT_OK(plane_->ResumeApiServer(Soon()));
  });
  EXPECT_GE(names.size(), kObjects);
}

TEST_F(KubeRestartReal, AWatchOutlivesTheServersRestart) {
  std::vector<std::string> seen;
  absl::Status status;
  std::thread other([&] {
    status = client_->Watch(
        kConfigMaps, "default", {}, "",
        [&](const WatchEvent& event) {
          const std::string name = event.object["metadata"].value("name", "");
          if (name == "c1" || name == "late") seen.push_back(absl::StrCat(event.type, " ", name));
          return name != "late";
        },
        Soon());
  });
  absl::SleepFor(absl::Seconds(1));
  // A new server knows no revision before its own start: it cannot be told what happened meanwhile, only listed again.
  plane_->KillApiServer();
  EXPECT_OK(plane_->ResumeApiServer(Soon()));
  EXPECT_OK(plane_->client().Delete(kConfigMaps, "default", "c1", Soon()));
  EXPECT_OK(plane_->client().Create(kConfigMaps, "default", ConfigMap("late"), false, Soon()));
  other.join();
  EXPECT_OK(status);
  EXPECT_THAT(seen, ElementsAre("ADDED c1", "DELETED c1", "ADDED late"));
}

// An API server that forgets old revisions within seconds, where five minutes are usual, and has no cache of them.
class KubeCompactionReal : public KubeRestartReal {
 protected:
  void SetUp() override { Start({"--etcd-compaction-interval=2s", "--watch-cache=false"}); }
};

// The pages of a list are of one revision; once etcd has compacted it, the server answers 410, and only a new list can
// hold what was written since.
TEST_F(KubeCompactionReal, AListWhoseRevisionWasCompactedStartsAgain) {
  const std::set<std::string> names = NamesListedDuring([&] {
    const absl::Time end = absl::Now() + absl::Seconds(7);
    for (int i = 0; absl::Now() < end; ++i) {
      MakeObjects(absl::StrCat("later", i, "-"), 1);
      absl::SleepFor(absl::Milliseconds(300));
    }
  });
  EXPECT_TRUE(names.contains("later0-0"));
  EXPECT_GT(names.size(), kObjects + 10);
}

TEST_F(KubeCompactionReal, AWatchFromACompactedRevisionSaysSo) {
  ASSERT_OK_AND_ASSIGN(const Json first, client_->Get(kConfigMaps, "default", "c0", Soon()));
  absl::Status status;
  EXPECT_OK(RetryUntil(Soon(), "a compaction", absl::Milliseconds(500), [&] {
    MakeObjects(absl::StrCat("more", absl::ToUnixMillis(absl::Now()), "-"), 1);
    status = client_->Watch(
        kConfigMaps, "default", {}, first["metadata"]["resourceVersion"].get<std::string>(),
        [](const WatchEvent&) { return false; }, Soon());
    return absl::IsOutOfRange(status) ? absl::OkStatus()
                                      : absl::UnavailableError(absl::StrCat("got ", status.ToString()));
  }));
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kOutOfRange, HasSubstr("configmaps")));
}

}  // namespace
}  // namespace tales::kube
