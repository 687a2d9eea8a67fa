// Two runs and one cluster: whose cilium-test-1 is, and what becomes of it.
#include "suites/connectivity/test_namespaces.h"

#include <mutex>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "harness/base/file.h"
#include "harness/check/spec.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kube/test_server.h"

namespace tales::connectivity {
namespace {

using kube::Json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOkAndHolds;
using testing::StatusIs;

constexpr char kName[] = "cilium-test-1";

// An API server that has namespaces, with nothing in them.
class TestNamespacesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    server_.emplace(kube::testing::TestServer::Options{},
                    [this](const kube::testing::Request& request) { return Serve(request); });
    auto client = kube::Client::Open({.server = server_->url()});
    ASSERT_OK(client);
    client_ = *std::move(client);
  }
  void TearDown() override { server_.reset(); }

  kube::testing::Response Serve(const kube::testing::Request& request) {
    const std::lock_guard<std::mutex> lock(mutex_);
    constexpr std::string_view kPath = "/api/v1/namespaces";
    const std::string path = request.target.substr(0, request.target.find('?'));
    if (path == kPath && request.method == "GET") {
      Json items = Json::array();
      for (const auto& [name, one] : namespaces_) items.push_back(one);
      if (going_ > 0 && --going_ == 0) namespaces_.erase(kName);
      return Answer(200, {{"items", items}});
    }
    if (path == kPath) {
      Json made = Json::parse(request.body);
      const std::string name = Text(made, "metadata.name");
      if (name == refuse_) return Answer(403, {{"reason", "Forbidden"}});
      if (namespaces_.contains(name)) return Answer(409, {{"reason", "AlreadyExists"}});
      return Answer(201, Put(name, made));
    }
    if (!absl::StartsWith(path, absl::StrCat(kPath, "/")) || path.find('/', kPath.size() + 1) != std::string::npos ||
        path.rfind("/apis/", 0) == 0) {
      return Answer(200, {{"items", Json::array()}});
    }
    const std::string name = path.substr(kPath.size() + 1);
    if (!namespaces_.contains(name)) return Answer(404, {{"reason", "NotFound"}});
    if (request.method == "DELETE") {
      namespaces_.erase(name);
      return Answer(200, Json::object());
    }
    Json patched = namespaces_[name];
    const Json patch = Json::parse(request.body);
    const std::string version = Text(patch, "metadata.resourceVersion");
    if (!version.empty() && version != Text(patched, "metadata.resourceVersion")) {
      return Answer(409, {{"reason", "Conflict"}});
    }
    patched.merge_patch(patch);
    return Answer(200, Put(name, patched));
  }
  static kube::testing::Response Answer(int code, Json body) {
    if (code >= 400) body.update({{"kind", "Status"}, {"status", "Failure"}, {"code", code}});
    return kube::testing::Answer(code, body.dump());
  }
  Json Put(const std::string& name, Json object) {
    object["metadata"]["name"] = name;
    object["metadata"]["resourceVersion"] = absl::StrCat(++version_);
    return namespaces_[name] = object;
  }

  absl::StatusOr<TestNamespaces> Prepare(const std::string& run, absl::Duration lives = absl::Minutes(5)) {
    return TestNamespaces::Prepare(*client_, 1, {run, absl::Now() + lives}, Deadline::After(absl::Seconds(5)));
  }
  static Deadline Soon() { return Deadline::After(absl::Seconds(5)); }

  std::mutex mutex_;
  std::map<std::string, Json> namespaces_;
  std::string refuse_;  // the one that cannot be made
  int version_ = 0;
  int going_ = 0;  // lists until the one that is being deleted is gone; 0: never
  std::optional<kube::testing::TestServer> server_;
  std::unique_ptr<kube::Client> client_;
};

TEST_F(TestNamespacesTest, WhatWasMadeGoesAgain) {
  ASSERT_OK_AND_ASSIGN(TestNamespaces mine, Prepare("here:/runs/1"));
  EXPECT_EQ(Label(namespaces_.at(kName), "pod-security.kubernetes.io/enforce"), "privileged");
  EXPECT_THAT(mine.Restore(Soon()), IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(namespaces_, IsEmpty());
}

TEST_F(TestNamespacesTest, AnotherRunIsNotDisturbed) {
  ASSERT_OK(Prepare("here:/runs/1"));
  EXPECT_THAT(Prepare("here:/runs/2").status(),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("here:/runs/1"), HasSubstr("kubectl annotate namespace cilium-test-1 "))));
  EXPECT_TRUE(namespaces_.contains(kName));
  EXPECT_OK(Prepare("here:/runs/1"));  // taken up again
}

TEST_F(TestNamespacesTest, ANamespaceThatWasThereIsGuardedToo) {
  Put(kName, {{"metadata", {{"labels", {{"pod-security.kubernetes.io/enforce", "baseline"}}}}}});
  ASSERT_OK_AND_ASSIGN(TestNamespaces mine, Prepare("one"));
  EXPECT_THAT(Prepare("two").status(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("one")));
  EXPECT_THAT(mine.Restore(Soon()), IsOkAndHolds(IsEmpty()));
  EXPECT_EQ(Label(namespaces_.at(kName), "pod-security.kubernetes.io/enforce"), "baseline");
  EXPECT_THAT(namespaces_.at(kName)["metadata"]["annotations"], IsEmpty());
  EXPECT_OK(Prepare("two"));
}

