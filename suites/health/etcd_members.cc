// etcd's membership: every control plane tells of the same members, none of them a learner, each at the address of a
// declared control plane, and as many as there are control planes.
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "suites/health/checks.h"
#include "suites/shared/commands.h"

namespace tales::health {
namespace {

// "https://10.0.1.50:2380" -> "10.0.1.50"; "https://[fd00::1]:2380" -> "fd00::1".
std::string HostOfUrl(std::string_view url) {
  if (const size_t scheme = url.find("://"); scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  if (!url.empty() && url.front() == '[') return std::string(url.substr(1, url.find(']') - 1));
  return std::string(url.substr(0, url.find_first_of(":/")));
}

std::string Describe(const machine::EtcdMember& member) {
  return absl::StrFormat("%s (%016x%s)", member.hostname(), member.id(), member.is_learner() ? ", learner" : "");
}

using View = std::set<std::string>;

Outcome Look(CheckContext& context) {
  const ClusterDefinition& definition = context.definition();
  const std::vector<const NodeDefinition*> control_planes = definition.NodesWithRole(Role::kControlPlane);
  std::vector<Problem> problems;
  std::map<View, std::vector<std::string>> views;  // what is told -> who tells it
  std::set<std::string> judged;
  for (const NodeDefinition* node : control_planes) {
    const absl::StatusOr<machine::EtcdMembers> members = context.facts().EtcdMembers(*node);
    if (!members.ok()) return Outcome::CannotLook(members.status(), Talosctl(*node, "service etcd"));
    View view;
    for (const machine::EtcdMember& member : members->members()) {
      const std::string description = Describe(member);
      view.insert(description);
      if (!judged.insert(description).second) continue;  // the others say the same of it
      if (member.is_learner()) {
        problems.push_back({.expected = absl::StrCat("member ", member.hostname(), " votes"),
                            .found = "it is a learner: it has not caught up, or was never promoted",
                            .next = Talosctl(*node, "etcd members")});
      }
      for (const std::string& url : member.peer_urls()) {
        const std::string host = HostOfUrl(url);
        const NodeDefinition* declared = definition.FindNodeByAddress(host);
        if (declared != nullptr && declared->role == Role::kControlPlane) continue;
        problems.push_back(
            {.expected = "every member at the address of a declared control plane",
             .found = absl::StrCat(description, " at ", host, declared == nullptr ? ", not declared" : ", a worker"),
             .next = absl::StrFormat("if that machine is gone for good: %s",
                                     Talosctl(*node, absl::StrFormat("etcd remove-member %016x", member.id())))});
      }
    }
    views[view].push_back(node->name);
  }
  if (views.size() > 1) {
    std::vector<std::string> told;
    for (const auto& [view, nodes] : views) {
      told.push_back(absl::StrCat(absl::StrJoin(nodes, ", "), " knows ", absl::StrJoin(view, ", ")));
    }
    problems.push_back({.expected = "the same members on every control plane",
                        .found = absl::StrJoin(told, "; "),
                        .next = Talosctl(*control_planes.front(), "etcd members")});
  }
  if (judged.size() < control_planes.size()) {
    problems.push_back({.expected = absl::StrCat(control_planes.size(), " members, one per declared control plane"),
                        .found = absl::StrCat(judged.size(), ": ", absl::StrJoin(judged, ", ")),
                        .next = Talosctl(*control_planes.front(), "etcd members")});
  }
  return Outcome::FromProblems(std::move(problems), absl::StrCat(absl::StrJoin(judged, ", ")));
}

}  // namespace

Check EtcdMembers() {
  return {.id = "health.etcd_members",
          .question = "Do all control planes know the same etcd members, each a declared control plane?",
          .needs = {&kNeedsTalos, &kNeedsDeclaredNodes},
          .after = {"health.talos_api", "health.services"},
          .faults = {"lab:etcd-foreign-member", "lab:etcd-learner"},
          .look = Look};
}

}  // namespace tales::health
