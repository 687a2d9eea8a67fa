// One run of all scenarios in a place that is there: what runs beside what, and what each scenario's verdict is.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "harness/runner/producer.h"
#include "suites/cilium/probe/agent_probes.h"
#include "suites/cilium/probe/executor.h"
#include "suites/cilium/probe/meanwhile.h"
#include "suites/cilium/probe/measure_ways.h"
#include "suites/cilium/probe/place.h"
#include "suites/cilium/probe/policy_run.h"
#include "suites/cilium/probe/probe.h"
#include "suites/shared/witness.h"

namespace tales::cilium::probe {

class Campaign {
 public:
  // All outlive it. `witness`: has looked at the cluster before the first pod of ours was there.
  Campaign(ProducerContext& context, const Place& place, Witness& witness);

  // Reports every scenario, once.
  void Run();
  int probes() const { return probes_; }  // that were tried, retries left out

 private:
  void RunLight(absl::Time start);
  void RunHeavy(absl::Time start);
  void RunPolicies();
  void ReportPolicies();
  void RunWire(absl::Time start);
  void ReportTried(const std::string& scenario, absl::Time start);
  void Report(const std::string& scenario, Outcome outcome, absl::Time start);
  void LookAround();
  void Say(std::string_view line);

  ProducerContext& context_;
  kube::Client& client_;
  const Place& place_;
  Witness& witness_;
  const Executor executor_;
  const Deadline deadline_;
  std::mutex mutex_;                                 // guards what follows, and the context's reports
  std::map<std::string, std::vector<Tried>> tried_;  // by scenario
  struct TriedPolicies {
    std::vector<PolicyTrace> traces;
    absl::Duration took;
  };
  std::map<std::string, TriedPolicies> policies_;  // by scenario; judged when the ways are known
  WaysMeasured ways_;
  Meanwhile meanwhile_;
  int probes_ = 0;
};

}  // namespace tales::cilium::probe
