#include "suites/conformance/pod_objects.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "suites/conformance/selection.h"

namespace tales::conformance {
namespace {

using kube::Json;

constexpr char kAccount[] = "conformance";
constexpr int kNobody = 65534;

Json Metadata(std::string_view name, std::string_view run) {
  Json metadata = {{"name", name}, {"labels", Json::object()}};
  metadata["labels"][std::string(kManagedBy)] = "tales";
  metadata["labels"][std::string(kRunLabel)] = run;
  return metadata;
}

// What PodSecurity level `restricted` asks of a container.
Json RestrictedContext() {
  return {{"allowPrivilegeEscalation", false},
          {"runAsNonRoot", true},
          {"runAsUser", kNobody},
          {"capabilities", {{"drop", Json::array({"ALL"})}}},
          {"seccompProfile", {{"type", "RuntimeDefault"}}}};
}

Json Container(std::string_view name, const std::string& image) {
  return {{"name", name},
          {"image", image},
          {"imagePullPolicy", "IfNotPresent"},
          {"securityContext", RestrictedContext()},
          {"volumeMounts", Json::array({{{"name", "results"}, {"mountPath", kResults}}})}};
}

// Read by the image's runner. Source: test/conformance/image/go-runner of v1.32.2; lists are split at blanks.
Json Environment(const E2eOptions& options) {
  std::vector<std::string> ginkgo = {
      "-v", absl::StrCat("--timeout=", absl::FormatDuration(absl::Trunc(options.timeout, absl::Seconds(1))))};
  // With --procs, not by E2E_PARALLEL, which would leave the [Serial] tests out: ginkgo runs these alone, at the end.
  if (options.procs > 1) ginkgo.push_back(absl::StrCat("--procs=", options.procs));
  std::vector<std::string> e2e = {"--dump-logs-on-failure=false"};
  if (!options.needs_nodes) {
    e2e.insert(e2e.end(), {"--num-nodes=0", "--allowed-not-ready-nodes=-1", "--minStartupPods=-1"});
  }
  Json environment = Json::array();
  for (const auto& [name, value] : std::initializer_list<std::pair<const char*, std::string>>{
           {"E2E_FOCUS", options.picks_all ? std::string(kFocusOnAll) : FocusOn(options.names)},
           {"E2E_SKIP", ""},
           {"E2E_PROVIDER", "skeleton"},
           {"E2E_USE_GO_RUNNER", "true"},
           {"E2E_EXTRA_GINKGO_ARGS", absl::StrJoin(ginkgo, " ")},
           {"E2E_EXTRA_ARGS", absl::StrJoin(e2e, " ")},
           {"RESULTS_DIR", std::string(kResults)},
           {"HOME", "/tmp"}}) {  // kubectl keeps a cache there
    environment.push_back({{"name", name}, {"value", value}});
  }
  return environment;
}

}  // namespace

std::string NamespaceName(std::string_view run) {
  return absl::StrCat("tales-conformance-", absl::AsciiStrToLower(run)).substr(0, 63);
}

Json NamespaceObject(std::string_view run) {
  Json object = {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", Metadata(NamespaceName(run), run)}};
  for (const char* mode : {"enforce", "warn"}) {
    object["metadata"]["labels"][absl::StrCat("pod-security.kubernetes.io/", mode)] = "restricted";
  }
  return object;
}

Json ServiceAccountObject(std::string_view run) {
  Json object = {{"apiVersion", "v1"}, {"kind", "ServiceAccount"}, {"metadata", Metadata(kAccount, run)}};
  object["metadata"]["namespace"] = NamespaceName(run);
  return object;
}

Json ClusterRoleObject(std::string_view run) {
  const Json all = Json::array({"*"});
  return {{"apiVersion", "rbac.authorization.k8s.io/v1"},
          {"kind", "ClusterRole"},
          {"metadata", Metadata(NamespaceName(run), run)},
          {"rules", Json::array({{{"apiGroups", all}, {"resources", all}, {"verbs", all}},
                                 {{"nonResourceURLs", all}, {"verbs", all}}})}};
}

Json ClusterRoleBindingObject(std::string_view run) {
  const std::string name = NamespaceName(run);
  return {{"apiVersion", "rbac.authorization.k8s.io/v1"},
          {"kind", "ClusterRoleBinding"},
          {"metadata", Metadata(name, run)},
          {"roleRef", {{"apiGroup", "rbac.authorization.k8s.io"}, {"kind", "ClusterRole"}, {"name", name}}},
          {"subjects", Json::array({{{"kind", "ServiceAccount"}, {"name", kAccount}, {"namespace", name}}})}};
}

Json PodObject(const PodSettings& settings, std::string_view name, const E2eOptions& options) {
  Json tests = Container(kTestsContainer, settings.tests_image);
  tests["env"] = Environment(options);
  Json output = Container(kOutputContainer, settings.output_image);
  // The first process of a container ignores SIGTERM unless it asks for it: half a minute, whenever the pod goes.
  output["command"] = Json::array({"sh", "-c", "trap 'exit 0' TERM; while :; do sleep 3600 & wait; done"});
  Json object = {{"apiVersion", "v1"},
                 {"kind", "Pod"},
                 {"metadata", Metadata(name, settings.run)},
                 {"spec",
                  {{"serviceAccountName", kAccount},
                   {"restartPolicy", "Never"},
                   // The tests taint nodes.
                   {"tolerations", Json::array({{{"operator", "Exists"}}})},
                   {"nodeSelector", {{"kubernetes.io/os", "linux"}}},
                   {"securityContext", {{"fsGroup", kNobody}}},
                   {"volumes", Json::array({{{"name", "results"}, {"emptyDir", Json::object()}}})},
                   {"containers", Json::array({std::move(tests), std::move(output)})}}}};
  object["metadata"]["namespace"] = NamespaceName(settings.run);
  return object;
}

std::string DefaultTestsImage(std::string_view server_version) {
  return absl::StrCat("registry.k8s.io/conformance:", server_version.substr(0, server_version.find_first_of("+-")));
}

}  // namespace tales::conformance
