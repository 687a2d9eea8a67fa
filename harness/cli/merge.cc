#include "harness/cli/merge.h"

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
#include "harness/base/status.h"
#include "harness/cli/deliver.h"
#include "harness/runner/recorder.h"
#include "reports/merge.h"

namespace tales {
namespace {

struct Options {
  std::vector<std::string> runs;
  std::string out;
  reports::MergeOptions merge;
};

absl::StatusOr<reports::RunModel> LoadRun(const std::filesystem::path& run) {
  std::error_code ignored;
  return reports::ReadJournal(std::filesystem::is_directory(run, ignored) ? run / "events.jsonl" : run);
}

std::filesystem::path FolderOf(const std::filesystem::path& run) {
  std::error_code ignored;
  return std::filesystem::is_directory(run, ignored) ? run : run.parent_path();
}

// Regular files alone: a link in an artifacts folder may lead anywhere. What is gone is left out; the verdict stays.
absl::Status CopyEvidence(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(std::filesystem::symlink_status(from, error))) return absl::OkStatus();
  std::filesystem::create_directories(to.parent_path(), error);
  if (!error) std::filesystem::copy_file(from, to, error);
  if (error) return absl::InternalError(absl::StrCat("copying ", from.string(), ": ", error.message()));
  return absl::OkStatus();
}

absl::Status Write(const reports::MergedRun& merged, const Options& options, Recorder& recorder) {
  for (const nlohmann::json& event : merged.events) TALES_RETURN_IF_ERROR(recorder.Record(event));
  for (const reports::MergedRun::Evidence& each : merged.evidence) {
    TALES_RETURN_IF_ERROR(CopyEvidence(FolderOf(options.runs[each.run]) / each.from, recorder.folder() / each.to));
  }
  return recorder.WriteAll();
}

int Trouble(const absl::Status& status, int exit_code, CliContext& context) {
  context.err << "tales merge: " << status.message() << "\n";
  return exit_code;
}

int Merge(const Options& options, CliContext& context) {
  std::vector<reports::RunModel> runs;
  for (const std::string& run : options.runs) {
    absl::StatusOr<reports::RunModel> model = LoadRun(run);
    if (!model.ok()) return Trouble(model.status(), ExitCodeOf(model.status()), context);
    runs.push_back(*std::move(model));
  }
  const absl::StatusOr<reports::MergedRun> merged = reports::MergeRuns(runs, options.merge);
  if (!merged.ok()) return Trouble(merged.status(), kExitUsage, context);
  const absl::StatusOr<std::unique_ptr<Recorder>> recorder = Recorder::Create(options.out);
  if (absl::IsAlreadyExists(recorder.status())) {
    return Trouble(absl::AlreadyExistsError(absl::StrCat("--out ", options.out, " holds a run already")), kExitUsage,
                   context);
  }
  if (!recorder.ok()) return Trouble(recorder.status(), kExitNothingJudged, context);
  if (const absl::Status status = Write(*merged, options, **recorder); !status.ok()) {
    return Trouble(status, kExitNothingJudged, context);
  }
  const reports::RunModel& model = (*recorder)->model();
  return Deliver(reports::ToText(model, {.colour = MayColour(""), .folder = options.out}), "", model.ExitCode(),
                 context);
}

}  // namespace

void AddMergeCommand(CLI::App& app, CliContext& context) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("merge", "Makes one run of several: shards, or a run and what completed it");
  command->add_option("RUN", options->runs, "Folders of runs, or their events.jsonl")->required()->expected(1, 1000);
  command->add_option("--out", options->out, "The merged run's folder")->type_name("DIR")->required();
  command->add_flag("--across-fixtures", options->merge.across_fixtures,
                    "Also of different fixtures: one cluster, as it was stood up and as it was adopted");
  command->callback([options, &context] { context.exit_code = Merge(*options, context); });
}

}  // namespace tales
