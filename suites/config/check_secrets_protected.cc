// Files with secrets are readable by their owner alone, and git does not keep them. `talosctl gen config` writes
// controlplane.yaml with mode 0644 although it holds the keys of every authority: the folder has to keep others out.
#include <filesystem>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/operator/files.h"
#include "suites/config/checks.h"
#include "suites/config/inputs.h"
#include "suites/config/protection.h"
#include "suites/config/secret_fields.h"

namespace tales::config {
namespace {

constexpr absl::Duration kGitDeadline = absl::Seconds(20);

// Of the operator's files those that are there, links followed: what is read is what they point to.
std::set<std::filesystem::path> Files(const ClusterDefinition& definition) {
  const ConfigDefinition& config = *definition.config;
  const std::filesystem::path folder = config.folder;
  std::set<std::filesystem::path> files;
  for (const std::filesystem::path& path :
       {SecretsFile(config), folder / kControlPlaneFile, folder / kWorkerFile, folder / kTalosconfigFile,
        folder / "kubeconfig", std::filesystem::path(definition.talos.talosconfig),
        std::filesystem::path(definition.kubernetes.kubeconfig), std::filesystem::path(config.earlier_talosconfig),
        std::filesystem::path(config.earlier_kubeconfig)}) {
    std::error_code error;
    const std::filesystem::path real = path.empty() ? path : std::filesystem::canonical(path, error);
    if (!path.empty() && !error && std::filesystem::is_regular_file(real, error)) files.insert(real);
  }
  return files;
}

Outcome Look(CheckContext& context) {
  std::vector<Problem> problems;
  std::vector<std::string> held, not_asked;
  std::string fields;
  const auto add = [&](std::vector<Problem> more) {
    for (Problem& problem : more) problems.push_back(std::move(problem));
  };
  for (const std::filesystem::path& path : Files(context.definition())) {
    const std::string name = path.filename().string();
    const absl::StatusOr<std::string> text = ReadRegularFile(path);
    absl::StatusOr<std::vector<std::string>> secret = text.ok() ? SecretPathsInFile(*text, name) : text.status();
    // What cannot be read may hold anything.
    if (!secret.ok())
      secret =
          std::vector<std::string>{absl::StrCat("what cannot be told: ", secret.status().message().substr(0, 200))};
    if (secret->empty()) continue;
    const SecretFile file{path, *std::move(secret)};
    held.push_back(absl::StrCat(name, " (", file.fields.size(), ")"));
    absl::StrAppend(&fields, path.string(), "\n  ", absl::StrJoin(file.fields, "\n  "), "\n");
    add(JudgeModes(file));
    if (absl::StatusOr<std::vector<Problem>> git = JudgeGit(file, context.deadline().AtMost(kGitDeadline)); git.ok()) {
      add(*std::move(git));
    } else {
      not_asked.emplace_back(git.status().message());
    }
  }
  if (held.empty()) return Outcome::Unsupported("files with secrets in them", "none in the folder");
  std::string summary = absl::StrCat("secret fields: ", absl::StrJoin(held, ", "), "; read by their owner alone");
  absl::StrAppend(&summary,
                  not_asked.empty() ? ", not kept by git" : absl::StrCat("; git was not asked: ", not_asked.front()));
  return Outcome::FromProblems(std::move(problems), summary).With({.name = "secret-fields.txt", .content = fields});
}

}  // namespace

Check SecretsProtected() {
  return {.id = "config.secrets_protected",
          .question = "Are the files that hold secrets readable by their owner alone, and kept out of git?",
          .needs = {&kNeedsFolder},
          .faults = {"inputs:secrets-world-readable", "inputs:secrets-in-git"},
          .deadline = absl::Minutes(3),
          .settles = false,
          .look = Look};
}

}  // namespace tales::config
