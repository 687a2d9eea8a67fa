#include "suites/conformance/pod_state.h"

#include "absl/strings/str_cat.h"
#include "harness/check/spec.h"
#include "suites/conformance/pod_objects.h"
#include "suites/shared/pod_warnings.h"

namespace tales::conformance {
namespace {

using kube::Json;
using Phase = PodState::Phase;

// Reasons of a waiting container that time does not mend, or not by itself. Source: pkg/kubelet/images/types.go and
// kuberuntime of v1.32. An image that is not to be had is one at once: hours of back-off would not bring it.
bool IsHopeless(std::string_view reason) {
  for (const char* hopeless :
       {"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError",
        "RegistryUnavailable", "SignatureValidationFailed", "CreateContainerConfigError", "CreateContainerError",
        "RunContainerError", "CrashLoopBackOff"}) {
    if (reason == hopeless) return true;
  }
  return false;
}

const Json* StatusOf(const Json& pod, std::string_view container) {
  for (const Json& status : Array(pod, "status.containerStatuses")) {
    if (Text(status, "name") == container) return &status;
  }
  return nullptr;
}

std::string Said(const Json& object, const std::string& place) {
  const std::string reason = Text(object, absl::StrCat(place, ".reason"));
  const std::string message = Text(object, absl::StrCat(place, ".message"));
  return absl::StrCat(reason, reason.empty() || message.empty() ? "" : ": ", message);
}

bool IsTerminated(const Json* status) {
  return status != nullptr && Number(*status, "state.terminated.exitCode").has_value();
}

void ReadWaiting(const Json& pod, PodState& state) {
  for (const Json& container : Array(pod, "status.containerStatuses")) {
    const std::string reason = Text(container, "state.waiting.reason");
    if (reason.empty()) continue;
    state.why = absl::StrCat("container ", Text(container, "name"), ", image ", Text(container, "image"), ": ",
                             Said(container, "state.waiting"));
    if (!IsHopeless(reason)) continue;
    state.phase = Phase::kNever;
    return;
  }
  for (const Json& condition : Array(pod, "status.conditions")) {
    if (Text(condition, "type") != "PodScheduled" || Text(condition, "status") != "False") continue;
    state.unschedulable = Text(condition, "reason") == "Unschedulable";
    state.why = absl::StrCat("no node takes it: ", Text(condition, "message"));
  }
}

}  // namespace

PodState ReadPodState(const Json& pod) {
  PodState state{.node = Text(pod, "spec.nodeName"), .uid = Text(pod, "metadata.uid")};
  state.leaving = !Text(pod, "metadata.deletionTimestamp").empty();
  state.disruption = WhyEnded(pod);
  const Json* tests = StatusOf(pod, kTestsContainer);
  const Json* output = StatusOf(pod, kOutputContainer);
  const std::string phase = Text(pod, "status.phase");
  // Also with a container that never ran: a node that lacks memory or disk says so of the pod alone.
  const std::string reason = Text(pod, "status.reason");
  const bool evicted = IsTerminated(output) && !state.disruption.empty();
  if ((phase == "Failed" && !reason.empty()) || evicted) {
    state.phase = Phase::kLost;
    state.why = absl::StrCat("its pod was ended", state.node.empty() ? "" : absl::StrCat(" on ", state.node), ": ",
                             state.disruption);
    return state;
  }
  if (IsTerminated(output)) {
    state.phase = Phase::kLost;
    state.why = absl::StrCat("container ", kOutputContainer,
                             ", which keeps the results, ended: ", Said(*output, "state.terminated"));
    return state;
  }
  if (IsTerminated(tests)) {
    state.phase = Phase::kOver;
    state.why = Said(*tests, "state.terminated");
    const int64_t code = Number(*tests, "state.terminated.exitCode").value_or(-1);
    // 128 and beyond: by a signal, such as that of a limit of memory.
    if (code >= 0 && code < 128) state.exit_code = static_cast<int>(code);
    return state;
  }
  const bool runs = tests != nullptr && output != nullptr && !Text(*tests, "state.running.startedAt").empty() &&
                    !Text(*output, "state.running.startedAt").empty();
  if (runs) {
    state.phase = Phase::kRunning;
    return state;
  }
  ReadWaiting(pod, state);
  return state;
}

}  // namespace tales::conformance
