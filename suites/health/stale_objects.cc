// What a machine that is gone leaves behind, above all after a forced reset: its Node object, its Member, and local
// PersistentVolumes that no pod can ever mount again.
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/check/spec.h"
#include "suites/health/checks.h"
#include "suites/health/members.h"
#include "suites/health/nodes.h"
#include "suites/shared/commands.h"

namespace tales::health {
namespace {

constexpr std::string_view kHostnameLabel = "kubernetes.io/hostname";

// The host names that a volume's node affinity allows; empty when it is not tied to hosts.
std::set<std::string> HostsOfVolume(const kube::Json& volume) {
  std::set<std::string> hosts;
  for (const kube::Json& term : Array(volume, "spec.nodeAffinity.required.nodeSelectorTerms")) {
    for (const kube::Json& expression : Array(term, "matchExpressions")) {
      if (Text(expression, "key") != kHostnameLabel || Text(expression, "operator") != "In") continue;
      for (const kube::Json& value : Array(expression, "values")) {
        if (value.is_string()) hosts.insert(value.get<std::string>());
      }
    }
  }
  return hosts;
}

absl::Status JudgeKubernetes(CheckContext& context, std::vector<Problem>& problems) {
  const absl::StatusOr<std::vector<NodePair>> pairs = PairNodes(context);
  if (!pairs.ok()) return pairs.status();
  std::set<std::string> hosts;
  for (const NodePair& pair : *pairs) {
    if (pair.object.is_null()) continue;
    const std::string name = Text(pair.object, "metadata.name");
    const std::string host = Label(pair.object, kHostnameLabel);
    hosts.insert(host.empty() ? name : host);
    if (pair.declared != nullptr || ConditionStatus(pair.object, "Ready") == "True")
      continue;  // a live one is nodes_match's
    problems.push_back({.expected = "no Node object of a machine that is gone",
                        .found = absl::StrCat("node ", name, ", not declared and not Ready"),
                        .next = absl::StrCat("`kubectl delete node ", name, "`")});
  }
  const absl::StatusOr<std::vector<kube::Json>> volumes = context.facts().Objects(kube::kPersistentVolumes);
  if (!volumes.ok()) return volumes.status();
  for (const kube::Json& volume : *volumes) {
    const std::set<std::string> wanted = HostsOfVolume(volume);
    bool reachable = wanted.empty();
    for (const std::string& host : wanted) reachable = reachable || hosts.count(host) > 0;
    if (reachable) continue;
    const std::string name = Text(volume, "metadata.name");
    problems.push_back({.expected = "no PersistentVolume that lives on a machine that is gone",
                        .found = absl::StrCat(name, " can be mounted on ", absl::StrJoin(wanted, ", "), " only"),
                        .next = absl::StrCat("its data is gone with that machine: `kubectl delete pv ", name, "`")});
  }
  return absl::OkStatus();
}

absl::Status JudgeTalos(CheckContext& context, std::vector<Problem>& problems) {
  const std::vector<const NodeDefinition*> control_planes = context.definition().NodesWithRole(Role::kControlPlane);
  if (control_planes.empty()) return absl::OkStatus();
  const absl::StatusOr<std::vector<Member>> members = MembersSeenBy(context, *control_planes.front());
  if (!members.ok()) return members.status();
  for (const Member& member : *members) {
    if (DeclaredNodeOf(context.definition(), member) != nullptr) continue;
    problems.push_back({.expected = "no Member of a machine that is gone",
                        .found = absl::StrCat("member ", member.id, " at ", absl::StrJoin(member.addresses, ", ")),
                        .next = "its affiliate expires within 30 minutes of the machine's end"});
  }
  return absl::OkStatus();
}

Outcome Look(CheckContext& context) {
  std::vector<Problem> problems;
  if (const absl::Status status = JudgeKubernetes(context, problems); !status.ok()) {
    return Outcome::CannotLook(status, "`kubectl get nodes,pv`");
  }
  if (context.cluster().talos() != nullptr) {
    if (const absl::Status status = JudgeTalos(context, problems); !status.ok()) {
      return Outcome::CannotLook(status, "`talosctl get members`");
    }
  }
  return Outcome::FromProblems(std::move(problems), "none");
}

}  // namespace

Check StaleObjects() {
  return {.id = "health.stale_objects",
          .question = "Is nothing left of machines that are gone?",
          .needs = {&kNeedsKubernetes, &kNeedsDeclaredNodes},
          .after = {"health.kubernetes_api", "health.talos_api"},
          .faults = {"lab:stale-volume", "lab:stale-member"},
          .look = Look};
}

}  // namespace tales::health
