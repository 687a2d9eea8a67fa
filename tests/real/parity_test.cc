// The lab's API server says what a real kube-apiserver says: the same status, the same words, the same warnings. Where
// they differ, the lab is wrong.
#include <mutex>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "harness/base/parallel.h"
#include "tests/real/parity_pods.h"
#include "tests/real/parity_servers.h"
#include "tests/support/status_matchers.h"

namespace tales::testing {
namespace {

using nlohmann::json;

constexpr size_t kMostShown = 25;
const std::string kLabel = "pod-security.kubernetes.io/";

// {"enforce", "baseline"}, ... with the labels' prefix.
json Labels(const std::vector<std::pair<std::string, std::string>>& modes) {
  json labels = json::object();
  for (const auto& [mode, value] : modes) labels[kLabel + mode] = value;
  return labels;
}

class ParityTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!ControlPlaneIsAvailable().ok()) return;
    auto servers = ParityServers::Start();
    ASSERT_OK(servers);
    servers_ = *std::move(servers);
  }
  static void TearDownTestSuite() { servers_.reset(); }
  void SetUp() override {
    if (!ControlPlaneIsAvailable().ok()) GTEST_SKIP() << "fixture local: " << ControlPlaneIsAvailable().message();
    ASSERT_NE(servers_, nullptr);
  }

  // Sends all of them, several at once: they must not depend on one another.
  static void ExpectTheSame(const std::vector<ApiRequest>& requests) {
    std::mutex mutex;
    size_t different = 0;
    ForEachInParallel(requests.size(), 4, [&](size_t i) {
      const std::string difference = servers_->Difference(requests[i]);
      if (difference.empty()) return;
      const std::lock_guard<std::mutex> lock(mutex);
      if (different++ < kMostShown) ADD_FAILURE() << difference;
    });
    EXPECT_EQ(different, 0) << "of " << requests.size();
    RecordProperty("requests", std::to_string(requests.size()));
    std::cout << requests.size() << " requests" << std::endl;
  }
  // One after the other.
  static void ExpectTheSameInTurn(const std::vector<ApiRequest>& requests) {
    for (const ApiRequest& request : requests) {
      if (const std::string difference = servers_->Difference(request); !difference.empty())
        ADD_FAILURE() << difference;
    }
  }
  // Every pod of parity_pods.h, by a dry run in this namespace.
  static std::vector<ApiRequest> AllPodsIn(const std::string& name) {
    std::vector<ApiRequest> requests;
    for (const NamedPod& named : ParityPods()) {
      json pod = named.pod;
      pod["metadata"]["name"] = "p";
      requests.push_back({.what = absl::StrCat(named.what, " in ", name),
                          .method = "POST",
                          .path = absl::StrCat("/api/v1/namespaces/", name, "/pods?dryRun=All"),
                          .body = pod.dump()});
    }
    return requests;
  }
  static void Append(std::vector<ApiRequest>& to, std::vector<ApiRequest> from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  }

  static std::unique_ptr<ParityServers> servers_;
};
std::unique_ptr<ParityServers> ParityTest::servers_;

TEST_F(ParityTest, EveryControlAtEveryLevel) {
  ASSERT_OK(servers_->MakeNamespace("privileged", Labels({{"enforce", "privileged"}})));
  ASSERT_OK(servers_->MakeNamespace("baseline", Labels({{"enforce", "baseline"}, {"warn", "privileged"}})));
  ASSERT_OK(servers_->MakeNamespace("restricted", Labels({{"enforce", "restricted"}})));
  std::vector<ApiRequest> requests;
  for (const char* name : {"default", "privileged", "baseline", "restricted", "kube-system"}) {
    Append(requests, AllPodsIn(name));
  }
  ExpectTheSame(requests);
}

TEST_F(ParityTest, EveryVersionInWhichAControlChanged) {
  std::vector<ApiRequest> requests;
  for (const int minor : {0, 7, 8, 18, 19, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 99}) {
    const std::string version = absl::StrCat("v1.", minor), suffix = absl::StrCat("-", minor);
    ASSERT_OK(servers_->MakeNamespace(
        "warn" + suffix, Labels({{"enforce", "privileged"}, {"warn", "restricted"}, {"warn-version", version}})));
    ASSERT_OK(servers_->MakeNamespace(
        "enforce" + suffix, Labels({{"enforce", "baseline"}, {"enforce-version", version}, {"warn", "privileged"}})));
    Append(requests, AllPodsIn("warn" + suffix));
    Append(requests, AllPodsIn("enforce" + suffix));
  }
  ExpectTheSame(requests);
}

