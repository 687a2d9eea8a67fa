// Talos services: the ones that make a node are there, run and are healthy, kubelet on workers too (`talosctl health`
// asks control planes only); no other service has failed.
#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "suites/health/checks.h"
#include "suites/shared/commands.h"

namespace tales::health {
namespace {

constexpr int kLogLines = 100;
constexpr size_t kLogsKept = 3;  // services whose log is fetched as evidence

std::vector<std::string> ExpectedServices(Role role, bool container) {
  std::vector<std::string> services = {"apid", "containerd", "cri", "kubelet", "machined"};
  if (!container) services.emplace_back("udevd");
  if (role == Role::kControlPlane) services.insert(services.end(), {"etcd", "trustd"});
  return services;
}

// Why the service is not all right; "" when it is.
std::string Trouble(const machine::ServiceInfo& service, bool expected) {
  const std::string& state = service.state();
  const bool ended_well = state == "Finished" || state == "Skipped";
  std::string last;
  if (const int events = service.events().events_size(); events > 0) {
    last = service.events().events(events - 1).msg();
  }
  if (state != "Running" && (expected || !ended_well)) {
    return last.empty() ? state : absl::StrCat(state, ": ", last);
  }
  const machine::ServiceHealth& health = service.health();
  if (state == "Running" && !health.unknown() && !health.healthy()) {
    return absl::StrCat("Running, but unhealthy: ", health.last_message());
  }
  return "";
}

std::string NextStep(const NodeDefinition& node, const machine::ServiceInfo& service) {
  if (service.state() == "Finished" || service.state() == "Failed") {
    return absl::StrCat(Talosctl(node, absl::StrCat("service ", service.id(), " start")),
                        "; if it ends again: ", Talosctl(node, absl::StrCat("logs ", service.id())));
  }
  return Talosctl(node, absl::StrCat("logs ", service.id()));
}

Evidence LogOf(CheckContext& context, const std::string& service) {
  Evidence evidence{absl::StrCat(service, ".log"), ""};
  const absl::Status status = context.cluster().talos()->Logs(
      context.node().address, service, kLogLines,
      [&evidence](std::string_view chunk) {
        evidence.content.append(chunk);
        return true;
      },
      context.deadline().AtMost(absl::Seconds(3)));
  if (!status.ok()) absl::StrAppend(&evidence.content, "\n(the log ends here: ", status.message(), ")\n");
  return evidence;
}

Outcome Look(CheckContext& context) {
  const NodeDefinition& node = context.node();
  const absl::StatusOr<machine::ServiceList> list = context.facts().Services(node);
  if (!list.ok()) return Outcome::CannotLook(list.status(), Talosctl(node, "services"));
  const absl::StatusOr<machine::Version> version = context.facts().Version(node);
  if (!version.ok()) return Outcome::CannotLook(version.status(), Talosctl(node, "version"));
  const std::vector<std::string> expected = ExpectedServices(node.role, version->platform().mode() == "container");

  std::vector<Problem> problems;
  std::vector<std::string> troubled;
  std::vector<std::string> missing = expected;
  for (const machine::ServiceInfo& service : list->services()) {
    const bool is_expected = std::find(expected.begin(), expected.end(), service.id()) != expected.end();
    missing.erase(std::remove(missing.begin(), missing.end(), service.id()), missing.end());
    const std::string trouble = Trouble(service, is_expected);
    if (trouble.empty()) continue;
    problems.push_back({.expected = absl::StrCat(service.id(), " running and healthy on ", node.name),
                        .found = trouble,
                        .next = NextStep(node, service)});
    troubled.push_back(service.id());
  }
  for (const std::string& service : missing) {
    problems.push_back({.expected = absl::StrCat("service ", service, " on ", node.name, ", a ", ToString(node.role)),
                        .found = "there is no such service",
                        .next = absl::StrCat(Talosctl(node, "services"), "; is the node's role the declared one?")});
  }
  Outcome outcome =
      Outcome::FromProblems(std::move(problems), absl::StrCat(list->services_size(), " services running and healthy"));
  for (size_t i = 0; i < std::min(troubled.size(), kLogsKept); ++i) outcome.With(LogOf(context, troubled[i]));
  return outcome;
}

}  // namespace

Check Services() {
  return {.id = "health.services",
          .question = "Do the node's Talos services run, and are they healthy?",
          .instances = Instances::kNode,
          .needs = {&kNeedsTalos},
          .after = {"health.talos_api"},
          .faults = {"lab:service-stopped", "lab:service-unhealthy"},
          .look = Look};
}

}  // namespace tales::health
