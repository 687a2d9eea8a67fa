// Cluster files: YAML in, ClusterDefinition out, and back.
//
// Source of the format: fixtures/README.md. Every mistake is reported, not the first alone, one line each:
//   tales.yaml:9:14: nodes[1].role: "wroker" is not a role; one of controlplane, worker
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "harness/definition/cluster_definition.h"

namespace tales {

// InvalidArgument with one line per mistake (unknown keys, wrong types, duplicate nodes, bad addresses, bad versions,
// bad durations, unknown fixtures, ...), NotFound where there is no file. `~` and relative paths of the file are made
// absolute against the file's folder. Input may be hostile: size, depth and alias expansion are limited.
absl::StatusOr<ClusterDefinition> LoadClusterFile(const std::filesystem::path& path);
// `name` stands in front of every error.
absl::StatusOr<ClusterDefinition> ParseClusterFile(std::string_view text, std::string_view name,
                                                   const std::filesystem::path& folder);

// A cluster file that LoadClusterFile reads back to an equal definition; commented where a reader needs it.
// It never holds a secret: credentials are named by path.
std::string WriteClusterFile(const ClusterDefinition& definition);

}  // namespace tales