TEST_F(ParityTest, EveryCombinationOfModes) {
  const std::vector<std::string> levels = {"", "privileged", "baseline", "restricted"};
  const std::set<std::string> telling = {"nothing wrong", "hostNetwork", "nothing said", "much of it"};
  std::vector<ApiRequest> requests;
  for (const std::string& enforce : levels) {
    for (const std::string& warn : levels) {
      for (const std::string& version : {std::string(), std::string("latest"), std::string("v1.18")}) {
        std::vector<std::pair<std::string, std::string>> modes;
        if (!enforce.empty()) modes.emplace_back("enforce", enforce);
        if (!warn.empty()) modes.emplace_back("warn", warn);
        if (!version.empty()) modes.emplace_back("enforce-version", version);
        if (version == "v1.18") modes.emplace_back("audit", "baseline");
        const std::string name = absl::StrCat("modes", levels.size(), "-", requests.size());
        ASSERT_OK(servers_->MakeNamespace(name, Labels(modes)));
        for (ApiRequest& request : AllPodsIn(name)) {
          const std::string what = request.what.substr(0, request.what.find(" in modes"));
          if (!telling.contains(what)) continue;
          request.what = absl::StrCat(what, " with ", Labels(modes).dump());
          requests.push_back(std::move(request));
        }
      }
    }
  }
  ExpectTheSame(requests);
}

json Workload(const std::string& version, const std::string& kind, const json& pod) {
  json pod_template = {{"metadata", pod["metadata"]}, {"spec", pod["spec"]}};
  json object = {{"apiVersion", version}, {"kind", kind}, {"metadata", {{"name", "w"}}}};
  if (kind == "PodTemplate") {
    object["template"] = pod_template;
    return object;
  }
  if (kind == "Job" || kind == "CronJob") {
    if (!pod_template["spec"].contains("restartPolicy")) pod_template["spec"]["restartPolicy"] = "Never";
    object["spec"] = {{"template", pod_template}};
    if (kind == "CronJob") object["spec"] = {{"schedule", "* * * * *"}, {"jobTemplate", {{"spec", object["spec"]}}}};
    return object;
  }
  pod_template["metadata"]["labels"]["app"] = "w";
  object["spec"] = {{"template", pod_template}, {"selector", {{"matchLabels", {{"app", "w"}}}}}};
  if (kind == "ReplicationController") object["spec"]["selector"] = {{"app", "w"}};
  if (kind == "StatefulSet") object["spec"]["serviceName"] = "w";
  return object;
}

TEST_F(ParityTest, EveryKindOfWorkload) {
  const std::vector<std::array<std::string, 3>> kinds = {{"apps/v1", "Deployment", "deployments"},
                                                         {"apps/v1", "DaemonSet", "daemonsets"},
                                                         {"apps/v1", "ReplicaSet", "replicasets"},
                                                         {"apps/v1", "StatefulSet", "statefulsets"},
                                                         {"batch/v1", "Job", "jobs"},
                                                         {"batch/v1", "CronJob", "cronjobs"},
                                                         {"v1", "PodTemplate", "podtemplates"},
                                                         {"v1", "ReplicationController", "replicationcontrollers"}};
  std::vector<ApiRequest> requests;
  for (const auto& [version, kind, plural] : kinds) {
    for (const NamedPod& named : ParityPods()) {
      requests.push_back({.what = absl::StrCat(kind, ", ", named.what),
                          .method = "POST",
                          .path = absl::StrCat(version == "v1" ? "/api/" : "/apis/", version, "/namespaces/default/",
                                               plural, "?dryRun=All"),
                          .body = Workload(version, kind, named.pod).dump()});
    }
  }
  ExpectTheSame(requests);
}

