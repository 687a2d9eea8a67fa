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

std::string WhyNotReady(const kube::Json& node) {
  for (const kube::Json& condition : Array(node, "status.conditions")) {
    if (Text(condition, "type") != "Ready") continue;
    const std::string status = Text(condition, "status");
    if (status == "True") return "";
    std::string why = Text(condition, "message");
    // The controller that found it silent left the heartbeat as it was. Both are of the API's one format, to the
    // second.
    const std::string lost = Text(condition, "lastTransitionTime"), posted = Text(condition, "lastHeartbeatTime");
    if (status == "Unknown" && posted > lost)
      absl::StrAppend(&why, why.empty() ? "" : " ", "It posts again, last at ", posted, ": it was lost at ", lost,
                      " and is on its way back");
    return why;
  }
  return "";
}

std::string NodeTrouble(const kube::Json& node) {
  std::vector<std::string> troubles;
  if (ConditionStatus(node, "Ready") != "True") {
    const std::string why = WhyNotReady(node);
    troubles.push_back(absl::StrCat("is not ready", why.empty() ? "" : ": ", why));
  }
  const std::vector<std::string> pressures = NodePressures(node);
  if (!pressures.empty()) troubles.push_back(absl::StrCat("has ", absl::StrJoin(pressures, ", ")));
  if (troubles.empty()) return "";
  return absl::StrCat("node ", Text(node, "metadata.name"), " ", absl::StrJoin(troubles, ", and "));
}

}  // namespace tales
