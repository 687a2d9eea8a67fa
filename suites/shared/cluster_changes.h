// What became different in a cluster while something was measured, and changes what that means: a node that is not
// ready or takes no pods, a Cilium agent that was started anew, an API server that was silent. Pure: it is shown the
// cluster again and again (witness.h does that).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "harness/kube/client.h"

namespace tales {

class ClusterChanges {
 public:
  // All nodes, and the pods with label k8s-app=cilium (none where there is no Cilium). The first look is what later
  // ones are compared with. `at`: since any one moment, the same for all looks; never less than before.
  void See(const std::vector<kube::Json>& nodes, const std::vector<kube::Json>& agents, absl::Duration at);
  // It did not answer.
  void SeeNothing(absl::Duration at);

  // By node: "node node-2 is not ready: Kubelet stopped posting node status.", as last seen, also where that has
  // passed.
  const std::map<std::string, std::string>& not_ready() const { return not_ready_; }
  // The same, where it is so now; "": it is ready.
  std::string NotReadyNow(const std::string& node) const;
  // By node, a sentence for each agent that ended, was started anew or was replaced since the first look.
  const std::map<std::string, std::string>& restarts() const { return restarts_; }
  // All of it in a row, to stand behind what was found; "": nothing has changed, and all nodes are well.
  std::string Note() const;

 private:
  struct Agent {
    std::string pod, uid, since;  // since: its container runs; "": it does not
    std::string trouble;          // why it does not, or how it had ended
    int64_t restarts = 0;
  };
  static Agent Read(const kube::Json& pod);
  static std::string Difference(const std::string& node, const Agent& was, const Agent& is);

  bool begun_ = false;
  std::set<std::string> nodes_;  // of the first look
  std::set<std::string> not_ready_now_;
  std::map<std::string, std::string> not_ready_, pressed_, restarts_;
  std::map<std::string, Agent> first_;
  std::optional<absl::Duration> silent_since_;
  absl::Duration longest_silence_;
};

}  // namespace tales
