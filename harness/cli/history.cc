#include "harness/cli/history.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "harness/base/glob.h"
#include "harness/cli/deliver.h"
#include "reports/history.h"

namespace tales {
namespace {

struct Options {
  std::vector<std::string> paths = {"runs"}, checks;
  std::string format = "text", out;
  size_t last = 14;
  bool all = false, named = false;  // `paths` are the user's
};

bool HoldsARun(const std::filesystem::path& folder) {
  std::error_code ignored;
  return std::filesystem::exists(folder / "events.jsonl", ignored) ||
         std::filesystem::exists(folder / "report.json", ignored) ||
         std::filesystem::exists(folder / "junit.xml", ignored);
}

// A path is a run, or a folder of runs.
std::vector<std::filesystem::path> RunsAt(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored) || HoldsARun(path)) return {path};
  std::vector<std::filesystem::path> runs;
  for (const auto& entry : std::filesystem::directory_iterator(path, ignored)) {
    if (HoldsARun(entry.path())) runs.push_back(entry.path());
  }
  std::sort(runs.begin(), runs.end());
  return runs;
}

std::vector<reports::ResultSet> Load(const Options& options, CliContext& context) {
  std::vector<reports::ResultSet> sets;
  for (const std::string& path : options.paths) {
    for (const std::filesystem::path& run : RunsAt(path)) {
      absl::StatusOr<reports::ResultSet> set = reports::LoadResults(run);
      if (!set.ok()) {
        context.err << "tales history: left out: " << set.status().message() << "\n";
        continue;
      }
      std::erase_if(set->results, [&](const reports::Result& result) {
        return !options.checks.empty() &&
               std::none_of(options.checks.begin(), options.checks.end(),
                            [&](const std::string& glob) { return GlobMatches(glob, result.label); });
      });
      sets.push_back(*std::move(set));
    }
  }
  return sets;
}

int History(const Options& options, CliContext& context) {
  for (const std::string& path : options.paths) {
    std::error_code ignored;
    if (!options.named || std::filesystem::exists(path, ignored)) continue;
    context.err << "tales history: " << path << " is not there\n";
    return kExitUsage;
  }
  const absl::StatusOr<reports::History> history = reports::MakeHistory(Load(options, context), options.last);
  if (!history.ok()) {
    context.err << "tales history: " << history.status().message() << "; it looks at runs below "
                << std::filesystem::path(options.paths.front()).string() << "\n";
    return kExitNothingJudged;
  }
  const bool regressed = history->Count(reports::Trend::kRegression) + history->Count(reports::Trend::kBroken) > 0;
  const std::string text = options.format == "json"
                               ? absl::StrCat(reports::ToJson(*history).dump(1), "\n")
                               : reports::ToText(*history, {.colour = MayColour(options.out), .all = options.all});
  return Deliver(text, options.out, regressed ? kExitFailed : kExitOk, context);
}

}  // namespace

void AddHistoryCommand(CLI::App& app, CliContext& context) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "history",
      "Verdicts over the last runs: regression, new, flaky, broken; exit 1 where a check regressed or is broken");
  command->add_option("RUN", options->paths, "Runs, or folders that hold runs")->capture_default_str();
  command->add_option("--last", options->last, "How many runs, the newest")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  command->add_option("--check", options->checks, "Only checks that match, for example 'health.*'; repeatable")
      ->type_name("GLOB")
      ->allow_extra_args(false);
  command->add_flag("--all", options->all, "In text: each steady check too");
  command->add_option("--format", options->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->add_option("--out", options->out, "Writes to this file, whole or not at all")->type_name("FILE");
  command->callback([options, command, &context] {
    options->named = command->count("RUN") > 0;
    context.exit_code = History(*options, context);
  });
}

}  // namespace tales
