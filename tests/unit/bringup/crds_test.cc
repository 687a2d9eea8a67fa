#include "fixtures/bringup/crds.h"

#include "absl/strings/str_cat.h"
#include "harness/base/file.h"
#include "tests/support/status_matchers.h"

namespace tales::bringup {
namespace {

using ::tales::testing::StatusIs;
using ::testing::HasSubstr;

constexpr char kCrd[] = R"(---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  annotations: {operator.prometheus.io/version: 0.80.1}
  name: probes.monitoring.coreos.com
spec:
  scope: Namespaced
  versions:
  - name: v1
    served: true
    schema: {openAPIV3Schema: {properties: {x: {default: "true", minimum: 1, maxLength: -2, description: 'yes'}}}}
)";

TEST(ReadCrds, KeepsTypes) {
  const TemporaryFolder folder = *TemporaryFolder::Make("crds");
  ASSERT_OK(WriteFileAtomically(folder.path() / "b.yaml", kCrd));
  ASSERT_OK(WriteFileAtomically(folder.path() / "README.md", "not read"));
  const auto crds = ReadCrds(folder.path());
  ASSERT_OK(crds);
  ASSERT_EQ(crds->size(), 1u);
  EXPECT_EQ(crds->front().name, "probes.monitoring.coreos.com");
  const kube::Json& version = crds->front().object["spec"]["versions"][0];
  EXPECT_EQ(version["served"], true);
  const kube::Json& x = version["schema"]["openAPIV3Schema"]["properties"]["x"];
  EXPECT_EQ(x, (kube::Json{{"default", "true"}, {"minimum", 1}, {"maxLength", -2}, {"description", "yes"}}));
  EXPECT_EQ(crds->front().object["metadata"]["annotations"]["operator.prometheus.io/version"], "0.80.1");
}

TEST(ReadCrds, ComparesDigestsWhereThereAreSome) {
  const TemporaryFolder folder = *TemporaryFolder::Make("crds");
  ASSERT_OK(WriteFileAtomically(folder.path() / "b.yaml", kCrd));
  ASSERT_OK(WriteFileAtomically(folder.path() / "SHA256SUMS", absl::StrCat(std::string(64, '0'), "  b.yaml\n")));
  EXPECT_THAT(ReadCrds(folder.path()).status(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("b.yaml is not what")));
  ASSERT_OK(WriteFileAtomically(folder.path() / "SHA256SUMS", absl::StrCat(std::string(64, '0'), "  c.yaml\n")));
  EXPECT_THAT(ReadCrds(folder.path()).status(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("not in SHA256SUMS")));
}

TEST(ReadCrds, RefusesWhatIsNone) {
  const TemporaryFolder folder = *TemporaryFolder::Make("crds");
  EXPECT_THAT(ReadCrds(folder.path() / "no").status(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("the folder")));
  EXPECT_THAT(ReadCrds(folder.path()).status(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("no CRD in")));
  for (const char* text :
       {"kind: Secret\nmetadata: {name: x}\n", "[1]", "kind: CustomResourceDefinition\n", "a: [\n"}) {
    ASSERT_OK(WriteFileAtomically(folder.path() / "b.yaml", text));
    EXPECT_THAT(ReadCrds(folder.path()).status(), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("b.yaml")));
  }
}

}  // namespace
}  // namespace tales::bringup
