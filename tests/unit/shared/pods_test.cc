// Warnings of pods, and pods on nodes that are gone; the API is a server that answers what the test says.
#include <map>
#include <mutex>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "suites/shared/dead_pods.h"
#include "suites/shared/pod_warnings.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kube/test_server.h"

namespace tales {
namespace {

using kube::Json;
using kube::testing::Answer;
using kube::testing::Request;
using kube::testing::TestServer;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Json Event(const std::string& uid, const std::string& time, const std::string& reason, const std::string& message,
           const std::string& type = "Warning") {
  return {{"type", type},
          {"reason", reason},
          {"message", message},
          {"lastTimestamp", time},
          {"involvedObject", {{"kind", "Pod"}, {"uid", uid}}}};
}
Json PodOf(const std::string& uid) { return {{"metadata", {{"name", "p"}, {"uid", uid}}}}; }

TEST(PodWarningsTest, TheLatestOfEachReason) {
  const PodWarnings warnings({Event("u", "2025-01-01T00:00:01Z", "FailedMount", "old"),
                              Event("u", "2025-01-01T00:00:09Z", "FailedMount", "configmap \"x\" not found"),
                              Event("u", "2025-01-01T00:00:05Z", "Failed", "Failed to pull image \"i\": no such host"),
                              Event("u", "2025-01-01T00:00:06Z", "Failed", "Error: ErrImagePull"),
                              Event("u", "2025-01-01T00:00:07Z", "Pulling", "usual", "Normal"),
                              Event("v", "2025-01-01T00:00:08Z", "FailedMount", "another's")});
  EXPECT_EQ(warnings.Of(PodOf("u")),
            "; its last warnings: FailedMount: configmap \"x\" not found; Failed: Failed to pull image \"i\": no such "
            "host");
  EXPECT_EQ(warnings.Of(PodOf("w")), "");
  EXPECT_EQ(warnings.Of(Json()), "");
}

TEST(PodWarningsTest, ALongOneKeepsItsEndWhichSaysWhy) {
  const std::string said = PodWarnings(std::vector<Json>{Event("u", "T", "FailedCreatePodSandBox",
                                                               "rpc error: " + std::string(5000, 'x') + " EOF")})
                               .Of(PodOf("u"));
  EXPECT_LT(said.size(), 500u);
  EXPECT_THAT(said, AllOf(HasSubstr("FailedCreatePodSandBox: rpc error"), HasSubstr(" ... "), HasSubstr(" EOF")));
}

TEST(PodWarningsTest, EventsOfAnyShapeAreTaken) {
  EXPECT_EQ(PodWarnings({Json(), Json::array(), {{"type", "Warning"}}, {{"involvedObject", 7}}}).Of(PodOf("u")), "");
}

TEST(DeadPodsTest, ANamespaceSaysWhatKeepsIt) {
  EXPECT_THAT(WhyStuck(Json::parse(R"({"status":{"conditions":[
                {"type":"NamespaceDeletionDiscoveryFailure","status":"False","message":"All resources"},
                {"type":"NamespaceFinalizersRemaining","status":"True","message":"finalizers: x in 1 resource"}]}})")),
              "finalizers: x in 1 resource");
}

TEST(WhyEndedTest, ByReasonOrByCondition) {
  EXPECT_EQ(WhyEnded({{"status", {{"reason", "Evicted"}, {"message", "low on memory"}}}}), "Evicted: low on memory");
  const Json condition = {{"type", "DisruptionTarget"}, {"status", "True"}, {"reason", "R"}, {"message", "m"}};
  EXPECT_EQ(WhyEnded({{"status", {{"phase", "Succeeded"}, {"conditions", Json::array({condition})}}}}), "R: m");
  EXPECT_EQ(WhyEnded(Json()), "");
}

