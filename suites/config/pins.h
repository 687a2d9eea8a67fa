// config.inputs_pinned: the versions that go into the configuration are declared, not those that a talosctl of some day
// happens to bring. Without a word, `talosctl gen config` takes Kubernetes' version, the install image and the version
// contract from its own build: the same command line, with a newer talosctl, makes another cluster.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/check/outcome.h"
#include "harness/definition/cluster_definition.h"
#include "harness/operator/document.h"

namespace tales::config {

// Both versions are in the cluster file.
std::vector<Problem> JudgeDeclared(const ClusterDefinition& definition);

// The images in a machine configuration are of the declared versions. `file` names it in messages.
std::vector<Problem> JudgeImages(const MachineConfig& config, const ClusterDefinition& definition,
                                 std::string_view file, const std::string& next);

// The command line pins what talosctl would fill in: `arguments` of `talosctl gen config` with their patches, ...
std::vector<Problem> JudgeArguments(const ConfigDefinition& config, const ClusterDefinition& definition);
// ... or the text of a script. What it does not show (it calls another, or takes patches) is not judged.
std::vector<Problem> JudgeScript(std::string_view text, std::string_view path, const ClusterDefinition& definition);

// "v1.9.4" in what `talosctl version --client` prints; "" where there is no version.
std::string VersionIn(std::string_view output);

}  // namespace tales::config
