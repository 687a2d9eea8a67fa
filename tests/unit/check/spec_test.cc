#include "harness/check/spec.h"

#include "tests/support/status_matchers.h"

namespace tales {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::StatusIs;

TEST(SpecTest, ReadsScalarsAndListsByPath) {
  talos::Resource resource;
  resource.yaml_spec =
      "stage: running\nstatus:\n    ready: true\n    unmetConditions: []\naddresses:\n    - 10.5.0.2\n    - fd00::1\n";
  ASSERT_OK_AND_ASSIGN(const YAML::Node spec, ParseSpec(resource));
  EXPECT_EQ(SpecText(spec, "stage"), "running");
  EXPECT_EQ(SpecText(spec, "status.ready"), "true");
  EXPECT_EQ(SpecText(spec, "status"), "");
  EXPECT_EQ(SpecText(spec, "stage.deeper"), "");
  EXPECT_EQ(SpecText(spec, "nothing.here"), "");
  EXPECT_THAT(SpecList(spec, "addresses"), ElementsAre("10.5.0.2", "fd00::1"));
  EXPECT_THAT(SpecList(spec, "stage"), IsEmpty());
}

// The spec of MachineType is a bare scalar (measured on a real node).
TEST(SpecTest, ABareScalarHasNoFields) {
  talos::Resource resource;
  resource.yaml_spec = "controlplane\n";
  ASSERT_OK_AND_ASSIGN(const YAML::Node spec, ParseSpec(resource));
  EXPECT_EQ(SpecText(spec, ""), "controlplane");
  EXPECT_EQ(SpecText(spec, "type"), "");
}

TEST(SpecTest, NamesTheResourceThatIsNotYaml) {
  talos::Resource resource;
  resource.type = "Members.cluster.talos.dev";
  resource.id = "worker";
  resource.yaml_spec = "a: [unclosed";
  EXPECT_THAT(ParseSpec(resource),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("Members.cluster.talos.dev worker")));
}

TEST(SpecTest, ReadsKubernetesObjectsOfAnyShape) {
  const kube::Json node = kube::Json::parse(R"({
    "metadata": {"name": "worker", "labels": {"kubernetes.io/hostname": "worker", "odd": 1}},
    "status": {"conditions": [{"type": "Ready", "status": "True", "message": "m"}, 7],
               "addresses": [{"type": "InternalIP", "address": "10.0.1.100"}, {"type": "Hostname", "address": "worker"}],
               "replicas": 2}})");
  EXPECT_EQ(Text(node, "metadata.name"), "worker");
  EXPECT_EQ(Text(node, "metadata.labels"), "");
  EXPECT_EQ(Label(node, "kubernetes.io/hostname"), "worker");
  EXPECT_EQ(Label(node, "odd"), "");
  EXPECT_EQ(Number(node, "status.replicas"), 2);
  EXPECT_EQ(Number(node, "metadata.name"), std::nullopt);
  EXPECT_EQ(ConditionStatus(node, "Ready"), "True");
  EXPECT_EQ(ConditionStatus(node, "DiskPressure"), "");
  EXPECT_THAT(NodeAddresses(node), ElementsAre("10.0.1.100"));
  for (const char* odd : {"null", "[]", "7", R"({"status": {"conditions": {}}})", R"({"metadata": []})"}) {
    const kube::Json object = kube::Json::parse(odd);
    EXPECT_EQ(ConditionStatus(object, "Ready"), "");
    EXPECT_EQ(Label(object, "x"), "");
    EXPECT_THAT(NodeAddresses(object), IsEmpty());
  }
}

}  // namespace
}  // namespace tales
