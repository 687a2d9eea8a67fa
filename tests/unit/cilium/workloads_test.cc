#include "suites/cilium/workloads.h"

#include "gmock/gmock.h"
#include "tests/support/status_matchers.h"

namespace tales::cilium {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Json DaemonSet() {
  return {
      {"metadata", {{"name", "cilium"}, {"namespace", "cilium"}, {"generation", 3}}},
      {"spec", {{"updateStrategy", {{"type", "RollingUpdate"}}}}},
      {"status",
       {{"observedGeneration", 3}, {"desiredNumberScheduled", 2}, {"updatedNumberScheduled", 2}, {"numberReady", 2}}}};
}

const Wanted* Find(const std::vector<Wanted>& all, const std::string& name) {
  for (const Wanted& wanted : all) {
    if (wanted.name == name) return &wanted;
  }
  return nullptr;
}

TEST(WantedWorkloads, DeclaredValuesComeBeforeOptions) {
  CiliumDefinition declared;
  auto wanted = WantedWorkloads(declared, {{"external-envoy-proxy", "true"}});
  EXPECT_EQ(Find(wanted, "cilium-envoy")->is_wanted, true);
  EXPECT_EQ(Find(wanted, "hubble-relay")->is_wanted, std::nullopt);
  EXPECT_EQ(Find(wanted, "cilium-operator")->is_wanted, true);
  declared.values = {{"envoy.enabled", "false"}, {"hubble.relay.enabled", "true"}};
  wanted = WantedWorkloads(declared, {{"external-envoy-proxy", "true"}});
  EXPECT_EQ(Find(wanted, "cilium-envoy")->is_wanted, false);
  EXPECT_EQ(Find(wanted, "hubble-relay")->is_wanted, true);
  EXPECT_THAT(JudgePresence(*Find(wanted, "hubble-relay"), false, "cilium")->expected,
              HasSubstr("Deployment hubble-relay in namespace cilium: hubble.relay.enabled is declared"));
  EXPECT_THAT(JudgePresence(*Find(wanted, "cilium-envoy"), true, "cilium")->expected, HasSubstr("no DaemonSet"));
  EXPECT_FALSE(JudgePresence(*Find(wanted, "hubble-ui"), false, "cilium"));
}

TEST(Rollout, AsItShouldBe) { EXPECT_THAT(JudgeRollout("DaemonSet", DaemonSet(), 2), IsEmpty()); }

TEST(Rollout, EachWayToBeBehindIsNamed) {
  Json set = DaemonSet();
  set["metadata"]["generation"] = 4;
  EXPECT_THAT(JudgeRollout("DaemonSet", set, 2)[0].found, HasSubstr("has not seen its newest generation"));
  set = DaemonSet();
  set["status"]["updatedNumberScheduled"] = 1;
  EXPECT_THAT(JudgeRollout("DaemonSet", set, 2)[0].next, HasSubstr("rollout status daemonset/cilium"));
  set["spec"]["updateStrategy"]["type"] = "OnDelete";
  EXPECT_THAT(JudgeRollout("DaemonSet", set, 2)[0].found, HasSubstr("OnDelete"));
  set = DaemonSet();
  set["status"]["numberReady"] = 1;
  EXPECT_THAT(JudgeRollout("DaemonSet", set, 2)[0].found, HasSubstr("1 of 2"));
  EXPECT_THAT(JudgeRollout("DaemonSet", DaemonSet(), 3)[0].found, HasSubstr("leave 1 out"));
}

TEST(Rollout, NoPodsAtAllNeverPass) {
  for (const char* text : {"{}", R"({"status":{"desiredNumberScheduled":"2"}})", R"({"status":[]})",
                           R"({"status":{"desiredNumberScheduled":0}})"})
    EXPECT_THAT(JudgeRollout("DaemonSet", Json::parse(text), 2), SizeIs(1)) << text;
  Json deployment = {
      {"metadata", {{"name", "cilium-operator"}}}, {"spec", {{"replicas", 0}}}, {"status", Json::object()}};
  EXPECT_THAT(JudgeRollout("Deployment", deployment, 0)[0].found, "it is scaled to 0");
}

class Restarts : public ::testing::Test {
 protected:
  std::vector<Problem> Judge(const Json& state, const Json& last, int restarts = 1) {
    const Json pod = {
        {"metadata",
         {{"namespace", "cilium"}, {"name", "cilium-x"}, {"labels", {{"app.kubernetes.io/part-of", "cilium"}}}}},
        {"spec", {{"nodeName", "worker"}}},
        {"status",
         {{"containerStatuses",
           Json::array(
               {{{"name", "cilium-agent"}, {"restartCount", restarts}, {"state", state}, {"lastState", last}}})}}}};
    return JudgeRestarts({pod, Json("x"), Json{{"status", {{"containerStatuses", {1, nullptr}}}}}}, "cilium", now_);
  }
  Json Ended(absl::Duration ago, int code, const char* reason) {
    return {{"terminated",
             {{"exitCode", code},
              {"reason", reason},
              {"finishedAt", absl::FormatTime(absl::RFC3339_sec, now_ - ago, absl::UTCTimeZone())}}}};
  }
  const absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  const Json running_ = {{"running", Json::object()}};
};

TEST_F(Restarts, ALateEndIsOne) {
  const auto problems = Judge(running_, Ended(absl::Minutes(2), 1, "Error"), 3);
  ASSERT_THAT(problems, SizeIs(1));
  EXPECT_THAT(problems[0].found, AllOf(HasSubstr("3 restarts"), HasSubstr("exit code 1 (Error)")));
  EXPECT_EQ(problems[0].next, "kubectl -n cilium logs cilium-x -c cilium-agent --previous");
}

TEST_F(Restarts, WaitingAfterACrashIsOneHoweverLongAgo) {
  EXPECT_THAT(Judge({{"waiting", {{"reason", "CrashLoopBackOff"}}}}, Ended(absl::Hours(9), 1, "Error")), SizeIs(1));
  EXPECT_THAT(Judge({{"waiting", {{"reason", "ImagePullBackOff"}}}}, Json::object(), 0), SizeIs(1));
}

TEST_F(Restarts, WhatIsOverAndWhatTheMachineDidAreNone) {
  EXPECT_THAT(Judge(running_, Ended(absl::Minutes(11), 1, "Error"), 40), IsEmpty());
  EXPECT_THAT(Judge(running_, Ended(absl::Minutes(1), 255, "Unknown")), IsEmpty());
  EXPECT_THAT(Judge(running_, Json::object(), 0), IsEmpty());
  EXPECT_THAT(Judge(running_, "nonsense"), IsEmpty());
}

}  // namespace
}  // namespace tales::cilium
