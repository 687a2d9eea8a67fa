// The API that suites are written against.
//
//   Check KubeletCheck() {
//     return {.id = "health.kubelet",
//             .question = "Does kubelet run on the node?",
//             .instances = Instances::kNode,
//             .needs = {&kNeedsTalos},
//             .after = {"health.talos_api"},
//             .faults = {"lab:service-stopped"},
//             .look = [](CheckContext& c) -> Outcome { ... }};
//   }
//
// A check is one question; `look` answers it once, now, and returns. Waiting is not its business: the worker looks
// again until the outcome is final or the run's settle time is over. `look` runs inside a GoogleTest test of a worker
// process: EXPECT_* and ASSERT_* (in void helpers) may be used and count as failures; a crash or a hang costs that
// worker only.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "harness/check/cluster.h"
#include "harness/check/facts.h"
#include "harness/check/outcome.h"
#include "harness/check/producer_inputs.h"
#include "harness/check/requirement.h"

namespace tales {

enum class Instances {
  kOne,           // health.etcd_members
  kNode,          // one per declared node
  kControlPlane,  // one per declared control plane
  kNamespace,     // one per declared namespace
};
std::string_view ToString(Instances instances);  // "one", "node", "controlplane", "namespace"

// What `look` is given. Lives for one look.
class CheckContext {
 public:
  CheckContext(Cluster& cluster, Facts& facts, std::string instance, Deadline deadline, ProducerInputs inputs = {})
      : cluster_(cluster),
        facts_(facts),
        instance_(std::move(instance)),
        deadline_(deadline),
        inputs_(std::move(inputs)) {}

  Cluster& cluster() { return cluster_; }
  const ClusterDefinition& definition() const { return cluster_.definition(); }
  // What several checks ask of the cluster, fetched once; fresh enough for this look.
  Facts& facts() { return facts_; }
  const std::string& instance() const { return instance_; }  // "worker"; "" for kOne
  const NodeDefinition& node() const;                        // REQUIRES: a node instance
  const NamespaceDefinition& namespace_definition() const;   // REQUIRES: a namespace instance
  // Of this look; calls that bypass facts() take it (usually AtMost(10 s)).
  Deadline deadline() const { return deadline_; }
  // What was asked of producers, for a check that one of them comes after.
  const ProducerInputs& inputs() const { return inputs_; }

 private:
  Cluster& cluster_;
  Facts& facts_;
  std::string instance_;
  Deadline deadline_;
  ProducerInputs inputs_;
};

struct Check {
  std::string id;        // "suite.check"
  std::string question;  // one sentence, ends in a question mark
  Instances instances = Instances::kOne;
  Tier tier = Tier::kRead;
  std::vector<const Requirement*> needs;
  // Ids of checks whose failure would only be repeated here. Where both have the same kind of instance, the same
  // instance; where only the other has one, all of its instances.
  std::vector<std::string> after;
  // Ids of checks whose failure is the cause of this one's and says more of it. Where they are part of the run, this
  // one comes after them and is blocked when one failed; where they could not look it is judged by itself. They are not
  // pulled into a run. Instances: as in `after`.
  std::vector<std::string> explained_by;
  // "DOMAIN:ID" of faults that must turn it; every check names at least one.
  std::vector<std::string> faults;
  absl::Duration deadline = absl::Seconds(30);  // of one look; longer is a hang, and the worker is killed
  // It asks about something that a cluster need not have or declare: where it is `unsupported`, a profile that requires
  // it is content.
  bool optional = false;
  bool settles = true;     // false: waiting changes nothing (it asks about files), so its first look is its last
  bool alone = false;      // nothing else runs meanwhile
  std::string lock;        // checks with the same lock never run side by side
  bool retryable = false;  // one retry after a failure, passing then is `flaky`
  std::function<Outcome(CheckContext&)> look;

  std::string suite() const { return id.substr(0, id.find('.')); }
};

// A folder of checks.
struct Suite {
  std::string name;
  std::string description;
  std::vector<Check> checks;
};

}  // namespace tales
