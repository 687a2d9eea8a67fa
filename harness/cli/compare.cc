#include "harness/cli/compare.h"

#include <future>
#include <memory>
#include <string>
#include <utility>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "harness/cli/deliver.h"
#include "reports/compare.h"

namespace tales {
namespace {

struct Options {
  std::string base, head, format = "text", out;
  reports::CompareOptions compare;
  bool verbose = false;
};

std::string Render(const reports::Comparison& comparison, const Options& options) {
  if (options.format == "markdown") return reports::ToMarkdown(comparison);
  if (options.format == "json") return absl::StrCat(reports::ToJson(comparison).dump(1), "\n");
  return reports::ToText(comparison, {.colour = MayColour(options.out), .verbose = options.verbose});
}

int Trouble(const absl::Status& status, CliContext& context) {
  context.err << "tales compare: " << status.message() << "\n";
  return ExitCodeOf(status);
}

int Compare(const Options& options, CliContext& context) {
  // Side by side: with files of thousands of cases reading is nearly all of the time.
  std::future<absl::StatusOr<reports::ResultSet>> reading =
      std::async(std::launch::async, [&] { return reports::LoadResults(options.head); });
  absl::StatusOr<reports::ResultSet> base = reports::LoadResults(options.base);
  absl::StatusOr<reports::ResultSet> head = reading.get();
  if (!base.ok()) return Trouble(base.status(), context);
  if (!head.ok()) return Trouble(head.status(), context);
  const absl::StatusOr<reports::Comparison> comparison =
      reports::Compare(*std::move(base), *std::move(head), options.compare);
  if (!comparison.ok()) return Trouble(comparison.status(), context);
  return Deliver(Render(*comparison, options), options.out, comparison->IsRegression() ? kExitFailed : kExitOk,
                 context);
}

}  // namespace

void AddCompareCommand(CLI::App& app, CliContext& context) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "compare", "Says what is different between two runs; exit 1 where it is a regression, 3 where one is damaged");
  command->add_option("BASE", options->base, "A run's folder, an events.jsonl, a report.json or anybody's JUnit")
      ->required();
  command->add_option("HEAD", options->head, "The later one, of the same kinds")->required();
  command->add_option("--format", options->format, "text, markdown or json")
      ->check(CLI::IsMember({"text", "markdown", "json"}))
      ->capture_default_str();
  command->add_option("--out", options->out, "Writes to this file, whole or not at all")->type_name("FILE");
  command
      ->add_option("--declared", options->compare.declared,
                   "Checks that may be missing or skipped in HEAD, for example 'cilium.*'; repeatable")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  command->add_flag("--across-fixtures", options->compare.across_fixtures,
                    "Also runs of different fixtures, or a simulated one and a real one");
  command->add_flag("--verbose", options->verbose, "In text: every name and every finding, however many");
  command->callback([options, &context] { context.exit_code = Compare(*options, context); });
}

}  // namespace tales
