// The operator's way to machine configurations, run anew: a script, or `talosctl gen config` with arguments and
// patches.
//
// How it is run: in a new, empty, private folder (mode 0700, removed afterwards) that holds secrets.yaml and nothing
// else, because that is how such scripts are used: `cd WORK; PATH/talos-gen.sh` reads secrets.yaml there and leaves
// controlplane.yaml, worker.yaml and talosconfig there. `{secrets}` in the command's arguments and $TALES_SECRETS name
// the secrets for a script that wants to be told; $TALES_CONFIG_FOLDER is the operator's own folder. What stands beside
// that folder stands beside the new one too (as links), so that a script which reads `../src/...` finds it.
// $TALOSCONFIG and $KUBECONFIG point into the new folder: a script that merges what it made does so there.
//
// A script can write wherever its user can. The files that the operator keeps are therefore read before and afterwards;
// where a script has overwritten one, it is put back as it was, and told.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/base/deadline.h"
#include "harness/definition/cluster_definition.h"
#include "harness/operator/secrets.h"

namespace tales::config {

struct Generated {
  std::string controlplane, worker, talosconfig;
  std::vector<std::string> overwritten;  // files of the operator's folder that it wrote to, and that were put back
};

// Why there is no generator to run, and how to get one: "talosctl is not on PATH; ..."; "" where there is one.
std::string WhyNoGenerator(const ClusterDefinition& definition);

// The command line, as it is run; the secrets are a file of that name in the folder.
std::vector<std::string> GeneratorCommand(const ClusterDefinition& definition, const std::string& secrets);
// What a person types to do the same in their own folder.
std::string GenerateByHand(const ClusterDefinition& definition);
// The value of `--flag VALUE` or `--flag=VALUE` among the arguments, the last one; "" where there is none.
std::string FlagOf(const std::vector<std::string>& arguments, std::string_view flag);

// Runs it once. FailedPrecondition: what it calls is not installed (how to get it is said). InvalidArgument: it failed,
// with the end of what it said (no secret in it), or did not leave the files. DeadlineExceeded: it was killed.
absl::StatusOr<Generated> Generate(const ClusterDefinition& definition, const Secrets& secrets, Deadline deadline);

}  // namespace tales::config
