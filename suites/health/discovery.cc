// Discovery: every control plane, and a few of the workers, see exactly the declared machines in the declared roles. A
// node that sees a part only builds its routes and its etcd peers from that part.
#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "suites/health/checks.h"
#include "suites/health/members.h"
#include "suites/shared/commands.h"

namespace tales::health {
namespace {

constexpr size_t kWorkersAsked = 3;

std::vector<const NodeDefinition*> NodesToAsk(const ClusterDefinition& definition) {
  std::vector<const NodeDefinition*> nodes = definition.NodesWithRole(Role::kControlPlane);
  const std::vector<const NodeDefinition*> workers = definition.NodesWithRole(Role::kWorker);
  nodes.insert(nodes.end(), workers.begin(),
               workers.begin() + static_cast<ptrdiff_t>(std::min(workers.size(), kWorkersAsked)));
  return nodes;
}

Outcome Look(CheckContext& context) {
  const ClusterDefinition& definition = context.definition();
  const std::vector<const NodeDefinition*> asked = NodesToAsk(definition);
  std::vector<Problem> problems;
  for (const NodeDefinition* node : asked) {
    const absl::StatusOr<std::vector<Member>> members = MembersSeenBy(context, *node);
    if (!members.ok()) return Outcome::CannotLook(members.status(), Talosctl(*node, "get members"));
    std::set<std::string> missing;
    for (const NodeDefinition& declared : definition.nodes) missing.insert(declared.name);
    for (const Member& member : *members) {
      const NodeDefinition* declared = DeclaredNodeOf(definition, member);
      if (declared == nullptr) {
        problems.push_back({.expected = absl::StrCat(node->name, " sees the declared machines only"),
                            .found = absl::StrCat("member ", member.id, " at ", absl::StrJoin(member.addresses, ", ")),
                            .next = "declare it; if that machine was reset, its affiliate expires within 30 minutes"});
        continue;
      }
      missing.erase(declared->name);
      if (member.machine_type == ToString(declared->role)) continue;
      problems.push_back({.expected = absl::StrCat("member ", member.id, " a ", ToString(declared->role)),
                          .found = absl::StrCat(node->name, " sees it as ", member.machine_type),
                          .next = Talosctl(*declared, "get machinetype")});
    }
    if (missing.empty()) continue;
    problems.push_back(
        {.expected = absl::StrCat(node->name, " sees all declared machines"),
         .found = absl::StrCat("it does not see ", absl::StrJoin(missing, ", ")),
         .next = absl::StrCat(Talosctl(*node, "get affiliates"), "; is the discovery service reachable?")});
  }
  return Outcome::FromProblems(std::move(problems),
                               absl::StrCat(definition.nodes.size(), " members, as ", asked.size(), " nodes see it"));
}

}  // namespace

Check Discovery() {
  return {.id = "health.discovery",
          .question = "Does every control plane discover exactly the declared machines?",
          .needs = {&kNeedsTalos, &kNeedsDeclaredNodes},
          .after = {"health.talos_api"},
          .faults = {"lab:member-missing", "lab:stale-member"},
          .look = Look};
}

}  // namespace tales::health
