#include "harness/check/cluster_access.h"

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace tales {

using Json = nlohmann::json;

std::string WriteClusterAccess(const ClusterAccess& access) {
  Json tools = Json::object();
  for (const auto& [name, path] : access.tools) tools[name] = path.string();
  return Json{{"fixture", access.fixture},
              {"clusterFile", access.cluster_file.string()},
              {"talosconfig", access.talosconfig.string()},
              {"talosContext", access.talos_context},
              {"kubeconfig", access.kubeconfig.string()},
              {"kubernetesContext", access.kubernetes_context},
              {"vmSettings", access.vm_settings.string()},
              {"tools", std::move(tools)},
              {"toolMaker", access.tool_maker},
              {"simulated", access.simulated},
              {"discovered", access.discovered},
              {"owned", access.owned},
              {"granted", std::string(ToString(access.granted))}}
      .dump();
}

absl::StatusOr<ClusterAccess> ParseClusterAccess(std::string_view json) {
  const Json value = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!value.is_object()) return absl::InvalidArgumentError("cluster access: not a JSON object");
  ClusterAccess access;
  try {
    access.fixture = value.at("fixture").get<std::string>();
    access.cluster_file = value.at("clusterFile").get<std::string>();
    access.talosconfig = value.at("talosconfig").get<std::string>();
    access.talos_context = value.at("talosContext").get<std::string>();
    access.kubeconfig = value.at("kubeconfig").get<std::string>();
    access.kubernetes_context = value.at("kubernetesContext").get<std::string>();
    access.vm_settings = value.at("vmSettings").get<std::string>();
    for (const auto& [name, path] : value.at("tools").items()) access.tools[name] = path.get<std::string>();
    access.tool_maker = value.at("toolMaker").get<std::vector<std::string>>();
    access.simulated = value.at("simulated").get<bool>();
    access.discovered = value.at("discovered").get<bool>();
    access.owned = value.at("owned").get<bool>();
    const std::optional<Tier> tier = ParseTier(value.at("granted").get<std::string>());
    if (!tier.has_value()) return absl::InvalidArgumentError("cluster access: granted is not a tier");
    access.granted = *tier;
  } catch (const Json::exception& error) {
    return absl::InvalidArgumentError(absl::StrCat("cluster access: ", error.what()));
  }
  return access;
}

}  // namespace tales
