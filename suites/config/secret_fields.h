// Which fields of an operator's files are secret. Source: the fields that Talos 1.9.4 redacts in a v1alpha1
// configuration, and those that it does not and that hold credentials all the same.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/operator/path.h"

namespace tales::config {

// Whether what stands there must never be shown. True for everything in a document of another kind than v1alpha1: what
// those hold is not ours to know.
bool IsSecret(const Path& path);

// The secret values in a file, as paths, whichever of the operator's it is: a machine configuration, secrets.yaml, a
// talosconfig, a kubeconfig. What is empty holds none, nor does what SOPS has encrypted. InvalidArgument where it
// cannot be read.
absl::StatusOr<std::vector<std::string>> SecretPathsInFile(const std::string& text, std::string_view name);

}  // namespace tales::config