TEST_F(TestNamespacesTest, WhatAKilledRunLeftIsTakenOverWhenItsTimeIsUp) {
  ASSERT_OK_AND_ASSIGN(TestNamespaces late, Prepare("killed", absl::Seconds(-1)));
  ASSERT_OK_AND_ASSIGN(TestNamespaces mine, Prepare("mine"));
  // Should it live after all: it is not its any more.
  EXPECT_THAT(late.Restore(Soon()), IsOkAndHolds(IsEmpty()));
  EXPECT_TRUE(namespaces_.contains(kName));
  EXPECT_THAT(mine.Restore(Soon()), IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(namespaces_, IsEmpty());
}

// Killed on this machine: nobody waits for the end of its time.
TEST_F(TestNamespacesTest, WhatARunLeftThatIsKnownToBeDeadIsTakenOverAtOnce) {
  const auto folder = TemporaryFolder::Make("tenant");
  ASSERT_OK(folder);
  {
    ASSERT_OK_AND_ASSIGN(const Tenancy theirs, Tenancy::Begin(folder->path(), absl::Now() + absl::Hours(1)));
    ASSERT_OK(TestNamespaces::Prepare(*client_, 1, theirs.tenant(), Soon()));
    EXPECT_THAT(Prepare("mine").status(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("in use by")));
  }
  ASSERT_OK_AND_ASSIGN(TestNamespaces mine, Prepare("mine"));
  EXPECT_THAT(mine.Restore(Soon()), IsOkAndHolds(IsEmpty()));
  EXPECT_THAT(namespaces_, IsEmpty());
}

// A killed run that worked in two, and one that needs one of them.
TEST_F(TestNamespacesTest, WhatAKilledRunOpenedIsPutRight) {
  for (const char* name : {kName, "cilium-test-2"}) Put(name, {{"metadata", {{"labels", {{"a", "b"}}}}}});
  const Json before = namespaces_.at("cilium-test-2")["metadata"]["labels"];
  ASSERT_OK(TestNamespaces::Prepare(*client_, 2, {"killed", absl::Now() - absl::Seconds(1)}, Soon()));
  EXPECT_NE(namespaces_.at("cilium-test-2")["metadata"]["labels"], before);
  ASSERT_OK_AND_ASSIGN(TestNamespaces mine, Prepare("mine"));
  EXPECT_THAT(mine.Restore(Soon()), IsOkAndHolds(IsEmpty()));
  for (const char* name : {kName, "cilium-test-2"}) {
    EXPECT_EQ(namespaces_.at(name)["metadata"]["labels"], before) << name;
    EXPECT_THAT(namespaces_.at(name)["metadata"]["annotations"], IsEmpty()) << name;
  }
}

TEST_F(TestNamespacesTest, OneThatIsRefusedLeavesNothing) {
  refuse_ = "cilium-test-2";
  Put(kName, {{"metadata", {{"labels", {{"a", "b"}}}}}});
  EXPECT_THAT(TestNamespaces::Prepare(*client_, 3, {"mine", absl::InfiniteFuture()}, Soon()).status(),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("cilium-test-2")));
  EXPECT_EQ(namespaces_.size(), 1u);
  EXPECT_EQ(namespaces_.at(kName)["metadata"]["labels"], Json({{"a", "b"}}));
}

TEST_F(TestNamespacesTest, OneThatIsBeingDeletedIsWaitedFor) {
  const Json going = {
      {"metadata",
       {{"labels", {{"app.kubernetes.io/managed-by", "tales"}}}, {"deletionTimestamp", "2026-11-26T00:00:00Z"}}}};
  Put(kName, going);
  going_ = 2;
  ASSERT_OK(Prepare("mine"));
  EXPECT_EQ(Text(namespaces_.at(kName), "metadata.deletionTimestamp"), "");
  Put(kName, going);
  EXPECT_THAT(
      TestNamespaces::Prepare(*client_, 1, {"mine", absl::InfiniteFuture()}, Deadline::After(absl::Milliseconds(100)))
          .status(),
      StatusIs(absl::StatusCode::kUnavailable, HasSubstr("still being deleted")));
}

TEST_F(TestNamespacesTest, AMarkOfAnyShapeIsNobodys) {
  for (const char* mark : {"", "[]", "{\"until\":7}", "{\"until\":\"soon\",\"run\":\"x\"}", "{{"}) {
    Put(kName, {{"metadata",
                 {{"labels", {{"app.kubernetes.io/managed-by", "tales"}}},
                  {"annotations", {{"tales/connectivity-test", mark}}}}}});
    EXPECT_OK(Prepare("mine")) << mark;
  }
}

}  // namespace
}  // namespace tales::connectivity
