#include <algorithm>

#include "CLI/App.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/cli/cli.h"
#include "nlohmann/json.hpp"

namespace tales {
namespace {

struct Row {
  std::string check, question, instances, tier;
  std::vector<std::string> requires_, after, explained_by, faults;
  std::string unproven;
};

std::vector<Row> Rows(const Registry& registry) {
  std::vector<Row> rows;
  const auto names = [](const std::vector<const Requirement*>& needs) {
    std::vector<std::string> all;
    all.reserve(needs.size());
    for (const Requirement* need : needs) all.push_back(need->name);
    return all;
  };
  for (const Suite& suite : registry.suites) {
    for (const Check& check : suite.checks) {
      rows.push_back({check.id, check.question, std::string(ToString(check.instances)),
                      std::string(ToString(check.tier)), names(check.needs), check.after, check.explained_by,
                      check.faults, ""});
    }
  }
  for (const Producer& producer : registry.producers) {
    const std::string tier(ToString(producer.tier));
    rows.push_back({producer.id,
                    producer.question,
                    "one",
                    tier,
                    names(producer.needs),
                    producer.after,
                    {},
                    producer.faults,
                    producer.unproven});
    for (const ProducedCheck& child : producer.children) {
      rows.push_back({child.id,
                      child.question,
                      child.many ? "case" : "one",
                      tier,
                      names(producer.needs),
                      {producer.id},
                      {},
                      child.faults,
                      child.unproven});
    }
  }
  return rows;
}

void PrintTable(const std::vector<Row>& rows, std::ostream& out) {
  size_t width = 0;
  const auto name = [](const Row& row) {
    return row.instances == "one" ? row.check : absl::StrCat(row.check, "/<", row.instances, ">");
  };
  for (const Row& row : rows) width = std::max(width, name(row).size());
  for (const Row& row : rows) {
    const std::string check = name(row);
    out << check << std::string(width - check.size() + 2, ' ') << row.question << "\n";
    const std::string indent(width + 2, ' ');
    out << indent << "tier " << row.tier;
    if (!row.requires_.empty()) out << "; needs " << absl::StrJoin(row.requires_, ", ");
    if (!row.after.empty()) out << "; after " << absl::StrJoin(row.after, ", ");
    if (!row.explained_by.empty()) out << "; explained by " << absl::StrJoin(row.explained_by, ", ");
    if (!row.faults.empty()) out << "; proved by " << absl::StrJoin(row.faults, ", ");
    if (!row.unproven.empty()) out << "; UNPROVEN: " << row.unproven;
    out << "\n";
  }
  out << rows.size() << " checks\n";
}

}  // namespace

void AddListCommand(CLI::App& app, CliContext& context) {
  CLI::App* list = app.add_subcommand("list", "Shows every check: id, question, what it needs, which faults prove it");
  const auto json = std::make_shared<bool>(false);
  list->add_flag("--json", *json, "For programs");
  list->callback([&context, json] {
    const std::vector<Row> rows = Rows(context.registry);
    if (!*json) return PrintTable(rows, context.out);
    nlohmann::json all = nlohmann::json::array();
    for (const Row& row : rows) {
      nlohmann::json& one = all.emplace_back(nlohmann::json{{"check", row.check},
                                                            {"question", row.question},
                                                            {"instances", row.instances},
                                                            {"tier", row.tier},
                                                            {"requires", row.requires_},
                                                            {"after", row.after},
                                                            {"faults", row.faults}});
      if (!row.explained_by.empty()) one["explained_by"] = row.explained_by;
      if (!row.unproven.empty()) one["unproven"] = row.unproven;
    }
    context.out << all.dump(1) << "\n";
  });
}

}  // namespace tales
