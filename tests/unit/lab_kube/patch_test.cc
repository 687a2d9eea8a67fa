#include "fixtures/lab/kube/patch.h"

#include "fixtures/lab/kube/managed_fields.h"
#include "fixtures/lab/kube/protobuf_body.h"
#include "fixtures/lab/kube/selectors.h"
#include "fixtures/lab/kube/yaml_body.h"
#include "tests/support/status_matchers.h"

namespace tales::lab::kube {
namespace {

using ::tales::testing::IsOkAndHolds;
using ::tales::testing::StatusIs;
using ::testing::_;
using ::testing::HasSubstr;

TEST(StrategicMerge, ListsOfNamedThingsAreMergedByName) {
  const Json object = Json::parse(R"({"spec":{"containers":[{"name":"a","image":"1"},{"name":"b","image":"1"}]}})");
  const Json patch = Json::parse(R"({"spec":{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}],
      "containers":[{"name":"a","image":"2"},{"name":"b","$patch":"delete"}]}})");
  EXPECT_THAT(StrategicMergePatch(object, patch),
              IsOkAndHolds(Json::parse(R"({"spec":{"containers":[{"name":"a","image":"2"}]}})")));
}

TEST(StrategicMerge, NullDeletesAndTaintsAreReplacedAsAWhole) {
  const Json node = Json::parse(R"({"metadata":{"labels":{"a":"1","b":"2"}},"spec":{"taints":[{"key":"x"}]}})");
  EXPECT_THAT(
      StrategicMergePatch(node, Json::parse(R"({"metadata":{"labels":{"a":null}},"spec":{"taints":[{"key":"y"}]}})")),
      IsOkAndHolds(Json::parse(R"({"metadata":{"labels":{"b":"2"}},"spec":{"taints":[{"key":"y"}]}})")));
  EXPECT_THAT(StrategicMergePatch(node, Json::array()), StatusIs(absl::StatusCode::kInvalidArgument, _));
}

TEST(JsonPatch, AnOperationThatDoesNotFitIsAnError) {
  EXPECT_THAT(JsonPatch(Json::object(), Json::parse(R"([{"op":"test","path":"/a","value":1}])")),
              StatusIs(absl::StatusCode::kInvalidArgument, _));
  EXPECT_THAT(JsonPatch(Json::object(), "nonsense"), StatusIs(absl::StatusCode::kInvalidArgument, _));
}

TEST(Selectors, SetBased) {
  const Json pod = Json::parse(R"({"metadata":{"labels":{"app":"x","tier":"web"}},"spec":{"nodeName":"n"}})");
  for (const char* matching : {"app=x", "app==x", "app in (x, y),tier", "app notin (y),!gone", "nokey!=v", ""}) {
    ASSERT_OK_AND_ASSIGN(auto selector, LabelSelector::Parse(matching));
    EXPECT_TRUE(selector.Matches(pod)) << matching;
  }
  for (const char* other : {"app!=x", "app in (y)", "!app", "tier=db"}) {
    ASSERT_OK_AND_ASSIGN(auto selector, LabelSelector::Parse(other));
    EXPECT_FALSE(selector.Matches(pod)) << other;
  }
  for (const char* bad : {"a in b)", "a=b,,", "=x", "a within (b)"})
    EXPECT_FALSE(LabelSelector::Parse(bad).ok()) << bad;
  EXPECT_THAT(FieldSelector::Parse("spec.image=x", "pods"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not supported")));
  ASSERT_OK_AND_ASSIGN(auto field, FieldSelector::Parse("spec.nodeName=n", "pods"));
  EXPECT_TRUE(field.Matches(pod));
}

TEST(ServerSideApply, AnotherManagersFieldIsAConflictUntilForced) {
  Json live = Json::parse(R"({"metadata":{"name":"a","labels":{"l":"1"}}})");
  RecordUpdate(nullptr, live, "kubectl-label", "", "v1", absl::Now());
  const Json config = Json::parse(R"({"metadata":{"name":"a","labels":{"l":"2"}}})");
  auto refused = Apply(live, config, {"tales", false, "v1", "", absl::Now()});
  ASSERT_TRUE(std::holds_alternative<ApiError>(refused));
  EXPECT_EQ(std::get<ApiError>(refused).message,
            "Apply failed with 1 conflict: conflict with \"kubectl-label\" using v1: .metadata.labels.l");
  auto forced = Apply(live, config, {"tales", true, "v1", "", absl::Now()});
  ASSERT_TRUE(std::holds_alternative<Json>(forced));
  EXPECT_EQ(std::get<Json>(forced)["metadata"]["labels"]["l"], "2");
}

TEST(ServerSideApply, WhatIsNoLongerAppliedGoes) {
  auto first = Apply(nullptr, Json::parse(R"({"data":{"a":"1","b":"2"}})"), {"tales", false, "v1", "", absl::Now()});
  auto second =
      Apply(std::get<Json>(first), Json::parse(R"({"data":{"a":"1"}})"), {"tales", false, "v1", "", absl::Now()});
  EXPECT_EQ(std::get<Json>(second)["data"], Json::parse(R"({"a":"1"})"));
}

TEST(Bodies, HostileOnesAreErrors) {
  EXPECT_THAT(YamlToJson("a: [1, true, \"2\"]"), IsOkAndHolds(Json::parse(R"({"a":[1,true,"2"]})")));
  EXPECT_THAT(YamlToJson("a: null\nb: '1'\n---\nc: 2\n"), IsOkAndHolds(Json::parse(R"({"a":null,"b":"1"})")));
  EXPECT_THAT(YamlToJson("# nothing\n"), IsOkAndHolds(Json()));
  EXPECT_THAT(YamlToJson("a: ["), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("yaml:1:")));
  EXPECT_FALSE(YamlToJson("a: &x [1, *x]").ok());
  EXPECT_FALSE(YamlToJson(std::string(500, '[') + std::string(500, ']')).ok());
  EXPECT_FALSE(ProtobufToJson("").ok());
  EXPECT_FALSE(ProtobufToJson(std::string("k8s\0\x0a\xff\xff", 7)).ok());
  const std::string unknown("k8s\0\x0a\x0a\x0a\x02v1\x12\x04What", 16);
  EXPECT_THAT(ProtobufToJson(unknown), StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("What")));
}

// As helm ends an uninstallation.
TEST(Protobuf, DeleteOptions) {
  const std::string body = std::string("k8s\0\x0a\x13\x0a\x02v1\x12\x0d", 12) + "DeleteOptions" +
                           std::string("\x12\x0e\x08\0\x22\x0a", 6) + "Background";
  EXPECT_THAT(ProtobufToJson(body), IsOkAndHolds(Json({{"apiVersion", "v1"},
                                                       {"kind", "DeleteOptions"},
                                                       {"gracePeriodSeconds", 0},
                                                       {"propagationPolicy", "Background"}})));
}

}  // namespace
}  // namespace tales::lab::kube
