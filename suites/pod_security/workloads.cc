#include "suites/pod_security/workloads.h"

#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "suites/pod_security/labels.h"

namespace tales::pod_security {
namespace {

std::string Text(const Json& object, const char* pointer) {
  if (!object.is_object()) return "";
  const Json value = object.value(Json::json_pointer(pointer), Json());
  return value.is_string() ? value.get<std::string>() : std::string();
}

// A new pod with this spec, and of this metadata what admission looks at.
Json Rebuild(const Json& metadata, const Json& spec) {
  Json pod = {{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", {{"generateName", "tales-probe-"}}}, {"spec", spec}};
  for (const char* key : {"labels", "annotations"}) {
    if (metadata.is_object() && metadata.contains(key) && metadata[key].is_object())
      pod["metadata"][key] = metadata[key];
  }
  if (pod["metadata"].contains("annotations")) {
    Json kept = Json::object();
    for (const auto& [key, value] : pod["metadata"]["annotations"].items()) {
      if (!absl::StartsWith(key, "kubernetes.io/config.")) kept[key] = value;
    }
    pod["metadata"]["annotations"] = std::move(kept);
  }
  for (const char* key : {"nodeName", "ephemeralContainers", "schedulingGates", "hostname", "priority"})
    pod["spec"].erase(key);
  return pod;
}

// The same for all pods of one template; "" where it cannot be told.
std::string TemplateOf(const Json& pod) {
  for (const char* label : {"/metadata/labels/pod-template-hash", "/metadata/labels/controller-revision-hash"}) {
    const std::string hash = Text(pod, label);
    const Json owner = pod.value("/metadata/ownerReferences/0/uid"_json_pointer, Json());
    if (!hash.empty() && owner.is_string()) return absl::StrCat(owner.get<std::string>(), "/", hash);
  }
  return "";
}

}  // namespace

std::vector<Candidate> FromPods(const std::vector<Json>& pods, std::string_view namespace_) {
  std::vector<Candidate> candidates;
  std::set<std::string> seen;
  for (const Json& pod : pods) {
    if (Text(pod, "/metadata/namespace") != namespace_ || Text(pod, "/status/phase") != "Running") continue;
    if (!Text(pod, "/metadata/annotations/kubernetes.io~1config.mirror").empty()) continue;
    if (!pod.contains("spec") || !pod["spec"].is_object()) continue;
    const std::string made_from = TemplateOf(pod);
    if (!made_from.empty() && !seen.insert(made_from).second) continue;
    candidates.push_back({.name = absl::StrCat("pod ", NameOf(pod)), .pod = Rebuild(pod["metadata"], pod["spec"])});
  }
  return candidates;
}

std::vector<Candidate> FromTemplates(const std::vector<Json>& workloads, std::string_view kind,
                                     std::string_view namespace_) {
  std::vector<Candidate> candidates;
  for (const Json& workload : workloads) {
    if (Text(workload, "/metadata/namespace") != namespace_) continue;
    const Json made_from = workload.value("/spec/template"_json_pointer, Json());
    if (!made_from.is_object() || !made_from.contains("spec") || !made_from["spec"].is_object()) continue;
    const Json metadata = made_from.contains("metadata") ? made_from["metadata"] : Json();
    candidates.push_back(
        {.name = absl::StrCat(kind, " ", NameOf(workload)), .pod = Rebuild(metadata, made_from["spec"])});
  }
  return candidates;
}

}  // namespace tales::pod_security
