#include "harness/definition/paths.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace tales::internal {
namespace {

std::string Absolute(const std::string& path, const std::filesystem::path& folder) {
  if (path.empty()) return path;
  if (path == "~" || absl::StartsWith(path, "~/")) {
    const char* home = std::getenv("HOME");
    if (home != nullptr)
      return (std::filesystem::path(home) / path.substr(std::min<size_t>(2, path.size()))).lexically_normal().string();
  }
  return (folder / path).lexically_normal().string();
}

// A chart or source may be a URL or a name in a repository; a path begins like one.
bool LooksLikePath(const std::string& text) {
  return absl::StartsWith(text, ".") || absl::StartsWith(text, "/") || absl::StartsWith(text, "~");
}

// An argument that names a file as talosctl takes it: `@all.yaml`, `--config-patch=@all.yaml`.
void MakePatchFileAbsolute(std::string& argument, const std::filesystem::path& folder) {
  const size_t equals = absl::StartsWith(argument, "--") ? argument.find('=') : std::string::npos;
  const size_t at = equals == std::string::npos ? 0 : equals + 1;
  if (at + 1 >= argument.size() || argument[at] != '@') return;
  argument = absl::StrCat(argument.substr(0, at + 1), Absolute(argument.substr(at + 1), folder));
}

}  // namespace

void MakePathsAbsolute(ClusterDefinition& definition, const std::filesystem::path& folder) {
  definition.talos.talosconfig = Absolute(definition.talos.talosconfig, folder);
  definition.kubernetes.kubeconfig = Absolute(definition.kubernetes.kubeconfig, folder);
  for (NodeDefinition& node : definition.nodes) {
    for (auto& [action, command] : node.power)
      if (!command.empty() && absl::StrContains(command.front(), '/'))
        command.front() = Absolute(command.front(), folder);
  }
  if (definition.synology.has_value()) {
    definition.synology->password_file = Absolute(definition.synology->password_file, folder);
    definition.synology->ca = Absolute(definition.synology->ca, folder);
  }
  if (definition.qemu.has_value()) {
    QemuDefinition& qemu = *definition.qemu;
    for (std::string* path : {&qemu.state, &qemu.iso, &qemu.firmware_code, &qemu.firmware_variables})
      *path = Absolute(*path, folder);
  }
  std::filesystem::path work = folder;
  if (definition.config.has_value()) {
    ConfigDefinition& config = *definition.config;
    config.folder = Absolute(config.folder, folder);
    if (!config.folder.empty()) work = config.folder;
    for (std::string* file : {&config.secrets_file, &config.earlier_talosconfig, &config.earlier_kubeconfig}) {
      *file = Absolute(*file, work);
    }
    for (std::string& argument : config.generator_arguments) MakePatchFileAbsolute(argument, work);
    for (auto& [role, patches] : config.patches) {
      for (std::string& patch : patches) MakePatchFileAbsolute(patch, work);
    }
    for (std::vector<std::string>* command : {&config.secrets_command, &config.generator_command}) {
      if (!command->empty() && absl::StrContains(command->front(), '/'))
        command->front() = Absolute(command->front(), work);
    }
  }
  if (definition.cilium.has_value() && LooksLikePath(definition.cilium->chart)) {
    definition.cilium->chart = Absolute(definition.cilium->chart, work);
  }
  for (auto& [name, crds] : definition.crds) {
    if (LooksLikePath(crds.source)) crds.source = Absolute(crds.source, work);
  }
}

}  // namespace tales::internal
