// What the checks of this suite look at, each read once per worker and look.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "harness/check/check.h"
#include "harness/operator/document.h"
#include "harness/operator/generator.h"
#include "harness/operator/secrets.h"
#include "harness/talos/talosconfig.h"

namespace tales::config {

extern const Requirement kNeedsFolder;     // config.folder is declared, and on this machine
extern const Requirement kNeedsGenerator;  // config.generator is declared, and what it runs is on this machine

// Of the folder. The error says which file and why.
absl::StatusOr<MachineConfig> KeptConfig(CheckContext& context, Role role);
// The context of its cluster: talos.context of the cluster file, else the file's current one.
absl::StatusOr<talos::Context> KeptTalosconfig(CheckContext& context);
// The secrets file, or what the secrets command prints (at most a minute). NotFound where there is neither.
absl::StatusOr<Secrets> KeptSecrets(CheckContext& context);

// Two runs of the generator, in folders of their own.
struct GeneratedTwice {
  Generated first, second;
};
absl::StatusOr<GeneratedTwice> GenerateTwice(CheckContext& context);

// The outcome of a check that lacks a file which another check answers for (config.valid: files, config.reproducible:
// the generator): unsupported, so that one broken file is one failure.
Outcome CannotRead(const absl::Status& why);

// "worker.yaml in ~/tales-work"
std::string InFolder(const CheckContext& context, std::string_view file);

}  // namespace tales::config
