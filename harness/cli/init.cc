#include "harness/cli/init.h"

#include <filesystem>
#include <memory>

#include "CLI/App.hpp"
#include "absl/strings/str_cat.h"
#include "fixtures/adopt/credentials.h"
#include "fixtures/adopt/discovery.h"
#include "harness/base/file.h"
#include "harness/check/builtin_issues.h"
#include "harness/definition/cluster_file.h"

namespace tales {
namespace {

struct Options {
  adopt::CredentialRequest credentials;
  std::filesystem::path output;
  std::string name;
};

int Trouble(CliContext& context, const absl::Status& status, int exit_code) {
  context.err << "tales init: " << status.message() << "\n";
  return exit_code;
}

// What `tales` recognises by itself on such a cluster. Whoever has an issue of these knows of it from the first run on;
// whoever has it not is told by that run that the entry can go.
void AddBuiltinIssues(ClusterDefinition& definition) {
  const bool one_worker = definition.SchedulableNodes() < 2;
  for (const BuiltinIssue& issue : BuiltinIssues()) {
    const bool of_cilium = issue.entry.until_version.contains("cilium") && definition.cilium.has_value();
    if (of_cilium || (issue.with_one_schedulable_node && one_worker)) definition.known_issues.push_back(issue.entry);
  }
}

int Init(const Options& options, CliContext& context) {
  std::error_code error;
  if (!options.output.empty() && std::filesystem::exists(options.output, error)) {
    return Trouble(
        context,
        absl::AlreadyExistsError(absl::StrCat(options.output.string(), " is there already; it is not overwritten")),
        kExitUsage);
  }
  const auto credentials = adopt::FindCredentials(options.credentials, nullptr);
  if (!credentials.ok()) return Trouble(context, credentials.status(), kExitUsage);
  // A fixture's own file knows where its nodes can be dialled.
  std::optional<ClusterDefinition> hints;
  if (!credentials->cluster_file.empty()) {
    if (auto loaded = LoadClusterFile(credentials->cluster_file); loaded.ok()) hints = *std::move(loaded);
  }
  auto definition =
      adopt::Discover(*credentials, hints.has_value() ? &*hints : nullptr, Deadline::After(absl::Minutes(2)),
                      [&](std::string_view line) { context.err << line << "\n"; });
  if (!definition.ok()) return Trouble(context, definition.status(), kExitNothingJudged);
  definition->discovered = false;  // it is going to be read, and then it is somebody's intent
  if (!options.name.empty()) definition->cluster = options.name;
  AddBuiltinIssues(*definition);
  const std::string text = WriteClusterFile(*definition);
  // What cannot be read back would only be noticed by the next run.
  if (const auto again = ParseClusterFile(text, "the cluster file", std::filesystem::current_path(error));
      !again.ok()) {
    return Trouble(context, again.status(), kExitUsage);
  }
  if (options.output.empty()) {
    context.out << text;
    return kExitOk;
  }
  if (const absl::Status written = WriteFileAtomically(options.output, text); !written.ok()) {
    return Trouble(context, written, kExitUsage);
  }
  context.err << "wrote " << options.output.string() << "; read it, then: tales verify --cluster "
              << options.output.string() << "\n";
  return kExitOk;
}

}  // namespace

void AddInitCommand(CLI::App& app, CliContext& context) {
  CLI::App* init =
      app.add_subcommand("init", "Looks at a cluster and writes a cluster file for it, with no secret in it");
  const auto options = std::make_shared<Options>();
  init->add_option("--kubeconfig", options->credentials.kubeconfig,
                   "Default: $KUBECONFIG, where no --talosconfig is given");
  init->add_option("--talosconfig", options->credentials.talosconfig,
                   "Default: $TALOSCONFIG, where no --kubeconfig is given");
  init->add_option("--kubernetes-context", options->credentials.kubernetes_context,
                   "Default: the file's current context");
  init->add_option("--talos-context", options->credentials.talos_context, "Default: the file's current context");
  init->add_option("--name", options->name, "Of the cluster. Default: from the contexts");
  init->add_option("--out,-o", options->output, "A file that is not there yet. Default: standard output")
      ->type_name("FILE");
  init->add_option("--output", options->output)->group("");  // as it was called before
  init->callback([options, &context] { context.exit_code = Init(*options, context); });
}

}  // namespace tales
