#include "harness/cli/report.h"

#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "harness/cli/deliver.h"
#include "reports/run_model.h"

namespace tales {
namespace {

struct Options {
  std::string run, format = "text", output;
  bool verbose = false;
};

std::string Render(const reports::RunModel& model, const Options& options, const std::filesystem::path& folder) {
  if (options.format == "junit") return reports::ToJUnit(model);
  if (options.format == "html") return reports::ToHtml(model);
  if (options.format == "markdown") return reports::ToMarkdown(model);
  if (options.format == "json") return absl::StrCat(reports::ToReportJson(model).dump(1), "\n");
  return reports::ToText(model,
                         {.colour = MayColour(options.output), .verbose = options.verbose, .folder = folder.string()});
}

// The exit code is that of the verb, not of the run: 0 for a report, whatever it tells.
int Report(const Options& options, CliContext& context) {
  std::error_code ignored;
  std::filesystem::path journal = options.run;
  if (std::filesystem::is_directory(journal, ignored)) journal /= "events.jsonl";
  const absl::StatusOr<reports::RunModel> model = reports::ReadJournal(journal);
  if (!model.ok()) {
    context.err << "tales report: " << model.status().message() << "\n";
    return kExitUsage;
  }
  return Deliver(Render(*model, options, journal.parent_path()), options.output, kExitOk, context);
}

}  // namespace

void AddReportCommand(CLI::App& app, CliContext& context) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("report", "Tells a run once more, from its journal");
  command->add_option("RUN", options->run, "A run's folder, or its events.jsonl")->required();
  command->add_option("--format", options->format, "text, junit, json, html or markdown")
      ->check(CLI::IsMember({"text", "junit", "json", "html", "markdown"}))
      ->capture_default_str();
  command->add_option("--out", options->output, "Writes to this file, whole or not at all")->type_name("FILE");
  command->add_option("--output", options->output)->group("");  // as it was called before
  command->add_flag("--verbose", options->verbose, "In text: also what passed");
  command->callback([options, &context] { context.exit_code = Report(*options, context); });
}

}  // namespace tales
