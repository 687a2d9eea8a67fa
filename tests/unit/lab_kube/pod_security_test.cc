#include "fixtures/lab/kube/pod_security/admission.h"
#include "fixtures/lab/kube/pod_security/policy.h"
#include "tests/support/status_matchers.h"

namespace tales::lab::kube {
namespace {

using ::testing::ElementsAre;

constexpr LevelVersion kBaseline{Level::kBaseline}, kRestricted{Level::kRestricted};

std::string Says(const LevelVersion& level, const char* spec, const char* metadata = "{}") {
  return JoinDetails(EvaluatePod(level, Json::parse(metadata), Json::parse(spec)));
}

const char kProbe[] = R"({"hostNetwork":true,"containers":[{"name":"c","ports":[{"hostPort":4000,"containerPort":4000}],
    "securityContext":{"privileged":true,"capabilities":{"add":["NET_RAW"]}}}]})";

// What a real kube-apiserver 1.32.2 said of this pod.
TEST(PodSecurity, BaselineInTheServersWords) {
  EXPECT_EQ(
      Says(kBaseline, kProbe),
      "non-default capabilities (container \"c\" must not include \"NET_RAW\" in securityContext.capabilities.add), "
      "host namespaces "
      "(hostNetwork=true), hostPort (container \"c\" uses hostPort 4000), privileged (container \"c\" must not set "
      "securityContext.privileged=true)");
}

TEST(PodSecurity, RestrictedInTheServersWords) {
  EXPECT_EQ(Says(kRestricted, kProbe),
            "host namespaces (hostNetwork=true), hostPort (container \"c\" uses hostPort 4000), privileged (container "
            "\"c\" must not set "
            "securityContext.privileged=true), allowPrivilegeEscalation != false (container \"c\" must set "
            "securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container \"c\" must set "
            "securityContext.capabilities.drop=[\"ALL\"]; container \"c\" must not include \"NET_RAW\" in "
            "securityContext.capabilities.add), runAsNonRoot != true (pod or container \"c\" must set "
            "securityContext.runAsNonRoot=true), seccompProfile (pod or container \"c\" must set "
            "securityContext.seccompProfile.type to "
            "\"RuntimeDefault\" or \"Localhost\")");
}

TEST(PodSecurity, VersionsOfTheStandards) {
  const char* sysctl = R"({"containers":[],"securityContext":{"sysctls":[{"name":"net.ipv4.tcp_rmem","value":"1"}]}})";
  EXPECT_EQ(Says(kBaseline, sysctl), "");
  EXPECT_EQ(Says({Level::kBaseline, 31}, sysctl), "forbidden sysctls (net.ipv4.tcp_rmem)");
  EXPECT_FALSE(ParsePolicyVersion("1.30").has_value());
  EXPECT_FALSE(ParsePolicyVersion("v1.x").has_value());
  EXPECT_EQ((LevelVersion{Level::kBaseline, *ParsePolicyVersion("v1.30")}.ToString()), "baseline:v1.30");
}

TEST(PodSecurity, ShapesThatAreWrongDoNotCrash) {
  for (const char* spec :
       {"null", "[]", "7", R"({"containers":7})", R"({"containers":[7,null,"x"]})", R"({"volumes":[1,{"hostPath":3}]})",
        R"({"containers":[{"securityContext":[],"ports":{"a":1}}],"securityContext":"x"})"}) {
    Says(kRestricted, spec);
    Says(kBaseline, spec);
  }
}

class Admission_ : public ::testing::Test {
 protected:
  Admission_() {
    PutNamespace("plain", Json::object());
    PutNamespace("kube-system", Json::object());
    PutNamespace("half", {{"pod-security.kubernetes.io/enforce", "privileged"}});
  }
  void PutNamespace(const std::string& name, const Json& labels) {
    EXPECT_OK(store_.Put("v1", "namespaces", {{"metadata", {{"name", name}, {"labels", labels}}}}));
  }
  Json Pod(const std::string& namespace_) {
    return {{"metadata", {{"name", "p"}, {"namespace", namespace_}}}, {"spec", Json::parse(kProbe)}};
  }
  ObjectStore store_;
  PodSecurityConfiguration configuration_;
};

TEST_F(Admission_, DefaultsLabelsAndExemptions) {
  EXPECT_TRUE(AdmitPod(configuration_, store_, nullptr, Pod("plain")).refused.has_value());
  const Admission half = AdmitPod(configuration_, store_, nullptr, Pod("half"));
  EXPECT_FALSE(half.refused.has_value());
  EXPECT_EQ(half.warnings.size(), 1u);
  const Admission exempt = AdmitPod(configuration_, store_, nullptr, Pod("kube-system"));
  EXPECT_FALSE(exempt.refused.has_value());
  EXPECT_TRUE(exempt.warnings.empty());
  configuration_.enabled = false;
  EXPECT_FALSE(AdmitPod(configuration_, store_, nullptr, Pod("plain")).refused.has_value());
}

TEST_F(Admission_, AWrongLevelIsInvalid) {
  const Json namespace_ = {
      {"metadata", {{"name", "half"}, {"labels", {{"pod-security.kubernetes.io/enforce", "wrong"}}}}}};
  const Admission admission =
      AdmitNamespace(configuration_, store_, Json{{"metadata", {{"name", "half"}}}}, namespace_);
  ASSERT_TRUE(admission.refused.has_value());
  EXPECT_EQ(admission.refused->code, 422);
  EXPECT_EQ(admission.refused->message,
            "Namespace \"half\" is invalid: metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "
            "\"wrong\": must be one of "
            "privileged, baseline, restricted");
}

TEST_F(Admission_, PodsThatWouldBeRefusedAreWarnedOf) {
  EXPECT_OK(store_.Create("v1", "pods", Pod("half")));
  const Json before = *store_.Get({"v1", "namespaces", "", "half"});
  Json after = before;
  after["metadata"]["labels"].clear();
  EXPECT_THAT(
      AdmitNamespace(configuration_, store_, before, after).warnings,
      ElementsAre("existing pods in namespace \"half\" violate the new PodSecurity enforce level \"baseline:latest\"",
                  "p: non-default capabilities, host namespaces, hostPort, privileged"));
}

}  // namespace
}  // namespace tales::lab::kube
