// etcd's own state: one leader, one term, no error, no alarm, and what is committed is applied.
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "suites/health/checks.h"
#include "suites/shared/commands.h"

namespace tales::health {
namespace {

// Entries of the log that a member may have committed and not yet applied. Both numbers come from one answer, so a
// healthy member shows 0 or 1; hundreds mean that it cannot keep up.
constexpr uint64_t kMaxApplyLag = 500;

void JudgeMember(const NodeDefinition& node, const machine::EtcdMemberStatus& status, std::vector<Problem>& problems) {
  for (const std::string& error : status.errors()) {
    problems.push_back({.expected = absl::StrCat("no etcd error on ", node.name),
                        .found = error,
                        .next = Talosctl(node, "etcd status")});
  }
  if (status.leader() == 0) {
    problems.push_back({.expected = absl::StrCat("a leader, as ", node.name, " sees it"),
                        .found = "none: no quorum, or an election that does not end",
                        .next = Talosctl(node, "logs etcd")});
  }
  if (status.raft_index() > status.raft_applied_index() + kMaxApplyLag) {
    problems.push_back(
        {.expected = absl::StrCat(node.name, " applies what is committed"),
         .found = absl::StrCat("raft index ", status.raft_index(), ", applied ", status.raft_applied_index()),
         .next = absl::StrCat(Talosctl(node, "logs etcd"), "; a slow disk is the usual cause")});
  }
}

std::string NextForAlarm(const NodeDefinition& node, machine::EtcdMemberAlarm::AlarmType alarm) {
  if (alarm == machine::EtcdMemberAlarm::NOSPACE) {
    return absl::StrCat(Talosctl(node, "etcd defrag"), ", then ", Talosctl(node, "etcd alarm disarm"));
  }
  return absl::StrCat("restore the member from a snapshot: ", Talosctl(node, "etcd snapshot db.snapshot"));
}

Outcome Look(CheckContext& context) {
  std::vector<Problem> problems;
  std::map<uint64_t, std::vector<std::string>> leaders, terms;
  const std::vector<const NodeDefinition*> control_planes = context.definition().NodesWithRole(Role::kControlPlane);
  for (const NodeDefinition* node : control_planes) {
    const absl::StatusOr<machine::EtcdStatus> status = context.facts().EtcdStatus(*node);
    if (!status.ok()) return Outcome::CannotLook(status.status(), Talosctl(*node, "etcd status"));
    JudgeMember(*node, status->member_status(), problems);
    if (status->member_status().leader() != 0) leaders[status->member_status().leader()].push_back(node->name);
    terms[status->member_status().raft_term()].push_back(node->name);
    const absl::StatusOr<machine::EtcdAlarm> alarms = context.facts().EtcdAlarms(*node);
    if (!alarms.ok()) return Outcome::CannotLook(alarms.status(), Talosctl(*node, "etcd alarm list"));
    for (const machine::EtcdMemberAlarm& alarm : alarms->member_alarms()) {
      if (alarm.alarm() == machine::EtcdMemberAlarm::NONE) continue;
      problems.push_back(
          {.expected = absl::StrCat("no etcd alarm, as ", node->name, " tells"),
           .found = absl::StrFormat("%s of member %016x", machine::EtcdMemberAlarm::AlarmType_Name(alarm.alarm()),
                                    alarm.member_id()),
           .next = NextForAlarm(*node, alarm.alarm())});
    }
  }
  for (const auto& [what, values] : {std::pair{"leader", &leaders}, std::pair{"term", &terms}}) {
    if (values->size() <= 1) continue;
    std::vector<std::string> told;
    for (const auto& [value, nodes] : *values) {
      told.push_back(absl::StrFormat("%x on %s", value, absl::StrJoin(nodes, ", ")));
    }
    problems.push_back({.expected = absl::StrCat("one ", what, " for all"),
                        .found = absl::StrJoin(told, "; "),
                        .next = Talosctl(*control_planes.front(), "etcd status")});
  }
  return Outcome::FromProblems(
      std::move(problems),
      leaders.empty() ? "no member" : absl::StrFormat("leader %016x, no alarm", leaders.begin()->first));
}

}  // namespace

Check EtcdStatus() {
  return {.id = "health.etcd_status",
          .question = "Has etcd one leader and one term, no alarm and no error, and does it keep up?",
          .needs = {&kNeedsTalosOperator, &kNeedsDeclaredNodes},
          .after = {"health.talos_api", "health.services"},
          .faults = {"lab:etcd-alarm", "lab:etcd-no-leader", "lab:etcd-lag"},
          .look = Look};
}

}  // namespace tales::health