// A pod's update is judged when an image changes, not when a label does; whatever was admitted earlier stays.
TEST_F(ParityTest, UpdatesOfPods) {
  ASSERT_OK(servers_->MakeNamespace("updates", Labels({{"enforce", "privileged"}})));
  const std::string pods = "/api/v1/namespaces/updates/pods", pod = pods + "/p";
  json bad = RestrictedPod();
  bad["metadata"]["name"] = "p";
  bad["spec"]["hostNetwork"] = true;
  bad["spec"]["initContainers"] = json::array({{{"name", "i"}, {"image", "none"}}});
  ASSERT_OK(servers_->Make(pods, bad));
  const std::string merge = "application/merge-patch+json", strategic = "application/strategic-merge-patch+json";
  const std::string image = R"({"spec":{"containers":[{"name":"a","image":"other"}]}})";
  const std::string init_image = R"({"spec":{"initContainers":[{"name":"i","image":"other"}]}})";
  const std::string label = R"({"metadata":{"labels":{"a":"b"}}})";
  const std::string armor =
      R"({"metadata":{"annotations":{"container.apparmor.security.beta.kubernetes.io/a":"unconfined"}}})";
  const std::string debug = R"({"spec":{"ephemeralContainers":[{"name":"d","image":"none"}]}})";
  const std::string bad_debug =
      R"({"spec":{"ephemeralContainers":[{"name":"a","image":"","securityContext":{"privileged":true}}]}})";
  std::vector<ApiRequest> requests;
  for (const auto& [mode, level] : std::vector<std::pair<std::string, std::string>>{
           {"enforce", "privileged"}, {"enforce", "baseline"}, {"warn", "baseline"}, {"enforce", "restricted"}}) {
    requests.push_back({.what = "labelling",
                        .method = "PATCH",
                        .path = "/api/v1/namespaces/updates",
                        .body = json({{"metadata", {{"labels", Labels({{mode, level}})}}}}).dump(),
                        .content_type = merge});
    for (const std::string query : {"?dryRun=All", "?dryRun=All&fieldManager=x"}) {
      requests.push_back({"image", "PATCH", pod + query, image, strategic});
      requests.push_back({"image of the init container", "PATCH", pod + query, init_image, strategic});
      requests.push_back({"label", "PATCH", pod + query, label, merge});
      requests.push_back({"AppArmor annotation", "PATCH", pod + query, armor, merge});
      requests.push_back({"ephemeral container", "PATCH", pod + "/ephemeralcontainers" + query, debug, strategic});
      requests.push_back(
          {"bad ephemeral container", "PATCH", pod + "/ephemeralcontainers" + query, bad_debug, strategic});
      requests.push_back({"host network", "PATCH", pod + query, R"({"spec":{"hostNetwork":false}})", merge});
      requests.push_back({"a container more", "PATCH", pod + query,
                          R"({"spec":{"containers":[{"name":"z","image":"none"}]}})", strategic});
      requests.push_back(
          {"no image", "PATCH", pod + query, R"({"spec":{"containers":[{"name":"a","image":""}]}})", strategic});
      requests.push_back({"deadline", "PATCH", pod + query, R"({"spec":{"activeDeadlineSeconds":9}})", merge});
      requests.push_back({"bad label", "PATCH", pod + query, R"({"metadata":{"labels":{"a":"b c"}}})", merge});
      requests.push_back({"other name", "PATCH", pod + query, R"({"metadata":{"name":"q"}})", merge});
      requests.push_back({"other uid", "PATCH", pod + query, R"({"metadata":{"uid":"q"}})", merge});
    }
  }
  ExpectTheSameInTurn(requests);
}

