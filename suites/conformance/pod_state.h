// What a pod's own status says of the tests in it. Pure.
#pragma once

#include <optional>
#include <string>

#include "harness/kube/client.h"

namespace tales::conformance {

struct PodState {
  enum class Phase {
    kWaiting,  // for a node, or for its images: may still become kRunning
    kNever,    // it will not start: an image that cannot be had, a container that cannot be made
    kRunning,
    kOver,  // the tests are over, and their results can be fetched
    kLost,  // over, and with it the volume that its results are in
  };
  Phase phase = Phase::kWaiting;
  std::string why;             // what it waits for, why it never starts, how it was lost; "" where there is no more
  bool unschedulable = false;  // kWaiting: the scheduler has looked, and no node takes it
  std::string node;            // "" while it is on none
  std::string uid;
  std::optional<int> exit_code;  // of the tests; none where they are not over, or were killed
  bool leaving = false;          // somebody deletes it
  std::string disruption;        // why Kubernetes itself ends it ("TerminationByKubelet: ..."); "": it does not
};

PodState ReadPodState(const kube::Json& pod);

}  // namespace tales::conformance
