// The files of an operator's folder: what they are called, and how they are read.
#pragma once

#include <filesystem>
#include <string>

#include "absl/status/statusor.h"
#include "harness/definition/cluster_definition.h"

namespace tales::config {

// As `talosctl gen config` names them.
inline constexpr char kControlPlaneFile[] = "controlplane.yaml";
inline constexpr char kWorkerFile[] = "worker.yaml";
inline constexpr char kTalosconfigFile[] = "talosconfig";
std::string FileOf(Role role);

// The file of the secrets: config.secrets.file, or secrets.yaml in the folder.
std::filesystem::path SecretsFile(const ConfigDefinition& config);

// The whole file; NotFound, PermissionDenied, OutOfRange where it is longer than kLargestFile, InvalidArgument where it
// is no file (a folder, a device, a pipe that nobody writes to). Every error names the path.
absl::StatusOr<std::string> ReadRegularFile(const std::filesystem::path& path);

}  // namespace tales::config