TEST_F(ParityTest, Namespaces) {
  const std::string merge = "application/merge-patch+json";
  ASSERT_OK(servers_->MakeNamespace("crowd", Labels({{"enforce", "privileged"}})));
  const std::set<std::string> running = {"nothing wrong", "hostNetwork", "privileged", "nothing said", "much of it"};
  int count = 0;
  for (const NamedPod& named : ParityPods()) {
    if (!running.contains(named.what)) continue;
    for (int i = 0; i < 3; ++i) {
      json pod = named.pod;
      pod["metadata"]["name"] = absl::StrCat("p", count++);
      ASSERT_OK(servers_->Make("/api/v1/namespaces/crowd/pods", pod));
    }
  }
  std::vector<ApiRequest> requests;
  const auto patch = [&](const std::string& name, const json& labels, const std::string& query = "?dryRun=All") {
    requests.push_back({.what = "labels " + labels.dump(),
                        .method = "PATCH",
                        .path = "/api/v1/namespaces/" + name + query,
                        .body = json({{"metadata", {{"labels", labels}}}}).dump(),
                        .content_type = merge});
  };
  const std::vector<json> changes = {Labels({{"enforce", "baseline"}}),
                                     Labels({{"enforce", "restricted"}}),
                                     Labels({{"enforce", "wrong"}}),
                                     Labels({{"enforce", ""}}),
                                     Labels({{"enforce", "Baseline"}}),
                                     Labels({{"enforce-version", "v1.0"}}),
                                     Labels({{"enforce-version", "1.30"}}),
                                     Labels({{"enforce-version", "v1.030"}}),
                                     Labels({{"enforce-version", "v2.1"}}),
                                     Labels({{"enforce-version", "v1.10000"}}),
                                     Labels({{"warn", "wrong"}, {"audit", "no"}, {"warn-version", "x"}}),
                                     Labels({{"enforce", "baseline"}, {"enforce-version", "v1.99"}}),
                                     Labels({{"warn", "restricted"}}),
                                     Labels({{"enforce", "restricted"}, {"warn", "baseline"}, {"audit", "privileged"}}),
                                     {{"a/b/c", "d"}},
                                     {{"a", "b c"}},
                                     {{"kubernetes.io/metadata.name", "other"}}};
  for (const std::string name : {"crowd", "default", "kube-system"}) {
    for (const json& change : changes) patch(name, change);
    patch(name, {{kLabel + "enforce", nullptr}});
  }
  for (const json& labels : changes) {
    for (const char* name : {"new", "kube-node-lease", "New", "kube-system", "a.b", ""}) {
      const json object = {{"metadata", {{"name", name}, {"labels", labels}}}};
      requests.push_back({"new namespace " + object.dump(), "POST", "/api/v1/namespaces?dryRun=All", object.dump()});
    }
  }
  // Where a label is wrong already nobody is bothered by it; so it can only be by making it before the rules.
  patch("crowd", Labels({{"enforce", "baseline"}}), "");
  patch("crowd", Labels({{"enforce", "restricted"}}), "");
  patch("crowd", Labels({{"enforce", "baseline"}}), "");
  patch("crowd", {{kLabel + "enforce", nullptr}}, "");
  requests.push_back({"status", "PATCH", "/api/v1/namespaces/crowd/status?dryRun=All",
                      json({{"metadata", {{"labels", Labels({{"enforce", "wrong"}})}}}}).dump(), merge});
  ExpectTheSameInTurn(requests);
}

ApiRequest WithoutWords(ApiRequest request) {
  request.words = false;
  return request;
}

