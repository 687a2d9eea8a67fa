// Asking the API server's admission: a server-side dry run of a pod, which leaves nothing behind.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/check/check.h"
#include "harness/kube/client.h"

namespace tales::pod_security {

using kube::Json;

// The pod that needs level privileged: privileged, on the host's network, with NET_RAW.
Json PrivilegedPod();
// A Deployment of it: enforce does not concern Deployments, warn does, so its warnings can be seen anywhere.
Json PrivilegedDeployment();

// How admission answered.
struct Answer {
  enum Kind {
    kAdmitted,
    kRefused,      // by PodSecurity; `words` are its own
    kNoNamespace,  // it does not exist
    kCannotTell,   // anything else; `status` says what
  };
  Kind kind = kCannotTell;
  std::string words;                  // violates PodSecurity "baseline:latest": ...
  std::vector<std::string> warnings;  // those of PodSecurity only
  absl::Status status;
};
Answer Classify(const absl::StatusOr<kube::Reply>& reply);
Answer DryRun(CheckContext& context, kube::ResourcePath kind, std::string_view namespace_, const Json& object);

// "baseline:latest" of `violates PodSecurity "baseline:latest": ...`; "" where there is none.
std::string LevelOf(std::string_view words);

// The outcome of a check that got kCannotTell.
Outcome CannotTell(const Answer& answer, std::string_view namespace_);

}  // namespace tales::pod_security
