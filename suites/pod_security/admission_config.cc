#include "suites/pod_security/admission_config.h"

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "yaml-cpp/yaml.h"

namespace tales::pod_security {
namespace {

std::string Text(const YAML::Node& map, const std::string& key) {
  if (!map || !map.IsMap()) return "";
  const YAML::Node value = map[key];
  return value && value.IsScalar() ? value.Scalar() : "";
}

std::vector<Problem> Judge(const YAML::Node& root, const std::set<std::string>& exempt, bool exempt_only,
                           const std::string& next) {
  YAML::Node configuration;
  bool found = false;
  if (root.IsMap() && root["config"] && root["config"].IsSequence()) {
    for (const YAML::Node& plugin : root["config"]) {
      if (Text(plugin, "name") != "PodSecurity") continue;
      configuration.reset(plugin["configuration"]);
      found = true;
    }
  }
  if (!found || !configuration.IsMap()) {
    return {{.expected = "admission plugin PodSecurity, configured",
             .found = "it is not in AdmissionControlConfigs",
             .next = next}};
  }
  std::vector<Problem> problems;
  constexpr std::array<std::pair<const char*, const char*>, 6> kDefaults = {{{"enforce", kDefaultEnforce},
                                                                             {"enforce-version", kDefaultVersion},
                                                                             {"audit", kDefaultAudit},
                                                                             {"audit-version", kDefaultVersion},
                                                                             {"warn", kDefaultWarn},
                                                                             {"warn-version", kDefaultVersion}}};
  const YAML::Node defaults = configuration["defaults"];
  for (const auto& [key, value] : kDefaults) {
    const std::string have = Text(defaults, key);
    if (have == value) continue;
    problems.push_back({.expected = absl::StrCat("PodSecurity defaults: ", key, ": ", value),
                        .found = have.empty() ? absl::StrCat(key, " is not set") : absl::StrCat(key, ": ", have),
                        .next = next});
  }
  std::set<std::string> live;
  const YAML::Node exemptions = configuration["exemptions"];
  if (exemptions && exemptions.IsMap() && exemptions["namespaces"] && exemptions["namespaces"].IsSequence()) {
    for (const YAML::Node& name : exemptions["namespaces"]) {
      if (name.IsScalar()) live.insert(name.Scalar());
    }
  }
  for (const std::string& name : exempt) {
    if (live.count(name) == 0) {
      problems.push_back({.expected = absl::StrCat("namespace ", name, " exempt from PodSecurity"),
                          .found = absl::StrCat("exempt are: ", live.empty() ? "none" : absl::StrJoin(live, ", ")),
                          .next = next});
    }
  }
  for (const std::string& name : live) {
    if (exempt_only && exempt.count(name) == 0) {
      problems.push_back(
          {.expected = absl::StrCat("namespace ", name, " not exempt: the cluster file does not declare it so"),
           .found = absl::StrCat("namespace ", name, " is exempt from PodSecurity"),
           .next = next});
    }
  }
  return problems;
}

}  // namespace

std::set<std::string> ExpectedExemptions(const ClusterDefinition& definition) {
  std::set<std::string> exempt = {"kube-system"};
  for (const auto& [name, declared] : definition.namespaces) {
    if (declared.exempt) exempt.insert(name);
  }
  return exempt;
}

std::vector<Problem> JudgeAdmissionConfig(std::string_view yaml, const std::set<std::string>& exempt, bool exempt_only,
                                          std::string_view node_address) {
  const std::string next =
      absl::StrCat("talosctl -n ", node_address,
                   " get admissioncontrolconfigs -o yaml; put cluster.apiServer.admissionControl right "
                   "with: talosctl -n ",
                   node_address, " apply-config --file controlplane.yaml");
  try {
    return Judge(YAML::Load(std::string(yaml)), exempt, exempt_only, next);
  } catch (const std::exception& e) {
    return {{.expected = "a readable AdmissionControlConfigs resource", .found = e.what(), .next = next}};
  }
}

std::string ShowConfigurationCommand(const ClusterDefinition& definition) {
  const std::vector<const NodeDefinition*> nodes = definition.NodesWithRole(Role::kControlPlane);
  if (nodes.empty()) {
    return "look at plugin PodSecurity in the file that kube-apiserver's --admission-control-config-file names";
  }
  return absl::StrCat(
      "talosctl -n ", nodes.front()->address,
      " get admissioncontrolconfigs -o yaml   # and cluster.apiServer.admissionControl in controlplane.yaml");
}

}  // namespace tales::pod_security