TEST_F(ParityTest, RequestsThatMakeNoSense) {
  const std::string pods = "/api/v1/namespaces/default/pods", maps = "/api/v1/namespaces/default/configmaps";
  const std::string merge = "application/merge-patch+json", strategic = "application/strategic-merge-patch+json";
  const std::string apply = "application/apply-patch+yaml", jsonpatch = "application/json-patch+json";
  json map = {{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"metadata", {{"name", "m"}}}, {"data", {{"k", "v"}}}};
  ASSERT_OK(servers_->Make(maps, map));
  const auto changed = [](json object, const json& patch) {
    object.merge_patch(patch);
    return object.dump();
  };
  json pod = RestrictedPod();
  pod["metadata"]["name"] = "p";
  std::vector<ApiRequest> requests = {
      {"nobody", "GET", pods + "/nobody"},
      {"no namespace", "GET", "/api/v1/namespaces/nowhere/pods/nobody"},
      {"list of no namespace", "GET", "/api/v1/namespaces/nowhere/pods"},
      {"no such namespace", "GET", "/api/v1/namespaces/nowhere"},
      {"no such kind", "GET", "/api/v1/namespaces/default/things"},
      {"no such group", "GET", "/apis/none.example.com/v1/things"},
      {"no such version", "GET", "/apis/apps/v9/deployments"},
      {"no such path", "GET", "/nothing"},
      {"a name below a kind of many namespaces", "GET", "/api/v1/pods/nobody"},
      {"a kind without namespace in one", "GET", "/api/v1/namespaces/default/nodes"},
      {"no such subresource", "GET", pods + "/nobody/nothing"},
      {"no such node", "GET", "/api/v1/nodes/nobody"},
      {"nobody's Deployment", "GET", "/apis/apps/v1/namespaces/default/deployments/nobody"},
      {"delete nobody", "DELETE", pods + "/nobody"},
      {"delete nobody's Deployment", "DELETE", "/apis/apps/v1/namespaces/default/deployments/nobody"},
      {"delete default", "DELETE", "/api/v1/namespaces/default?dryRun=All"},
      {"delete kube-system", "DELETE", "/api/v1/namespaces/kube-system?dryRun=All"},
      {"delete kube-public", "DELETE", "/api/v1/namespaces/kube-public?dryRun=All"},
      {"delete kube-node-lease", "DELETE", "/api/v1/namespaces/kube-node-lease?dryRun=All"},
      {"delete with a wrong uid", "DELETE", maps + "/m", R"({"preconditions":{"uid":"x"}})"},
      {"post to one", "POST", maps + "/m", map.dump()},
      {"post to a kind of many namespaces", "POST", "/api/v1/pods", pod.dump()},
      {"put to many", "PUT", maps, map.dump()},
      {"patch many", "PATCH", maps, "{}", merge},
      {"made twice", "POST", maps, map.dump()},
      {"made twice, dry", "POST", maps + "?dryRun=All", map.dump()},
      {"into no namespace", "POST", "/api/v1/namespaces/nowhere/configmaps", map.dump()},
      {"pod into no namespace", "POST", "/api/v1/namespaces/nowhere/pods?dryRun=All", pod.dump()},
      {"dryRun of something", "POST", maps + "?dryRun=Some", map.dump()},
      {"dryRun of nothing", "POST", maps + "?dryRun=", map.dump()},
      {"dryRun twice", "POST", maps + "?dryRun=All&dryRun=All", map.dump()},
      {"dry delete of something", "DELETE", maps + "/m?dryRun=Some"},
      {"dry patch of something", "PATCH", maps + "/m?dryRun=Some", "{}", merge},
      {"no name", "POST", maps + "?dryRun=All", changed(map, {{"metadata", {{"name", nullptr}}}})},
      {"no metadata", "POST", maps + "?dryRun=All", changed(map, {{"metadata", nullptr}})},
      {"generated name", "POST", maps + "?dryRun=All",
       changed(map, {{"metadata", {{"name", nullptr}, {"generateName", "a-"}}}})},
      {"bad name", "POST", maps + "?dryRun=All", changed(map, {{"metadata", {{"name", "A_b"}}}})},
      {"long name", "POST", maps + "?dryRun=All", changed(map, {{"metadata", {{"name", std::string(300, 'a')}}}})},
      {"name of two lines", "POST", maps + "?dryRun=All", changed(map, {{"metadata", {{"name", "a\nb"}}}})},
      {"other namespace", "POST", maps + "?dryRun=All", changed(map, {{"metadata", {{"namespace", "kube-system"}}}})},
      {"with a version", "POST", maps + "?dryRun=All",
       changed(map, {{"metadata", {{"name", "n"}, {"resourceVersion", "5"}}}})},
      {"with a uid", "POST", maps + "?dryRun=All", changed(map, {{"metadata", {{"name", "n"}, {"uid", "x"}}}})},
      WithoutWords({"other kind", "POST", maps + "?dryRun=All", changed(map, {{"kind", "Secret"}})}),
      WithoutWords({"other version", "POST", maps + "?dryRun=All", changed(map, {{"apiVersion", "v2"}})}),
      {"no kind", "POST", maps + "?dryRun=All", changed(map, {{"kind", nullptr}, {"metadata", {{"name", "n"}}}})},
      {"no version", "POST", maps + "?dryRun=All",
       changed(map, {{"apiVersion", nullptr}, {"metadata", {{"name", "n"}}}})},
      {"empty body", "POST", maps + "?dryRun=All", ""},
      {"half a body", "POST", maps + "?dryRun=All", "{\"apiVersion\""},
      {"a list", "POST", maps + "?dryRun=All", "[]"},
      {"a number", "POST", maps + "?dryRun=All", "7"},
      {"null", "POST", maps + "?dryRun=All", "null"},
      {"an empty object", "POST", maps + "?dryRun=All", "{}"},
      {"labels of numbers", "POST", maps + "?dryRun=All", changed(map, {{"metadata", {{"labels", {{"a", 1}}}}}})},
      {"labels that are a list", "POST", maps + "?dryRun=All",
       changed(map, {{"metadata", {{"labels", json::array()}}}})},
      {"metadata that is a number", "POST", maps + "?dryRun=All", changed(map, {{"metadata", 1}})},
      {"name that is a number", "POST", maps + "?dryRun=All", changed(map, {{"metadata", {{"name", 1}}}})},
      {"text", "POST", maps + "?dryRun=All", map.dump(), "text/plain"},
      {"form", "POST", maps + "?dryRun=All", map.dump(), "application/x-www-form-urlencoded"},
      {"yaml", "POST", maps + "?dryRun=All", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: yy}\n",
       "application/yaml"},
      {"put of nobody", "PUT", maps + "/nobody?dryRun=All", changed(map, {{"metadata", {{"name", "nobody"}}}})},
      {"put under another name", "PUT", maps + "/m?dryRun=All", changed(map, {{"metadata", {{"name", "n"}}}})},
      {"put with an old version", "PUT", maps + "/m?dryRun=All",
       changed(map, {{"metadata", {{"resourceVersion", "1"}}}})},
      {"put with a bad version", "PUT", maps + "/m?dryRun=All",
       changed(map, {{"metadata", {{"resourceVersion", "x"}}}})},
      {"put with a wrong uid", "PUT", maps + "/m?dryRun=All", changed(map, {{"metadata", {{"uid", "x"}}}})},
      {"patch of nobody", "PATCH", maps + "/nobody?dryRun=All", "{}", merge},
      {"patch in no namespace", "PATCH", "/api/v1/namespaces/nowhere/configmaps/m?dryRun=All", "{}", merge},
      {"patch as JSON", "PATCH", maps + "/m?dryRun=All", "{}", "application/json"},
      {"half a patch", "PATCH", maps + "/m?dryRun=All", "{", merge},
      {"a patch that is a list", "PATCH", maps + "/m?dryRun=All", "[]", merge},
      {"half a strategic patch", "PATCH", maps + "/m?dryRun=All", "{", strategic},
      {"a strategic patch that is a list", "PATCH", maps + "/m?dryRun=All", "[]", strategic},
      WithoutWords({"half a JSON patch", "PATCH", maps + "/m?dryRun=All", "[", jsonpatch}),
      {"a JSON patch that is an object", "PATCH", maps + "/m?dryRun=All", "{}", jsonpatch},
      {"a JSON patch of nothing there", "PATCH", maps + "/m?dryRun=All", R"([{"op":"remove","path":"/data/none"}])",
       jsonpatch},
      {"a JSON patch whose test fails", "PATCH", maps + "/m?dryRun=All",
       R"([{"op":"test","path":"/data/k","value":"x"}])", jsonpatch},
      WithoutWords({"a JSON patch of an unknown kind", "PATCH", maps + "/m?dryRun=All",
                    R"([{"op":"mend","path":"/data/k"}])", jsonpatch}),
      {"a patch of the name", "PATCH", maps + "/m?dryRun=All", R"({"metadata":{"name":"n"}})", merge},
      {"a patch with an old version", "PATCH", maps + "/m?dryRun=All", R"({"metadata":{"resourceVersion":"1"}})",
       merge},
      {"apply without a manager", "PATCH", maps + "/m?dryRun=All", map.dump(), apply},
      {"apply of another name", "PATCH", maps + "/n?dryRun=All&fieldManager=x", map.dump(), apply},
      {"apply of another kind", "PATCH", maps + "/m?dryRun=All&fieldManager=x", changed(map, {{"kind", "Secret"}}),
       apply},
      {"apply without a kind", "PATCH", maps + "/m?dryRun=All&fieldManager=x", changed(map, {{"kind", nullptr}}),
       apply},
      WithoutWords({"apply of half a text", "PATCH", maps + "/m?dryRun=All&fieldManager=x", "{", apply}),
      {"apply with a conflict", "PATCH", maps + "/m?dryRun=All&fieldManager=x", changed(map, {{"data", {{"k", "w"}}}}),
       apply},
      {"apply with force", "PATCH", maps + "/m?dryRun=All&fieldManager=x&force=true",
       changed(map, {{"data", {{"k", "w"}}}}), apply},
      {"force without apply", "PATCH", maps + "/m?dryRun=All&force=true", "{}", merge},
      {"long manager", "PATCH", maps + "/m?dryRun=All&fieldManager=" + std::string(200, 'x'), "{}", merge},
      WithoutWords({"bad label selector", "GET", pods + "?labelSelector=a%20b%20c"}),
      {"bad field selector", "GET", pods + "?fieldSelector=spec.nothing%3D1"},
      {"half a field selector", "GET", pods + "?fieldSelector=metadata.name"},
      WithoutWords({"bad continue", "GET", pods + "?limit=1&continue=nonsense"}),
      {"bad limit", "GET", pods + "?limit=many"},
      {"bad version", "GET", pods + "?resourceVersion=x"},
      {"bad watch version", "GET", pods + "?watch=true&resourceVersion=x&timeoutSeconds=1"},
      {"exec into nobody", "POST", pods + "/nobody/exec?command=x"},
      {"log of nobody", "GET", pods + "/nobody/log"},
      {"exec of no command", "GET", pods + "/nobody/exec"},
  };
  ExpectTheSameInTurn(requests);
}

}  // namespace
}  // namespace tales::testing
