#include "suites/cilium/status_cli.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/check/spec.h"
#include "harness/kube/json_text.h"

namespace tales::cilium {
namespace {

const Json& Member(const Json& object, const char* key) {
  static const Json kNothing = Json::object();
  if (!object.is_object()) return kNothing;
  const auto found = object.find(key);
  return found != object.end() && found->is_object() ? *found : kNothing;
}

void AddTexts(const Json& list, const std::string& prefix, std::vector<std::string>& texts) {
  for (const Json& item : list) {
    // The CLI writes errors as {}: their text is lost.
    texts.push_back(absl::StrCat(prefix, item.is_string() ? item.get<std::string>() : "(without a text)"));
  }
}

}  // namespace

absl::StatusOr<CliStatus> ParseCliStatus(std::string_view json) {
  absl::StatusOr<Json> parsed = kube::ParseJson(json);
  if (!parsed.ok()) return absl::InvalidArgumentError(absl::StrCat("not JSON: ", parsed.status().message()));
  if (!parsed->is_object() || !parsed->contains("pod_state") || !parsed->contains("errors"))
    return absl::InvalidArgumentError("JSON, but not of `cilium status`: it has no pod_state or no errors");
  CliStatus status;
  for (const auto& [component, by_pod] : Member(*parsed, "errors").items()) {
    if (!by_pod.is_object()) continue;
    for (const auto& [pod, found] : by_pod.items()) {
      AddTexts(Array(found, "Errors"), absl::StrCat(component, " ", pod, ": error: "), status.troubles);
      AddTexts(Array(found, "Warnings"), absl::StrCat(component, " ", pod, ": warning: "), status.troubles);
    }
  }
  AddTexts(Array(*parsed, "collection_errors"), "it could not collect everything: ", status.troubles);
  AddTexts(Array(*parsed, "config_errors"), "configuration: ", status.troubles);
  for (const auto& [pod, agent] : Member(*parsed, "cilium_status").items()) status.agents.insert(pod);
  for (const auto& [name, state] : Member(*parsed, "pod_state").items()) {
    status.workloads.push_back({name, Number(state, "Desired").value_or(0), Number(state, "Ready").value_or(0)});
  }
  return status;
}

std::vector<Problem> JudgeCliStatus(const CliStatus& cli, const OwnReading& own, const std::string& command) {
  std::vector<Problem> problems;
  const std::string expected = "`cilium status` without an error or a warning";
  for (const std::string& trouble : cli.troubles) {
    problems.push_back(
        {.expected = expected,
         .found = own.troubles.empty() ? absl::StrCat(trouble, " (our own reading saw nothing of it)") : trouble,
         .next = command});
  }
  if (cli.troubles.empty() && !own.troubles.empty()) {
    problems.push_back({.expected = "`cilium status` sees what we see",
                        .found = absl::StrCat("it sees no trouble; we read: ", own.troubles.front()),
                        .next = command});
  }
  if (cli.agents != own.agents) {
    problems.push_back(
        {.expected = absl::StrCat("`cilium status` has asked the agents that run: ", absl::StrJoin(own.agents, ", ")),
         .found = absl::StrCat("it has asked ", cli.agents.empty() ? "none" : absl::StrJoin(cli.agents, ", ")),
         .next = command});
  }
  for (const CliStatus::Workload& workload : own.workloads) {
    const auto same = std::find_if(cli.workloads.begin(), cli.workloads.end(),
                                   [&](const CliStatus::Workload& other) { return other.name == workload.name; });
    if (same != cli.workloads.end() && same->desired == workload.desired && same->ready == workload.ready) continue;
    problems.push_back({.expected = absl::StrCat("`cilium status` counts as we do: ", workload.name, " ",
                                                 workload.ready, " of ", workload.desired, " ready"),
                        .found = same == cli.workloads.end() ? "it does not know it"
                                                             : absl::StrCat(same->ready, " of ", same->desired),
                        .next = command});
  }
  return problems;
}

}  // namespace tales::cilium
