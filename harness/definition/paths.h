// Paths of a cluster file. Internal to this folder.
#pragma once

#include <filesystem>

#include "harness/definition/cluster_definition.h"

namespace tales::internal {

// `~` and what is relative, against the file's folder; what the operator's own commands use, against the folder where
// they are run: config.folder.
void MakePathsAbsolute(ClusterDefinition& definition, const std::filesystem::path& folder);

}  // namespace tales::internal
