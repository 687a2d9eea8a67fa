#include "app/conformance_command.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "harness/cli/cli.h"
#include "harness/kube/client.h"
#include "suites/conformance/bundle.h"
#include "suites/conformance/cluster_runner.h"

namespace tales {
namespace {

struct Options {
  std::string run, product, readme, out, kubeconfig, context;
  bool all = false;
};

int Bundle(const Options& options, CliContext& context) {
  const auto made = conformance::MakeBundle(
      {.run = options.run, .product = options.product, .readme = options.readme, .out = options.out});
  if (made.ok()) {
    context.out << made->string() << "\nholds rules 2, 3, 7, 8, 10, 12 and 13 of the conformance bot; the others need "
                << "the pull request and the network, and it takes the three newest releases only\n";
    return kExitOk;
  }
  context.err << "tales conformance bundle: " << made.status().message() << "\n";
  return absl::IsFailedPrecondition(made.status()) ? kExitFailed : kExitUsage;
}

int Clean(const Options& options, CliContext& context) {
  const auto access = kube::LoadKubeconfig(options.kubeconfig, options.context);
  const auto client = access.ok() ? kube::Client::Open(*access) : access.status();
  if (!client.ok()) {
    context.err << "tales conformance clean: " << client.status().message() << "\n";
    return ExitCodeOf(client.status());
  }
  const Deadline deadline = Deadline::After(absl::Minutes(3));
  const absl::StatusOr<std::vector<std::string>> there = conformance::RunsInCluster(**client, deadline);
  if (!there.ok()) {
    context.err << "tales conformance clean: " << there.status().message() << "\n";
    return kExitNothingJudged;
  }
  std::vector<std::string> runs = *there;
  if (!options.run.empty()) std::erase_if(runs, [&](const std::string& run) { return run != options.run; });
  if (runs.empty()) {
    context.out << "there is nothing of " << (options.run.empty() ? "a run" : options.run) << "\n";
    return kExitOk;
  }
  if (options.run.empty() && !options.all) {
    for (const std::string& run : runs) context.out << run << ": is there\n";
    context.out << "nothing was taken away: one may be under way. --run ID takes that one's, --all that of each\n";
    return kExitOk;
  }
  int code = kExitOk;
  for (const auto& [run, left] : conformance::CleanUpRuns(**client, runs, deadline)) {
    context.out << run << ": " << (left.empty() ? "taken away" : left) << "\n";
    if (!left.empty()) code = kExitFailed;
  }
  return code;
}

int CheckFolder(const Options& options, CliContext& context) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(options.run, ignored)) {
    context.err << "tales conformance check: " << options.run << " is not a folder\n";
    return kExitUsage;
  }
  const auto breaches = conformance::CheckBundle(options.run, conformance::BuiltInTests());
  for (const conformance::Breach& breach : breaches)
    context.out << "rule " << breach.rule << ": " << breach.found << "\n";
  if (breaches.empty()) context.out << "holds rules 2, 3, 7, 8, 10, 12 and 13\n";
  return breaches.empty() ? kExitOk : kExitFailed;
}

}  // namespace

void AddConformanceCommand(CLI::App& app, CliContext& context) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("conformance", "What is done beside and after a run of the conformance tests");
  verb->require_subcommand(1);
  CLI::App* bundle = verb->add_subcommand("bundle", "Makes one, and checks it as far as that goes without a network");
  bundle->add_option("RUN", options->run, "The run's folder")->required();
  bundle->add_option("--product", options->product, "PRODUCT.yaml: who made what; only a person can write it")
      ->required();
  bundle->add_option("--readme", options->readme, "README.md: how to reproduce it. Default: how tales ran it");
  bundle->add_option("--out", options->out, "Folder to make; must not be there, or be empty")->required();
  bundle->callback([options, &context] { context.exit_code = Bundle(*options, context); });
  CLI::App* clean =
      verb->add_subcommand("clean", "Lists the runs in a pod that have something in the cluster, or takes it away");
  clean->add_option("--kubeconfig", options->kubeconfig, "Of the cluster")->required();
  clean->add_option("--kubernetes-context", options->context, "Default: the kubeconfig's current one");
  clean->add_option("--context", options->context)->group("");  // as it was called before
  CLI::Option* one = clean->add_option("--run", options->run, "Takes away what is this run's")->type_name("ID");
  clean->add_flag("--all", options->all, "Takes away what is there of every run, also of one that is under way")
      ->excludes(one);
  clean->callback([options, &context] { context.exit_code = Clean(*options, context); });
  CLI::App* check = verb->add_subcommand("check", "Checks the folder of one");
  check->add_option("FOLDER", options->run, "The folder with the four files")->required();
  check->callback([options, &context] { context.exit_code = CheckFolder(*options, context); });
}

}  // namespace tales
