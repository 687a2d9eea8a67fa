#include "suites/shared/node_trouble.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/check/spec.h"

namespace tales {

std::vector<std::string> NodePressures(const kube::Json& node) {
  std::vector<std::string> pressures;
  for (const char* type : {"DiskPressure", "MemoryPressure", "PIDPressure"}) {
    if (ConditionStatus(node, type) != "True") continue;
    const std::string why = ConditionMessage(node, type);
    pressures.push_back(absl::StrCat(type, why.empty() ? "" : ": ", why));
  }
  return pressures;
}

std::string NodeTrouble(const kube::Json& node) {
  const std::string name = absl::StrCat("node ", Text(node, "metadata.name"));
  if (ConditionStatus(node, "Ready") != "True") {
    const std::string why = ConditionMessage(node, "Ready");
    return absl::StrCat(name, " is not ready", why.empty() ? "" : ": ", why);
  }
  const std::vector<std::string> pressures = NodePressures(node);
  return pressures.empty() ? "" : absl::StrCat(name, " has ", absl::StrJoin(pressures, ", "));
}

}  // namespace tales
