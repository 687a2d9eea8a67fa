#include "fixtures/lab/kube/rest.h"

#include "fixtures/lab/kube/seed.h"
#include "tests/support/status_matchers.h"

namespace tales::lab::kube {
namespace {

using ::testing::HasSubstr;

class Rest : public ::testing::Test {
 protected:
  Rest() { SeedKubernetes({}, store_); }
  Response Ask(const std::string& method, const std::string& path, const std::string& body = "",
               const std::string& type = "application/json") {
    Request request;
    request.method = method;
    const size_t question = path.find('?');
    request.path = path.substr(0, question);
    if (question != std::string::npos) request.query = ParseQuery(path.substr(question + 1));
    request.body = body;
    request.content_type = body.empty() ? "" : type;
    request.user_agent = "test/1";
    request.user = user_;
    return HandleRequest(state_, request);
  }
  Json Body(const Response& response) { return Json::parse(response.body); }

  ObjectStore store_;
  AdmissionSettings admission_;
  ServerState state_{store_, admission_, "v1.32.2", {}};
  User user_{"admin", {"system:masters", "system:authenticated"}, true};
};

TEST_F(Rest, CreateGetUpdateConflictDelete) {
  const std::string maps = "/api/v1/namespaces/default/configmaps";
  const Response made = Ask("POST", maps, R"({"metadata":{"generateName":"a-"},"data":{"k":"v"}})");
  ASSERT_EQ(made.code, 201);
  const Json object = Body(made);
  const std::string path = maps + "/" + object["metadata"]["name"].get<std::string>();
  EXPECT_EQ(object["metadata"]["managedFields"][0]["manager"], "test");
  EXPECT_EQ(Ask("PATCH", path, R"({"data":{"k":"w"}})", "application/merge-patch+json").code, 200);
  const Response stale = Ask("PUT", path, object.dump());
  EXPECT_EQ(stale.code, 409);
  EXPECT_EQ(Body(stale)["reason"], "Conflict");
  EXPECT_EQ(Body(Ask("DELETE", path))["status"], "Success");
  EXPECT_EQ(Body(Ask("GET", path))["reason"], "NotFound");
}

TEST_F(Rest, DryRunAdmitsAndStoresNothing) {
  const std::string pod =
      R"({"metadata":{"name":"p"},"spec":{"hostNetwork":true,"containers":[{"name":"c","image":"i"}]}})";
  const Response refused = Ask("POST", "/api/v1/namespaces/default/pods?dryRun=All", pod);
  EXPECT_EQ(refused.code, 403);
  EXPECT_EQ(Body(refused)["message"],
            "pods \"p\" is forbidden: violates PodSecurity \"baseline:latest\": host namespaces (hostNetwork=true)");
  EXPECT_EQ(Ask("POST", "/api/v1/namespaces/kube-system/pods?dryRun=All", pod).code, 201);
  EXPECT_EQ(Ask("GET", "/api/v1/namespaces/kube-system/pods/p").code, 404);
}

TEST_F(Rest, HostPortFollowsFromHostNetwork) {
  const std::string pod =
      R"({"metadata":{"name":"p"},"spec":{"hostNetwork":true,"containers":[{"name":"c","image":"i","ports":[{"containerPort":80}]}]}})";
  EXPECT_THAT(Ask("POST", "/api/v1/namespaces/default/pods", pod).body, HasSubstr("uses hostPort 80"));
}

TEST_F(Rest, ListsComeInChunks) {
  for (int i = 0; i < 5; ++i) {
    Ask("POST", "/api/v1/namespaces/default/secrets", R"({"metadata":{"name":"s)" + std::to_string(i) + "\"}}");
  }
  Json page = Body(Ask("GET", "/api/v1/namespaces/default/secrets?limit=2"));
  EXPECT_EQ(page["items"].size(), 2u);
  EXPECT_EQ(page["metadata"]["remainingItemCount"], 3);
  const std::string token = page["metadata"]["continue"];
  page = Body(Ask("GET", "/api/v1/namespaces/default/secrets?limit=9&continue=" + token));
  EXPECT_EQ(page["items"].size(), 3u);
  store_.Compact();
  Ask("POST", "/api/v1/namespaces/default/secrets", R"({"metadata":{"name":"more"}})");
  store_.Compact();
  EXPECT_EQ(Ask("GET", "/api/v1/namespaces/default/secrets?continue=" + token).code, 410);
  EXPECT_EQ(Ask("GET", "/api/v1/namespaces/default/secrets?continue=!!").code, 400);
}

TEST_F(Rest, WhoMayDoWhat) {
  user_ = {};
  EXPECT_EQ(Ask("GET", "/version").code, 200);
  EXPECT_EQ(Body(Ask("GET", "/api/v1/nodes"))["message"],
            "nodes is forbidden: User \"system:anonymous\" cannot list resource \"nodes\" in API group \"\" at the "
            "cluster scope");
  user_ = {"reader", {"os:reader", "system:authenticated"}, true};
  EXPECT_EQ(Ask("GET", "/api/v1/nodes").code, 200);
  EXPECT_EQ(Ask("POST", "/api/v1/namespaces", R"({"metadata":{"name":"x"}})").code, 403);
}

TEST_F(Rest, BodiesAndPathsThatMakeNoSense) {
  for (const char* body : {"", "{", "[]", "7", "\"x\"", "null", R"({"metadata":7})", R"({"metadata":{"labels":7}})",
                           R"({"metadata":{"labels":{"a":1}}})", R"({"kind":"Pod"})",
                           R"({"metadata":{"name":"UPPER"}})", R"({"metadata":{"name":7}})"}) {
    EXPECT_GE(Ask("POST", "/api/v1/namespaces/default/configmaps", body).code, 400) << body;
    EXPECT_GE(Ask("PATCH", "/api/v1/namespaces/default", body, "application/apply-patch+yaml").code, 400) << body;
  }
  for (const char* path :
       {"/", "/api/v1/what", "/apis/apps", "/apis/a/b/c", "/api/v1/namespaces/x/nodes", "//", "/api/v1/pods/x"}) {
    if (std::string(path) == "/apis/apps") continue;
    EXPECT_GE(Ask("GET", path).code, 400) << path;
  }
  EXPECT_EQ(Ask("POST", "/api/v1/namespaces/default/pods", R"({"metadata":{"name":"p"}})").code, 422);
}

TEST_F(Rest, ATableHasTheUsualColumns) {
  Request request;
  request.method = "GET";
  request.path = "/api/v1/namespaces";
  request.accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
  request.user = user_;
  const Json table = Json::parse(HandleRequest(state_, request).body);
  EXPECT_EQ(table["kind"], "Table");
  EXPECT_EQ(table["columnDefinitions"][1]["name"], "Status");
  EXPECT_EQ(table["rows"][0]["cells"][0], "default");
}

}  // namespace
}  // namespace tales::lab::kube
