#include "harness/cli/known.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "harness/base/status.h"
#include "harness/check/ledger.h"
#include "harness/definition/cluster_file.h"
#include "nlohmann/json.hpp"
#include "reports/run_model.h"

namespace tales {
namespace {

using Json = nlohmann::json;

struct Options {
  std::string cluster_file, run;
  bool json = false;
};

struct Row {
  const Ledger::Entry* entry;
  std::vector<std::string> known, resolved;  // checks of the run

  std::string state() const {
    if (!entry->expired.empty()) return "expired";
    return entry->defects.empty() ? "open" : "invalid";
  }
};

std::string TextIn(const Json& object, const char* key) {
  return object.is_object() && object.contains(key) && object[key].is_string() ? object[key].get<std::string>() : "";
}

// Whose ledger it is: the file that is named, else the one that the run was asked about.
absl::StatusOr<ClusterDefinition> FindDefinition(const Options& options, const std::optional<reports::RunModel>& run) {
  if (!options.cluster_file.empty()) return LoadClusterFile(options.cluster_file);
  if (!run.has_value()) {
    return absl::InvalidArgumentError("whose ledger? Name a cluster file by --cluster FILE, or a run by --run DIR");
  }
  const std::string file =
      run->run().is_object() && run->run().contains("request") ? TextIn(run->run()["request"], "cluster_file") : "";
  if (file.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the run ", options.run, " names no cluster file; add the one that holds the ledger: --cluster FILE"));
  }
  return LoadClusterFile(file);
}

// What was found in the run, else what the cluster file declares.
LedgerFacts FactsOf(const ClusterDefinition& definition, const std::optional<reports::RunModel>& run) {
  LedgerFacts facts{.talos = definition.talos.version,
                    .kubernetes = definition.kubernetes.version,
                    .cilium = definition.cilium.has_value() ? definition.cilium->version : ""};
  if (!run.has_value() || !run->run().is_object() || !run->run().contains("cluster")) return facts;
  for (auto [key, version] :
       {std::pair{"talos", &facts.talos}, {"kubernetes", &facts.kubernetes}, {"cilium", &facts.cilium}}) {
    if (const std::string found = TextIn(run->run()["cluster"], key); !found.empty()) *version = found;
  }
  return facts;
}

Json ToJson(const Row& row) {
  const KnownIssue& issue = row.entry->issue;
  Json until = Json::object();
  for (const auto& [component, constraint] : issue.until_version) until[component] = constraint;
  Json json = {{"id", issue.id},
               {"state", row.state()},
               {"link", issue.link},
               {"reason", issue.reason},
               {"classifier", row.entry->builtin != nullptr},
               {"checks", issue.checks},
               {"lines", issue.lines},
               {"until", issue.until_version.empty() ? Json(issue.until_date) : until},
               {"defects", row.entry->defects},
               {"known", row.known},
               {"resolved", row.resolved}};
  if (row.entry->days_left.has_value()) json["days_left"] = *row.entry->days_left;
  if (!row.entry->expired.empty()) json["expired"] = row.entry->expired;
  return json;
}

void PrintText(const std::vector<Row>& rows, const std::optional<reports::RunModel>& run, std::ostream& out) {
  size_t width = 0;
  for (const Row& row : rows) width = std::max(width, row.entry->issue.id.size());
  const std::string indent(width + 2, ' ');
  int bad = 0;
  for (const Row& row : rows) {
    const KnownIssue& issue = row.entry->issue;
    bad += row.state() == "open" ? 0 : 1;
    out << issue.id << std::string(width - issue.id.size() + 2, ' ') << row.state() << ", until " << UntilText(issue);
    if (row.entry->days_left.value_or(-1) >= 0) out << " (" << *row.entry->days_left << " days)";
    out << "\n" << indent << issue.reason << "\n" << indent << issue.link << "\n";
    if (!row.entry->expired.empty()) out << indent << "expired: " << row.entry->expired << "\n";
    if (!row.entry->defects.empty()) out << indent << "has " << absl::StrJoin(row.entry->defects, ", ") << "\n";
    if (!issue.checks.empty()) out << indent << "checks: " << absl::StrJoin(issue.checks, ", ") << "\n";
    if (!issue.lines.empty()) out << indent << "lines: " << absl::StrJoin(issue.lines, ", ") << "\n";
    if (!row.known.empty()) out << indent << "known in " << absl::StrJoin(row.known, ", ") << "\n";
    if (!row.resolved.empty()) out << indent << "resolved in " << absl::StrJoin(row.resolved, ", ") << "\n";
    if (run.has_value() && row.known.empty() && row.resolved.empty()) out << indent << "not met in the run\n";
  }
  out << rows.size() << " known issues" << (bad == 0 ? "" : absl::StrCat(", ", bad, " expired or invalid"));
  if (run.has_value()) out << "; run " << TextIn(run->run(), "run");
  out << "\n";
}

absl::StatusOr<int> Known(const Options& options, CliContext& context) {
  std::optional<reports::RunModel> run;
  if (!options.run.empty()) {
    std::error_code ignored;
    std::filesystem::path journal = options.run;
    if (std::filesystem::is_directory(journal, ignored)) journal /= "events.jsonl";
    TALES_ASSIGN_OR_RETURN(run, reports::ReadJournal(journal));
  }
  TALES_ASSIGN_OR_RETURN(const ClusterDefinition definition, FindDefinition(options, run));
  const Ledger ledger(definition.known_issues, FactsOf(definition, run), absl::Now());
  std::vector<Row> rows;
  for (const Ledger::Entry& entry : ledger.entries()) rows.push_back({.entry = &entry});
  if (run.has_value()) {
    for (const reports::Case& each : run->cases()) {
      for (Row& row : rows) {
        if (each.issue.empty() || each.issue != row.entry->issue.id) continue;
        if (each.verdict == Verdict::kKnown) row.known.push_back(each.check);
        if (each.verdict == Verdict::kResolved) row.resolved.push_back(each.check);
      }
    }
  }
  if (options.json) {
    Json all = Json::array();
    for (const Row& row : rows) all.push_back(ToJson(row));
    context.out << all.dump(1, ' ', false, Json::error_handler_t::replace) << "\n";
  } else {
    PrintText(rows, run, context.out);
  }
  const bool open = std::all_of(rows.begin(), rows.end(), [](const Row& row) { return row.state() == "open"; });
  return open ? kExitOk : kExitFailed;
}

}  // namespace

void AddKnownCommand(CLI::App& app, CliContext& context) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("known", "Shows the ledger of known issues: state, expiry, where it was met");
  command->add_option("--cluster", options->cluster_file, "Cluster file; default: the one that the run was about");
  command->add_option("--run", options->run, "A run's folder: its versions, and which of the issues it met");
  command->add_flag("--json", options->json, "For programs");
  command->callback([options, &context] {
    const absl::StatusOr<int> code = Known(*options, context);
    if (!code.ok()) context.err << "tales known: " << code.status().message() << "\n";
    context.exit_code = code.value_or(kExitUsage);
  });
}

}  // namespace tales
