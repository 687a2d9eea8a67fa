#include <string>

#include "absl/strings/str_replace.h"
#include "reports/compare.h"

namespace tales::reports {
namespace {

using nlohmann::json;

std::string Key(Change change) { return absl::StrReplaceAll(ToString(change), {{" ", "_"}}); }

json ToJson(const ResultSet& set) {
  json facts = json::object();
  for (const Fact& fact : set.facts) facts[fact.name] = fact.value;
  return {{"origin", set.origin}, {"run", set.run},         {"started", set.started},   {"cases", set.results.size()},
          {"ended", set.ended},   {"judged", set.Judged()}, {"facts", std::move(facts)}};
}

// What one side says of a case; null where it does not have it.
json ToJson(const Result* result) {
  if (result == nullptr) return nullptr;
  json out = {{"verdict", ToString(result->verdict)}};
  for (const auto& [key, value] : {std::pair{"kind", &result->kind},
                                   {"issue", &result->issue},
                                   {"found", &result->found},
                                   {"next", &result->next}}) {
    if (!value->empty()) out[key] = *value;
  }
  return out;
}

}  // namespace

nlohmann::json ToJson(const Comparison& comparison) {
  json out = {{"regression", comparison.IsRegression()},
              {"summary", Summary(comparison)},
              {"base", ToJson(comparison.base)},
              {"head", ToJson(comparison.head)},
              {"notes", comparison.notes},
              {"facts", json::array()},
              {"counts", json::object()},
              {"differences", json::array()}};
  for (const FactChange& fact : comparison.facts) {
    out["facts"].push_back({{"name", fact.name}, {"base", fact.base}, {"head", fact.head}});
  }
  for (Change change : kAllChanges) out["counts"][Key(change)] = comparison.Count(change);
  for (const Difference& each : comparison.differences) {
    const Result& either = each.either();
    out["differences"].push_back({{"change", Key(each.change)},
                                  {"check", either.label},
                                  {"suite", either.suite},
                                  {"regression", each.IsRegression()},
                                  {"declared", each.declared},
                                  {"base", ToJson(each.base)},
                                  {"head", ToJson(each.head)}});
  }
  return out;
}

}  // namespace tales::reports