class ApiTest : public ::testing::Test {
 protected:
  ApiTest() : server_({}, [this](const Request& request) { return Handle(request); }) {
    auto client = kube::Client::Open({.server = server_.url()});
    if (client.ok()) client_ = *std::move(client);
  }
  kube::testing::Response Handle(const Request& request) {
    const std::lock_guard<std::mutex> lock(mutex_);
    asked_.push_back(absl::StrCat(request.method, " ", request.target));
    if (request.method == "DELETE") return Answer(200, "{}");
    if (absl::StrContains(request.target, "/pods")) return Answer(200, Json({{"items", pods_}}).dump());
    if (absl::StrContains(request.target, "/events")) {
      if (refuses_) return Answer(403, R"({"kind":"Status","message":"events is forbidden","reason":"Forbidden"})");
      return Answer(200, Json({{"items", Json::array({Event("u", "T", "FailedMount", "why")})}}).dump());
    }
    if (hides_nodes_) return Answer(403, R"({"kind":"Status","message":"no role","reason":"Forbidden"})");
    const std::string name = request.target.substr(request.target.rfind('/') + 1);
    if (!nodes_.contains(name)) return Answer(404, R"({"kind":"Status","message":"no","reason":"NotFound"})");
    return Answer(200, nodes_[name].dump());
  }
  void Pod(const std::string& name, const std::string& node, bool leaves) {
    Json pod = {{"metadata", {{"name", name}}}, {"spec", {{"nodeName", node}}}};
    if (leaves) pod["metadata"]["deletionTimestamp"] = "T";
    pods_.push_back(pod);
  }
  void Node(const std::string& name, const char* ready) {
    nodes_[name] = {{"status", {{"conditions", Json::array({{{"type", "Ready"}, {"status", ready}}})}}}};
  }
  std::vector<std::string> Deleted() {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::vector<std::string> deleted;
    for (const std::string& one : asked_) {
      if (absl::StartsWith(one, "DELETE")) deleted.push_back(one);
    }
    return deleted;
  }
  Deadline Soon() { return Deadline::After(absl::Seconds(20)); }

  std::mutex mutex_;
  std::vector<std::string> asked_;
  Json pods_ = Json::array();
  std::map<std::string, Json> nodes_;
  bool refuses_ = false, hides_nodes_ = false;
  TestServer server_;
  std::unique_ptr<kube::Client> client_;
};

TEST_F(ApiTest, PodsOnNodesThatAreDeadAreEndedByForceAndNoOthers) {
  Node("alive", "True");
  Node("dead", "Unknown");
  Pod("a", "alive", true);
  Pod("b", "dead", true);
  Pod("c", "dead", false);
  Pod("d", "gone", true);
  Pod("e", "", true);
  std::vector<std::string> told;
  DeadPods dead(*client_, [&told](std::string_view line) { told.emplace_back(line); });
  EXPECT_OK(dead.End("ours", Soon()));
  EXPECT_THAT(Deleted(), ElementsAre(AllOf(HasSubstr("/namespaces/ours/pods/b?"), HasSubstr("gracePeriodSeconds=0")),
                                     AllOf(HasSubstr("/namespaces/ours/pods/d?"), HasSubstr("gracePeriodSeconds=0"))));
  EXPECT_THAT(told, ElementsAre("pod ours/b is deleted by force: dead, which it is on, is not ready",
                                "pod ours/d is deleted by force: gone, which it is on, is gone"));
  const size_t asked = asked_.size();
  EXPECT_OK(dead.End("ours", Soon()));
  EXPECT_EQ(asked_.size(), asked) << "not at each turn of whoever waits";
}

TEST_F(ApiTest, ANodeThatCannotBeAskedIsNotTakenForDead) {
  Pod("a", "hidden", true);
  hides_nodes_ = true;
  EXPECT_TRUE(absl::IsPermissionDenied(DeadPods(*client_).End("ours", Soon())));
  EXPECT_THAT(Deleted(), IsEmpty());
}

TEST_F(ApiTest, WarningsOfOnePodAreAskedForAndARefusalIsTold) {
  EXPECT_EQ(PodWarnings::Read(*client_, "ours", "p", Soon()).Of(PodOf("u")), "; its last warnings: FailedMount: why");
  EXPECT_THAT(asked_.back(), AllOf(HasSubstr("/namespaces/ours/events?"), HasSubstr("involvedObject.name")));
  refuses_ = true;
  EXPECT_THAT(PodWarnings::Read(*client_, "ours", "", Soon()).Of(PodOf("u")),
              AllOf(HasSubstr("its events cannot be read"), HasSubstr("events is forbidden")));
}

}  // namespace
}  // namespace tales
