#include "suites/cilium/probe/campaign.h"

#include <algorithm>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "harness/base/parallel.h"
#include "suites/cilium/probe/judge.h"
#include "suites/cilium/probe/lacks.h"
#include "suites/cilium/probe/plan.h"
#include "suites/cilium/probe/policy_run.h"
#include "suites/cilium/probe/scenarios.h"
#include "suites/cilium/probe/wire.h"

namespace tales::cilium::probe {
namespace {

constexpr int kLightRounds = 3, kHeavyRounds = 2;
constexpr size_t kPoliciesAtOnce = 6;

std::string Secs(absl::Time since) {
  return absl::FormatDuration(absl::Trunc(absl::Now() - since, absl::Milliseconds(100)));
}

}  // namespace

Campaign::Campaign(ProducerContext& context, const Place& place, Witness& witness)
    : context_(context),
      client_(*context.cluster().kube()),
      place_(place),
      witness_(witness),
      executor_(client_, place, [this](const std::string& node) { return witness_.NotReadyNow(node); }),
      deadline_(context.deadline()) {}

void Campaign::Say(std::string_view line) {
  const std::lock_guard<std::mutex> lock(mutex_);
  context_.Progress(line);
}

void Campaign::Report(const std::string& scenario, Outcome outcome, absl::Time start) {
  outcome.Note(witness_.changes().Note());
  const std::lock_guard<std::mutex> lock(mutex_);
  context_.Report(CheckOf(scenario), outcome, absl::Now() - start);
}

// Before anything is judged: is what was probed still there?
void Campaign::LookAround() {
  meanwhile_.not_ready = witness_.Look().not_ready();
  const auto pods = client_.List(kube::kPods, place_.name_space, {}, deadline_.AtMost(absl::Seconds(15)));
  if (pods.ok()) meanwhile_.lost_pods = LostPods(place_, *pods);
}

void Campaign::ReportTried(const std::string& scenario, absl::Time start) {
  Excuse(tried_[scenario], meanwhile_);
  const Scenario& is = FindScenario(scenario);
  Report(
      scenario,
      JudgeTried({.expected = is.expected, .tried = tried_[scenario], .name_space = place_.name_space, .next = is.next},
                 ways_.ways),
      start);
}

void Campaign::RunLight(absl::Time start) {
  std::vector<Probe> light = LightProbes(place_);
  std::erase_if(light, [this](const Probe& probe) { return Lacks(place_, probe.scenario).has_value(); });
  std::vector<Tried> tried = ToTry(std::move(light));
  executor_.RunPatiently(tried, kLightRounds, deadline_);
  Say(absl::StrCat(tried.size(), " probes of pods, nodes and services done after ", Secs(start)));
  const std::lock_guard<std::mutex> lock(mutex_);
  probes_ += static_cast<int>(tried.size());
  for (Tried& one : tried) tried_[one.probe.scenario].push_back(std::move(one));
}

void Campaign::RunHeavy(absl::Time start) {
  std::vector<Tried> tried = ToTry(HeavyProbes(place_));
  // One after the other of a pod: each wants the whole way for itself.
  executor_.RunPatiently(tried, kHeavyRounds, deadline_);
  Say(absl::StrCat(tried.size(), " probes of load and size done after ", Secs(start)));
  const std::lock_guard<std::mutex> lock(mutex_);
  probes_ += static_cast<int>(tried.size());
  for (Tried& one : tried) tried_[one.probe.scenario].push_back(std::move(one));
}

void Campaign::RunPolicies() {
  std::vector<std::string> scenarios;
  std::map<std::string, std::vector<PolicyStep>> steps;
  for (PolicyStep& step : PolicySteps(place_)) {
    if (Lacks(place_, step.scenario).has_value()) continue;
    if (!steps.contains(step.scenario)) scenarios.push_back(step.scenario);
    steps[step.scenario].push_back(std::move(step));
  }
  ForEachInParallel(scenarios.size(), kPoliciesAtOnce, [&](size_t i) {
    const absl::Time start = absl::Now();
    std::vector<PolicyTrace> traces;
    int probes = 0;
    for (const PolicyStep& step : steps.at(scenarios[i])) {
      traces.push_back(TryPolicy(client_, executor_, step, deadline_));
      const PolicyTrace& last = traces.back();
      probes +=
          static_cast<int>(last.control.size() + last.in_force.size() + last.confirmations.size() + last.after.size());
    }
    Say(absl::StrCat(scenarios[i], " done after ", Secs(start)));
    const std::lock_guard<std::mutex> lock(mutex_);
    probes_ += probes;
    policies_[scenarios[i]] = {.traces = std::move(traces), .took = absl::Now() - start};
  });
}

void Campaign::ReportPolicies() {
  for (auto& [scenario, tried] : policies_) {
    for (PolicyTrace& trace : tried.traces) {
      for (auto* step : {&trace.control, &trace.in_force, &trace.confirmations, &trace.after})
        Excuse(*step, meanwhile_);
    }
    Report(scenario, JudgePolicies(tried.traces, ways_.ways, place_.name_space, FindScenario(scenario).next),
           absl::Now() - tried.took);
  }
}

void Campaign::RunWire(absl::Time start) {
  if (!Lacks(place_, "encryption").has_value())
    Report("encryption", JudgeWire(LookAtWire(executor_, place_, deadline_)), start);
}

void Campaign::Run() {
  const absl::Time start = absl::Now();
  const bool cilium = place_.has_cilium();
  const ClusterDefinition& definition = context_.cluster().definition();
  for (const Scenario& scenario : Scenarios()) {
    if (const auto lacks = Lacks(place_, scenario.id))
      Report(scenario.id, Outcome::Unsupported(lacks->first, lacks->second), start);
  }
  const AgentProbes agents(client_, place_, NamespaceOf(definition));
  std::vector<DropsOfNode> drops;
  if (cilium) drops = agents.ReadDrops(deadline_);
  {
    // What waits most runs beside the rest: policies for their denials, the count of datagrams for stragglers.
    std::thread policies([this, cilium] {
      if (cilium) RunPolicies();
    });
    std::thread ways([this] {
      WaysMeasured measured;
      if (place_.nodes.size() > 1) measured = MeasureWays(client_, executor_, place_, deadline_);
      const std::lock_guard<std::mutex> lock(mutex_);
      ways_ = std::move(measured);
    });
    std::thread health([this, &agents] {
      if (Lacks(place_, "node-health").has_value()) return;
      std::vector<Tried> tried = agents.ProbeHealth(deadline_);
      const std::lock_guard<std::mutex> lock(mutex_);
      probes_ += static_cast<int>(tried.size());
      tried_["node-health"] = std::move(tried);
    });
    RunLight(start);
    RunHeavy(start);
    RunWire(start);
    ways.join();
    health.join();
    LookAround();
    if (place_.nodes.size() > 1) Report("one-way", JudgeWays(ways_.ways, ways_.missing), start);
    for (const Scenario& scenario : Scenarios()) {
      const bool of_policies = scenario.id.rfind("policy-", 0) == 0;
      const bool other = scenario.id == "one-way" || scenario.id == "encryption" || scenario.id == "drops";
      if (!of_policies && !other && !Lacks(place_, scenario.id).has_value()) ReportTried(scenario.id, start);
    }
    policies.join();
    LookAround();
    ReportPolicies();
  }
  if (!cilium) return;
  agents.ReadDropsAgain(drops, deadline_);
  Report("drops", JudgeDrops(drops, witness_.Look().restarts()), start);
}

}  // namespace tales::cilium::probe
