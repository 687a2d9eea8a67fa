#include "suites/shared/dead_pods.h"

#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/base/status.h"
#include "harness/check/spec.h"

namespace tales {
namespace {

using kube::Json;

constexpr absl::Duration kEvery = absl::Seconds(2), kCall = absl::Seconds(15);

}  // namespace

std::string WhyStuck(const Json& namespace_object) {
  std::vector<std::string> reasons;
  for (const Json& condition : Array(namespace_object, "status.conditions")) {
    // "NamespaceContentRemaining", "NamespaceFinalizersRemaining", ...: all are bad where they are true.
    if (Text(condition, "status") == "True") reasons.push_back(Text(condition, "message"));
  }
  return reasons.empty() ? "it is on its way out" : absl::StrJoin(reasons, "; ");
}

absl::Status DeadPods::End(const std::string& name_space, Deadline deadline) {
  const auto [looked, is_first] = looked_.try_emplace(name_space);
  if (!is_first && looked->second.elapsed() < kEvery) return absl::OkStatus();
  looked->second = Stopwatch();
  TALES_ASSIGN_OR_RETURN(const std::vector<Json> pods,
                         client_->List(kube::kPods, name_space, {}, deadline.AtMost(kCall)));
  std::map<std::string, std::string> leaving;  // pod -> node
  for (const Json& pod : pods) {
    const std::string node = Text(pod, "spec.nodeName");
    if (!Text(pod, "metadata.deletionTimestamp").empty() && !node.empty()) leaving[Text(pod, "metadata.name")] = node;
  }
  std::map<std::string, std::string> dead;  // node -> why; "": it lives
  for (const auto& [pod, name] : leaving) {
    if (!dead.contains(name)) {
      const absl::StatusOr<Json> node = client_->Get(kube::kNodes, "", name, deadline.AtMost(kCall));
      if (!node.ok() && !absl::IsNotFound(node.status())) return node.status();
      dead[name] = !node.ok() ? "is gone" : ConditionStatus(*node, "Ready") == "True" ? "" : "is not ready";
    }
    if (dead[name].empty()) continue;
    progress_(
        absl::StrCat("pod ", name_space, "/", pod, " is deleted by force: ", name, ", which it is on, ", dead[name]));
    absl::Status deleted = client_->Delete(kube::kPods, name_space, pod, deadline.AtMost(kCall), /*grace_seconds=*/0);
    if (!deleted.ok() && !absl::IsNotFound(deleted)) return deleted;
  }
  return absl::OkStatus();
}

}  // namespace tales
