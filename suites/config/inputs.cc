#include "suites/config/inputs.h"

#include <cstdlib>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "harness/base/how_it_ended.h"
#include "harness/base/redactor.h"
#include "harness/base/status.h"
#include "harness/base/subprocess.h"
#include "harness/operator/files.h"

namespace tales::config {
namespace {

constexpr absl::Duration kGeneratorDeadline = absl::Minutes(1);  // of one run; it takes a second
constexpr absl::Duration kSecretsDeadline = absl::Minutes(1);    // a password manager may ask somebody

std::optional<std::string> NoFolder(const Cluster& cluster) {
  const ClusterDefinition& definition = cluster.definition();
  if (!definition.config.has_value() || definition.config->folder.empty()) {
    return definition.discovered ? "no cluster file" : "no config.folder in the cluster file";
  }
  std::error_code error;
  if (std::filesystem::is_directory(definition.config->folder, error)) return std::nullopt;
  return absl::StrCat("no folder ", definition.config->folder, " on this machine");
}

std::optional<std::string> NoGenerator(const Cluster& cluster) {
  std::string why = WhyNoGenerator(cluster.definition());
  if (why.empty()) return std::nullopt;
  return why;
}

absl::StatusOr<Secrets> ReadSecrets(const ConfigDefinition& config, Deadline deadline) {
  if (config.secrets_command.empty()) {
    const std::filesystem::path path = SecretsFile(config);
    absl::StatusOr<std::string> text = ReadRegularFile(path);
    if (!text.ok()) return text.status();
    return ParseSecrets(*std::move(text), path.filename().string());
  }
  const Command command{.argv = config.secrets_command, .working_folder = config.folder};
  TALES_ASSIGN_OR_RETURN(Finished finished, Run(command, deadline.AtMost(kSecretsDeadline)));
  if (!finished.ok()) {
    return absl::FailedPreconditionError(absl::StrCat(command.ToString(), " ", HowItEnded(finished), ": ",
                                                      Redactor().Redact(finished.error_output.substr(0, 1000))));
  }
  return ParseSecrets(std::move(finished.output), absl::StrCat("what `", command.ToString(), "` prints"));
}

absl::StatusOr<talos::Context> ReadTalosconfig(const ClusterDefinition& definition) {
  const std::filesystem::path path = std::filesystem::path(definition.config->folder) / kTalosconfigFile;
  TALES_ASSIGN_OR_RETURN(const std::string text, ReadRegularFile(path));
  TALES_ASSIGN_OR_RETURN(const talos::TalosConfig config, talos::ParseTalosConfig(text, path.string()));
  return talos::SelectContext(config,
                              config.contexts.contains(definition.talos.context) ? definition.talos.context : "");
}

}  // namespace

const Requirement kNeedsFolder{"declared:config.folder", "the folder where the operator keeps the configuration files",
                               NoFolder};
const Requirement kNeedsGenerator{"declared:config.generator", "the generator of the configuration files", NoGenerator};

absl::StatusOr<MachineConfig> KeptConfig(CheckContext& context, Role role) {
  const std::string file = FileOf(role);
  return context.facts().Once<MachineConfig>(
      absl::StrCat("config.kept/", file), [&]() -> absl::StatusOr<MachineConfig> {
        const std::filesystem::path path = std::filesystem::path(context.definition().config->folder) / file;
        TALES_ASSIGN_OR_RETURN(std::string text, ReadRegularFile(path));
        return ParseMachineConfig(std::move(text), path.string());
      });
}

absl::StatusOr<talos::Context> KeptTalosconfig(CheckContext& context) {
  return context.facts().Once<talos::Context>("config.kept/talosconfig",
                                              [&] { return ReadTalosconfig(context.definition()); });
}

absl::StatusOr<Secrets> KeptSecrets(CheckContext& context) {
  return context.facts().Once<Secrets>("config.secrets",
                                       [&] { return ReadSecrets(*context.definition().config, context.deadline()); });
}

absl::StatusOr<GeneratedTwice> GenerateTwice(CheckContext& context) {
  const absl::StatusOr<Secrets> secrets = KeptSecrets(context);
  if (!secrets.ok()) return absl::FailedPreconditionError(secrets.status().message());
  return context.facts().Once<GeneratedTwice>("config.generated", [&]() -> absl::StatusOr<GeneratedTwice> {
    GeneratedTwice twice;
    for (Generated* generated : {&twice.first, &twice.second}) {
      TALES_ASSIGN_OR_RETURN(*generated,
                             Generate(context.definition(), *secrets, context.deadline().AtMost(kGeneratorDeadline)));
    }
    return twice;
  });
}

Outcome CannotRead(const absl::Status& why) {
  return Outcome::Unsupported("configuration files that can be read", std::string(why.message()));
}

std::string InFolder(const CheckContext& context, std::string_view file) {
  return absl::StrCat(file, " in ", context.definition().config->folder);
}

}  // namespace tales::config
