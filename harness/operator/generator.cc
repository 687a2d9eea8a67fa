#include "harness/operator/generator.h"

#include <sys/stat.h>

#include <map>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "harness/base/file.h"
#include "harness/base/held_folder.h"
#include "harness/base/how_it_ended.h"
#include "harness/base/redactor.h"
#include "harness/base/status.h"
#include "harness/base/subprocess.h"
#include "harness/operator/files.h"

namespace tales::config {
namespace {

constexpr int kNotFound = 127;  // a shell's exit code for a command that is not there
constexpr size_t kMostNeighbours = 1000, kLastLines = 10;

std::string HowToGetTalosctl(const ClusterDefinition& definition) {
  return absl::StrCat("install talosctl ", definition.talos.version, definition.talos.version.empty() ? "" : " ",
                      "from the releases of github.com/siderolabs/talos");
}

// So that `../src/...` is what it is in the operator's folder. That folder itself is left out: it is not to be written.
void LinkNeighbours(const std::filesystem::path& folder, const std::filesystem::path& to) {
  std::error_code error;
  size_t linked = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.parent_path(), error)) {
    if (entry.path().filename() == folder.filename() || ++linked > kMostNeighbours) continue;
    std::error_code ignored;  // what cannot be linked is not there, and the script says what it misses
    std::filesystem::create_symlink(entry.path(), to / entry.path().filename(), ignored);
  }
}

// The end of what a program said, without the secrets that it was given.
std::string LastWords(const Finished& finished, const Secrets& secrets) {
  Redactor redactor;
  for (const auto& [path, value] : secrets.values) {
    redactor.Add(value);
    redactor.Add(PemOf(value));
  }
  const std::string& said = finished.error_output.empty() ? finished.output : finished.error_output;
  std::vector<std::string> lines = absl::StrSplit(absl::StripTrailingAsciiWhitespace(said), '\n');
  if (lines.size() > kLastLines) lines.erase(lines.begin(), lines.end() - kLastLines);
  return redactor.Redact(absl::StrJoin(lines, "\n"));
}

// The files that the operator keeps, as they are before a script runs.
class KeptFiles {
 public:
  explicit KeptFiles(const std::filesystem::path& folder) {
    if (folder.empty()) return;
    for (const char* name : {kControlPlaneFile, kWorkerFile, kTalosconfigFile, "secrets.yaml"}) {
      std::error_code error;
      const std::filesystem::path path = std::filesystem::canonical(folder / name, error);
      struct stat info;
      if (stat(path.c_str(), &info) != 0) continue;
      if (absl::StatusOr<std::string> content = ReadRegularFile(path); content.ok()) {
        files_[path] = {*std::move(content), info.st_mode & 07777};
      }
    }
  }

  // Puts back what is no longer as it was; its names.
  std::vector<std::string> PutBack() const {
    std::vector<std::string> written;
    for (const auto& [path, file] : files_) {
      const absl::StatusOr<std::string> now = ReadRegularFile(path);
      if (now.ok() && *now == file.content) continue;
      const absl::Status restored = WriteFileAtomically(path, file.content, static_cast<int>(file.mode));
      written.push_back(restored.ok() ? path.string() : absl::StrCat(path.string(), " (", restored.message(), ")"));
    }
    return written;
  }

 private:
  struct File {
    std::string content;
    mode_t mode;
  };
  std::map<std::filesystem::path, File> files_;
};

void AddPinned(std::vector<std::string>& argv, const ConfigDefinition& config, std::string_view flag,
               const std::string& declared) {
  if (!declared.empty() && FlagOf(config.generator_arguments, flag).empty()) {
    argv.push_back(absl::StrCat(flag, "=", declared));
  }
}

}  // namespace

std::string FlagOf(const std::vector<std::string>& arguments, std::string_view flag) {
  std::string value;
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string_view rest = arguments[i];
    if (!absl::ConsumePrefix(&rest, flag)) continue;
    if (absl::ConsumePrefix(&rest, "=")) {
      value = std::string(rest);
    } else if (rest.empty() && i + 1 < arguments.size()) {
      value = arguments[++i];
    }
  }
  return value;
}

std::string WhyNoGenerator(const ClusterDefinition& definition) {
  if (!definition.config.has_value() ||
      (definition.config->generator_command.empty() && definition.config->generator_arguments.empty() &&
       definition.config->patches.empty())) {
    return "no config.generator in the cluster file";
  }
  if (!definition.config->generator_command.empty()) {
    const auto program = FindProgram(definition.config->generator_command.front());
    return program.ok() ? "" : absl::StrCat(program.status().message(), "; mend config.generator, or fetch the script");
  }
  if (definition.endpoint.empty()) return "no endpoint in the cluster file, which `talosctl gen config` needs";
  return FindProgram("talosctl").ok() ? "" : absl::StrCat("no talosctl on PATH; ", HowToGetTalosctl(definition));
}

