// apid's routing: every control plane forwards our calls to every node, and a worker forwards to nobody. The first is
// what `talosctl -e ... -n ...` lives on; the second is a wall: a worker that forwarded would hand its reach to whoever
// holds it.
#include <mutex>

#include "absl/strings/str_cat.h"
#include "harness/base/parallel.h"
#include "suites/health/checks.h"
#include "suites/shared/commands.h"

namespace tales::health {
namespace {

constexpr size_t kParallel = 32;

struct Route {
  const NodeDefinition* via;
  const NodeDefinition* to;
};

const std::string& DialOf(const NodeDefinition& node) { return node.dial.empty() ? node.address : node.dial; }

std::optional<Problem> JudgeControlPlane(const Route& route, const absl::Status& status) {
  if (status.ok()) return std::nullopt;
  return Problem{.expected = absl::StrCat(route.via->name, " reaches ", route.to->name, " for us"),
                 .found = std::string(status.message()),
                 .next = absl::StrCat("`talosctl -e ", DialOf(*route.via), " -n ", route.to->address,
                                      " version`; port 50000 between them")};
}

std::optional<Problem> JudgeWorker(const Route& route, const absl::Status& status) {
  if (status.code() == absl::StatusCode::kPermissionDenied) return std::nullopt;
  const std::string expected = absl::StrCat(route.via->name, ", a worker, refuses to forward to ", route.to->name);
  if (status.ok()) {
    return Problem{.expected = expected,
                   .found = "it forwards",
                   .next = "is its role the declared one? `talosctl get machinetype`"};
  }
  return Problem{.expected = expected,
                 .found = std::string(status.message()),
                 .next = absl::StrCat("is port 50000 of ", DialOf(*route.via), " reachable from here?")};
}

Outcome Look(CheckContext& context) {
  const ClusterDefinition& definition = context.definition();
  const std::vector<const NodeDefinition*> control_planes = definition.NodesWithRole(Role::kControlPlane);
  std::vector<Route> routes;
  for (const NodeDefinition* via : control_planes) {
    for (const NodeDefinition& to : definition.nodes) routes.push_back({via, &to});
  }
  for (const NodeDefinition* via : definition.NodesWithRole(Role::kWorker)) {
    if (!control_planes.empty()) routes.push_back({via, control_planes.front()});
  }
  std::mutex mutex;
  std::vector<Problem> problems;
  talos::Client& talos = *context.cluster().talos();
  const Deadline deadline = context.deadline().AtMost(Facts::kCallDeadline);
  ForEachInParallel(routes.size(), kParallel, [&](size_t i) {
    const Route& route = routes[i];
    const absl::Status status = talos.VersionVia(DialOf(*route.via), route.to->address, deadline).status();
    const std::optional<Problem> problem =
        route.via->role == Role::kControlPlane ? JudgeControlPlane(route, status) : JudgeWorker(route, status);
    if (!problem.has_value()) return;
    std::lock_guard<std::mutex> lock(mutex);
    problems.push_back(*problem);
  });
  return Outcome::FromProblems(std::move(problems), absl::StrCat(routes.size(), " routes as they should be"));
}

}  // namespace

Check Routing() {
  return {.id = "health.routing",
          .question = "Does every control plane reach every node for us, and does every worker refuse to forward?",
          .needs = {&kNeedsTalos, &kNeedsDeclaredNodes},
          .after = {"health.talos_api"},
          .faults = {"lab:worker-forwards"},
          .look = Look};
}

}  // namespace tales::health
