#include "reports/run_model.h"

namespace tales::reports {
namespace {

using nlohmann::json;

void SetUnlessEmpty(json& object, const char* key, const std::string& value) {
  if (!value.empty()) object[key] = value;
}

json ToJson(const Attempt& attempt) {
  json out = {{"verdict", ToString(attempt.verdict)}, {"found", attempt.found}, {"duration", attempt.duration}};
  SetUnlessEmpty(out, "kind", attempt.kind);
  return out;
}

json ToJson(const Case& one) {
  json out = {{"check", one.check},       {"suite", one.suite()},    {"verdict", ToString(one.verdict)},
              {"expected", one.expected}, {"found", one.found},      {"next", one.next},
              {"duration", one.duration}, {"evidence", one.evidence}};
  SetUnlessEmpty(out, "kind", one.verdict == Verdict::kError ? one.error_kind : "");
  SetUnlessEmpty(out, "issue", one.issue);
  SetUnlessEmpty(out, "question", one.question);
  if (one.required) out["required"] = true;
  for (const Attempt& attempt : one.attempts) out["attempts"].push_back(ToJson(attempt));
  return out;
}

}  // namespace

nlohmann::json ToReportJson(const RunModel& model) {
  json out = {{"run", model.run()},
              {"exit", model.exit() ? json(*model.exit()) : json(nullptr)},
              {"ended", model.exit().has_value()},
              {"summary", Summary(model)},
              {"judged", model.Judged()},
              {"planned", model.cases().size()},
              {"verdicts", json::object()},
              {"checks", json::array()}};
  SetUnlessEmpty(out, "reason", model.exit_reason());
  for (const auto& [verdict, count] : model.Counts()) out["verdicts"][ToString(verdict)] = count;
  for (const Case& one : model.cases()) out["checks"].push_back(ToJson(one));
  return out;
}

}  // namespace tales::reports
