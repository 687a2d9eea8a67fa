// What the cluster said about a pod that does not run: its warning events ("FailedMount", "FailedCreatePodSandBox",
// "Failed to pull image"), of which a pod's own status knows only that it waits.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "harness/kube/client.h"

namespace tales {

// Why Kubernetes itself ended a pod: "Evicted: The node was low on resource: ...", "TerminationByKubelet: ..."; "": it
// did not. A pod whose containers end well when its kubelet evicts it is Succeeded, and a condition alone knows of it
// (v1.32). Pure.
std::string WhyEnded(const kube::Json& pod);

class PodWarnings {
 public:
  // Of a namespace's pods, or of the one named `pod`. That they cannot be read is no error: they only explain, and it
  // is told in their place.
  static PodWarnings Read(kube::Client& client, std::string_view name_space, std::string_view pod, Deadline deadline);
  // Pure. `events`: of any kind and age.
  explicit PodWarnings(const std::vector<kube::Json>& events);

  // "; its last warnings: FailedMount: ...; BackOff: ...", the latest of each reason, three at most and cut; "" where
  // there are none. To be appended. By the pod's uid: those of an earlier one of its name are not its own.
  std::string Of(const kube::Json& pod) const;

 private:
  struct Warning {
    std::string time, reason, message;
  };
  std::map<std::string, std::vector<Warning>> by_uid_;
  absl::Status read_;
};

}  // namespace tales
