#include "suites/cilium/probe/drops.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/check/spec.h"

namespace tales::cilium::probe {
namespace {

constexpr char kCounter[] = "cilium_drop_count_total";
constexpr std::string_view kExpected[] = {"Policy denied",
                                          "Policy denied by denylist",
                                          "Unsupported L3 protocol",
                                          "Stale or unroutable IP",
                                          "Authentication required",
                                          "Service backend not found",
                                          "Unsupported protocol for NAT masquerade",
                                          "Invalid source ip",
                                          "Unknown L3 target address",
                                          "Host datapath not ready",
                                          "Unknown ICMPv4 code",
                                          "Forbidden ICMPv6 message",
                                          "No egress gateway found"};

}  // namespace

absl::StatusOr<Drops> ParseDrops(const Json& metrics) {
  if (!metrics.is_array()) return absl::DataLossError("the agent's metrics are no list");
  Drops drops;
  for (const Json& metric : metrics) {
    if (Text(metric, "name") != kCounter) continue;
    const auto value = metric.find("value");
    const std::string reason = Text(metric, "labels.reason");
    if (reason.empty() || value == metric.end() || !value->is_number()) {
      return absl::DataLossError(
          absl::StrCat("a drop counter without reason or value: ", metric.dump().substr(0, 200)));
    }
    drops[reason] += value->get<double>();
  }
  return drops;
}

bool IsExpectedDrop(std::string_view reason) {
  return std::any_of(std::begin(kExpected), std::end(kExpected),
                     [reason](std::string_view one) { return absl::EqualsIgnoreCase(one, reason); });
}

Outcome JudgeDrops(const std::vector<DropsOfNode>& nodes, const std::map<std::string, std::string>& restarts) {
  std::vector<Problem> problems;
  std::vector<std::string> anew;
  double expected = 0;
  for (const DropsOfNode& node : nodes) {
    for (const auto* read : {&node.before, &node.after}) {
      if (!read->ok()) return Outcome::CannotLook(read->status(), node.place.Exec("cilium-dbg metrics list"));
    }
    std::vector<std::string> more;
    bool went_back = false;
    for (const auto& [reason, before] : *node.before) {
      const auto after = node.after->find(reason);
      went_back = went_back || after == node.after->end() || after->second < before;
    }
    for (const auto& [reason, after] : *node.after) {
      const auto before = node.before->find(reason);
      const double difference = after - (before == node.before->end() ? 0 : before->second);
      if (difference <= 0) continue;
      if (IsExpectedDrop(reason)) {
        expected += difference;
      } else {
        more.push_back(absl::StrCat(difference, " for \"", reason, "\""));
      }
    }
    const auto restart = restarts.find(node.place.node);
    if (restart != restarts.end()) {
      anew.push_back(restart->second);
    } else if (went_back) {
      anew.push_back(absl::StrCat("the agent on ", node.place.node, " was started anew"));
    } else if (!more.empty()) {
      problems.push_back({.expected = absl::StrCat("while the probes ran, ", node.place.node,
                                                   " dropped nothing but for reasons that they gave"),
                          .found = absl::StrCat(node.place.node, " dropped packets: ", absl::StrJoin(more, ", ")),
                          .next = node.place.Exec("cilium-dbg monitor --type drop")});
    }
  }
  if (nodes.empty()) return Outcome::CannotLook(absl::InternalError("no agent was asked"), "are there agents?");
  if (problems.empty() && !anew.empty()) {
    return Outcome::Inconclusive(absl::StrCat(
        absl::StrJoin(anew, "; "), "; it counts from zero, so what was dropped while the probes ran is not known"));
  }
  return Outcome::FromProblems(std::move(problems), absl::StrCat("no packet dropped for a reason of its own; ",
                                                                 expected, " as policies and the like have it"));
}

}  // namespace tales::cilium::probe
