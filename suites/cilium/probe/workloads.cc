#include "suites/cilium/probe/workloads.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "harness/check/spec.h"
#include "script_text.h"
#include "suites/shared/pod_warnings.h"

namespace tales::cilium::probe {
namespace {

constexpr char kScriptMap[] = "probe-script";
constexpr char kRoleLabel[] = "tales.probe/role", kNodeLabel[] = "tales.probe/node";

const char* Name(Role role) {
  switch (role) {
    case Role::kClient:
      return "client";
    case Role::kHostClient:
      return "host";
    case Role::kServer:
      return "server";
    case Role::kDoor:
      return "door";
    case Role::kGuard:
      return "guard";
  }
  return "";
}

Json ClientContainer(const Images& images) {
  return {{"name", "main"},
          {"image", images.client},
          {"command", Json::array({"sh", "-c", "trap 'exit 0' TERM; while :; do sleep 3600 & wait; done"})},
          {"securityContext", {{"capabilities", {{"add", Json::array({"NET_RAW"})}}}}},
          {"volumeMounts", Json::array({{{"name", "script"}, {"mountPath", "/tales-probe"}}})}};
}

// Whoever reaches it may run commands in it (netexec's /shell): so it may do nothing at all.
Json ServerContainer(const Images& images) {
  return {
      {"name", "main"},
      {"image", images.server},
      {"args",
       Json::array({"netexec", absl::StrCat("--http-port=", kHttpPort), absl::StrCat("--udp-port=", kUdpPort)})},
      {"ports", Json::array({{{"name", "http-8080"}, {"containerPort", kHttpPort}}})},
      {"securityContext", {{"allowPrivilegeEscalation", false}, {"capabilities", {{"drop", Json::array({"ALL"})}}}}},
      {"volumeMounts", Json::array({{{"name", "uploads"}, {"mountPath", "/uploads"}}})}};
}

Json ServiceObject(const std::string& name, const Json& selector) {
  return {{"apiVersion", "v1"},
          {"kind", "Service"},
          {"metadata", {{"name", name}}},
          {"spec",
           {{"selector", selector},
            {"ipFamilyPolicy", "PreferDualStack"},
            {"ports", Json::array({{{"name", "http"}, {"port", kHttpPort}, {"targetPort", kHttpPort}}})}}}};
}

}  // namespace

Json NamespaceObject(const std::string& run_id, const std::string& tenant) {
  Json labels = {{kMark, run_id}};
  for (const char* mode : {"enforce", "warn", "audit"}) {
    labels[absl::StrCat("pod-security.kubernetes.io/", mode)] = "privileged";
  }
  return {{"apiVersion", "v1"},
          {"kind", "Namespace"},
          {"metadata", {{"name", kNamespace}, {"labels", labels}, {"annotations", {{kTenant, tenant}}}}}};
}

Json ScriptObject() {
  return {{"apiVersion", "v1"},
          {"kind", "ConfigMap"},
          {"metadata", {{"name", kScriptMap}}},
          {"data", {{"probe.sh", kProbeScript}}}};
}

Json PodObject(const PodWish& wish, const Images& images) {
  Json labels = {{kRoleLabel, Name(wish.role)}};
  for (const auto& [label, value] : wish.labels) labels[label] = value;
  const bool is_client = wish.role == Role::kClient || wish.role == Role::kHostClient;
  Json container = is_client ? ClientContainer(images) : ServerContainer(images);
  if (wish.role == Role::kDoor) container["ports"][0]["hostPort"] = kHostPort;
  Json spec = {{"nodeName", wish.node},
               {"containers", Json::array({container})},
               {"restartPolicy", "Always"},
               {"automountServiceAccountToken", false},
               {"enableServiceLinks", false},
               {"terminationGracePeriodSeconds", 1},
               {"tolerations", Json::array({{{"operator", "Exists"}}})}};
  if (is_client) {
    spec["volumes"] = Json::array({{{"name", "script"}, {"configMap", {{"name", kScriptMap}}}}});
  } else {
    spec["volumes"] = Json::array({{{"name", "uploads"}, {"emptyDir", {{"sizeLimit", "256Mi"}}}}});
  }
  if (wish.role == Role::kHostClient) {
    spec["hostNetwork"] = true;
    spec["dnsPolicy"] = "ClusterFirstWithHostNet";
  }
  return {
      {"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", {{"name", wish.name}, {"labels", labels}}}, {"spec", spec}};
}

std::vector<PodWish> PodsOfNode(int number, const std::string& node, bool host_ports) {
  std::vector<PodWish> wishes;
  for (const Role role : {Role::kServer, Role::kClient, Role::kHostClient, Role::kDoor}) {
    if (role == Role::kDoor && !host_ports) continue;
    wishes.push_back({.name = absl::StrCat(Name(role), "-", number),
                      .node = node,
                      .role = role,
                      .labels = {{kNodeLabel, absl::StrCat(number)}}});
  }
  return wishes;
}

Json NodeServiceObject(int number) {
  Json service = ServiceObject(absl::StrCat("echo-", number),
                               {{kRoleLabel, Name(Role::kServer)}, {kNodeLabel, absl::StrCat(number)}});
  service["spec"]["type"] = "NodePort";
  return service;
}

Json HeadlessServiceObject() {
  Json service = ServiceObject(kHeadless, {{kRoleLabel, Name(Role::kServer)}});
  service["spec"]["clusterIP"] = "None";
  return service;
}

PodPlace PodPlaceOf(const std::string& name, const std::string& node, const Json& object) {
  PodPlace place{.name = name, .node = node};
  if (object.is_null()) {
    place.trouble = absl::StrCat("pod ", name, " on ", node, " is gone");
    return place;
  }
  place.address = Text(object, "status.podIP");
  for (const Json& address : Array(object, "status.podIPs")) {
    if (absl::StrContains(Text(address, "ip"), ":")) place.address6 = Text(address, "ip");
  }
  if (ConditionStatus(object, "Ready") == "True" && !place.address.empty()) return place;
  std::string why = Text(object, "status.phase");
  for (const Json& status : Array(object, "status.containerStatuses")) {
    const std::string reason = Text(status, "state.waiting.reason"), message = Text(status, "state.waiting.message");
    if (!reason.empty()) why = message.empty() ? reason : absl::StrCat(reason, ": ", message.substr(0, 200));
  }
  if (const std::string ended = WhyEnded(object); !ended.empty()) why = ended.substr(0, 250);
  place.trouble = absl::StrCat("pod ", name, " on ", node, " does not run: ", why);
  return place;
}

bool MayComeYet(const Json& object) {
  const std::string phase = Text(object, "status.phase");
  if (phase == "Failed" || phase == "Succeeded") return false;
  for (const Json& status : Array(object, "status.containerStatuses")) {
    const std::string reason = Text(status, "state.waiting.reason");
    // A pull that failed is tried again, with the same end: the first time may be a hiccup, the pause after it is none.
    if (reason == "ErrImageNeverPull" || reason == "InvalidImageName" || reason == "ImagePullBackOff") return false;
  }
  return true;
}

}  // namespace tales::cilium::probe
