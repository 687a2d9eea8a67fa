#include "reports/facts.h"

#include <cstdio>

#include "absl/strings/str_format.h"
#include "reports/clean_text.h"

namespace tales::reports {
namespace {

// Where each fact stands in the run event; `title` is null where the name says it well enough.
struct Row {
  const char* name;
  const char* key;
  bool of_cluster;
  const char* title;
};
constexpr Row kRows[] = {
    {"run", "run", false, nullptr},
    {"tales.version", "version", false, "tales"},
    {"profile", "profile", false, nullptr},
    {"conformance.mode", "conformance", false, "conformance tests"},
    {"conformance.runner", "conformance_runner", false, "conformance runner"},
    {"connectivity.tests", "connectivity", false, "connectivity tests"},
    {"fixture", "fixture", false, nullptr},
    {"simulated", "simulated", false, nullptr},
    {"strict", "strict", false, nullptr},
    {"tier", "tier", false, nullptr},
    {"plan.sha256", "plan_sha256", false, "plan"},
    {"authority", "authority", false, nullptr},
    {"cluster", "name", true, nullptr},
    {"talos.version", "talos", true, "Talos"},
    {"kubernetes.version", "kubernetes", true, "Kubernetes"},
    {"cilium.version", "cilium", true, "Cilium"},
    {"nodes.total", "nodes", true, "nodes"},
    {"nodes.schedulable", "schedulable", true, "schedulable nodes"},
};

}  // namespace

std::string FieldText(const nlohmann::json& object, const char* key) {
  if (!object.is_object()) return "";
  const auto it = object.find(key);
  if (it == object.end() || it->is_null() || it->is_structured()) return "";
  return OneLine(it->is_string() ? it->get_ref<const std::string&>() : it->dump());
}

std::vector<Fact> FactsOf(const nlohmann::json& run) {
  std::vector<Fact> facts;
  if (!run.is_object()) return facts;
  const nlohmann::json cluster = run.value("cluster", nlohmann::json::object());
  for (const Row& row : kRows) {
    std::string value = FieldText(row.of_cluster ? cluster : run, row.key);
    if (!value.empty()) facts.push_back({row.name, std::move(value)});
  }
  return facts;
}

std::string_view FactTitle(std::string_view name) {
  for (const Row& row : kRows) {
    if (name == row.name && row.title != nullptr) return row.title;
  }
  return name;
}

std::string_view FactValue(const std::vector<Fact>& facts, std::string_view name) {
  for (const Fact& fact : facts) {
    if (fact.name == name) return fact.value;
  }
  return "";
}

bool FindsItsCluster(std::string_view fixture) { return fixture == "adopt" || fixture == "metal"; }

std::string StartOf(const nlohmann::json& run) {
  if (std::string at = FieldText(run, "at"); !at.empty()) return at;
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (std::sscanf(FieldText(run, "run").c_str(), "%4d-%2d-%2dT%2d-%2d-%2dZ", &year, &month, &day, &hour, &minute,
                  &second) != 6) {
    return "";
  }
  return absl::StrFormat("%04d-%02d-%02dT%02d:%02d:%02dZ", year, month, day, hour, minute, second);
}

}  // namespace tales::reports