std::vector<std::string> GeneratorCommand(const ClusterDefinition& definition, const std::string& secrets) {
  const ConfigDefinition& config = *definition.config;
  if (!config.generator_command.empty()) {
    std::vector<std::string> argv = config.generator_command;
    for (std::string& argument : argv) argument = absl::StrReplaceAll(argument, {{"{secrets}", secrets}});
    return argv;
  }
  std::vector<std::string> argv = {"talosctl",       "gen",  "config", definition.cluster, definition.endpoint,
                                   "--with-secrets", secrets};
  // What the cluster file declares is passed on, so that it does not depend on the binary's own age.
  AddPinned(argv, config, "--talos-version", definition.talos.version);
  AddPinned(argv, config, "--kubernetes-version", std::string(absl::StripPrefix(definition.kubernetes.version, "v")));
  argv.insert(argv.end(), config.generator_arguments.begin(), config.generator_arguments.end());
  for (const auto& [role, flag] :
       {std::pair("all", "--config-patch"), std::pair("controlplane", "--config-patch-control-plane"),
        std::pair("worker", "--config-patch-worker")}) {
    const auto patches = config.patches.find(role);
    if (patches == config.patches.end()) continue;
    for (const std::string& patch : patches->second) argv.insert(argv.end(), {flag, patch});
  }
  return argv;
}

std::string GenerateByHand(const ClusterDefinition& definition) {
  if (!definition.config.has_value()) return "";
  const bool script = !definition.config->generator_command.empty();
  if (!script && definition.config->generator_arguments.empty() && definition.config->patches.empty()) {
    return "generate the files anew from secrets.yaml (`talosctl gen config --with-secrets secrets.yaml ...`)";
  }
  Command command{.argv = GeneratorCommand(definition, SecretsFile(*definition.config).filename().string())};
  if (!script) command.argv.emplace_back("--force");
  return absl::StrCat("cd ", definition.config->folder, " && ", command.ToString());
}

absl::StatusOr<Generated> Generate(const ClusterDefinition& definition, const Secrets& secrets, Deadline deadline) {
  TALES_ASSIGN_OR_RETURN(const HeldFolder surroundings, HeldFolder::Make("tales-generate"));
  const std::filesystem::path kept = definition.config->folder;
  const std::filesystem::path folder =
      surroundings.path() / (kept.has_filename() ? kept.filename() : std::filesystem::path("work"));
  if (!kept.empty()) LinkNeighbours(kept, surroundings.path());
  if (mkdir(folder.c_str(), 0700) != 0) return absl::ErrnoToStatus(errno, absl::StrCat("making ", folder.string()));
  const std::filesystem::path secrets_file = folder / SecretsFile(*definition.config).filename();
  TALES_RETURN_IF_ERROR(WriteFileAtomically(secrets_file, secrets.text, 0600));

  const Command command{.argv = GeneratorCommand(definition, secrets_file.string()),
                        .environment = {{"TALES_SECRETS", secrets_file.string()},
                                        {"TALES_CONFIG_FOLDER", kept.string()},
                                        {"TALOSCONFIG", (folder / kTalosconfigFile).string()},
                                        {"KUBECONFIG", (folder / "kubeconfig").string()}},
                        .working_folder = folder};
  const KeptFiles before(kept);
  const absl::StatusOr<Finished> finished = Run(command, deadline);
  Generated generated;
  generated.overwritten = before.PutBack();
  if (!finished.ok()) return finished.status();
  const std::string what = definition.config->generator_command.empty() ? "talosctl gen config" : command.argv.front();
  const std::string said = LastWords(*finished, secrets);
  if (finished->exit_code == kNotFound) {
    return absl::FailedPreconditionError(
        absl::StrCat(what, " calls what is not installed: ", said,
                     FindProgram("talosctl").ok() ? "" : absl::StrCat("; ", HowToGetTalosctl(definition))));
  }
  if (!finished->ok()) {
    return absl::InvalidArgumentError(absl::StrCat(what, " ", HowItEnded(*finished), ": ", said));
  }
  for (const auto& [name, content] :
       {std::pair(kControlPlaneFile, &generated.controlplane), std::pair(kWorkerFile, &generated.worker),
        std::pair(kTalosconfigFile, &generated.talosconfig)}) {
    absl::StatusOr<std::string> read = ReadRegularFile(folder / name);
    if (!read.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(
          what, " left no readable ", name, " in the folder in which it was run (",
          absl::IsNotFound(read.status()) ? "it is not there" : read.status().message(), ")",
          generated.overwritten.empty() ? ""
                                        : absl::StrCat("; it wrote to ", absl::StrJoin(generated.overwritten, ", "),
                                                       " instead, which was put back")));
    }
    *content = *std::move(read);
  }
  return generated;
}

}  // namespace tales::config
