// What a run of the conformance tests in a pod is made of, as Kubernetes objects. Pure.
//
// A namespace of our own, in which PodSecurity level `restricted` is enforced; a service account that may do
// everything, as the tests do; and a pod of two containers that share a volume: `conformance`, the tests, writes its
// results there, and `output` is kept for fetching them when the tests are over. A conformant cluster need not have
// storage, so the results are in the pod and go with it.
#pragma once

#include <string>
#include <string_view>

#include "harness/kube/client.h"
#include "suites/conformance/test_run.h"

namespace tales::conformance {

inline constexpr kube::ResourcePath kClusterRoles{"rbac.authorization.k8s.io/v1", "clusterroles", false};
inline constexpr kube::ResourcePath kClusterRoleBindings{"rbac.authorization.k8s.io/v1", "clusterrolebindings", false};

// Labels of all that a run makes.
inline constexpr std::string_view kManagedBy = "app.kubernetes.io/managed-by";  // "tales"
inline constexpr std::string_view kRunLabel = "tales/run";

inline constexpr std::string_view kTestsContainer = "conformance", kOutputContainer = "output";
inline constexpr std::string_view kResults = "/tmp/results";  // in both containers

struct PodSettings {
  std::string run;  // id of the run of tales
  std::string tests_image, output_image;
};

// "tales-conformance-2025-03-02t01-00-00z-7f3a": of the namespace, and of what is not in one.
std::string NamespaceName(std::string_view run);
kube::Json NamespaceObject(std::string_view run);
kube::Json ServiceAccountObject(std::string_view run);
kube::Json ClusterRoleObject(std::string_view run);
kube::Json ClusterRoleBindingObject(std::string_view run);
// `name`: of the pod, "e2e-1".
kube::Json PodObject(const PodSettings& settings, std::string_view name, const E2eOptions& options);

// The image that Kubernetes publishes for a server's version ("v1.32.2+build" ->
// "registry.k8s.io/conformance:v1.32.2").
std::string DefaultTestsImage(std::string_view server_version);
inline constexpr std::string_view kDefaultOutputImage = "registry.k8s.io/e2e-test-images/busybox:1.36.1-1";

}  // namespace tales::conformance
