// The Kubernetes endpoint: the declared one in both files, the address of something that answers there, and among the
// names of the API server's certificate.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "harness/operator/files.h"
#include "suites/config/checks.h"
#include "suites/config/inputs.h"
#include "suites/config/rules.h"

namespace tales::config {
namespace {

// Addresses that control planes share (machine.network.interfaces[].vip, also of VLANs).
void CollectVirtualAddresses(const YamlNode* interfaces, std::vector<std::string>& addresses) {
  if (interfaces == nullptr) return;
  for (const YamlNode::Pointer& each : interfaces->items) {
    if (std::string address = TextAt(each.get(), "vip.ip"); !address.empty()) addresses.push_back(std::move(address));
    CollectVirtualAddresses(Find(each.get(), "vlans"), addresses);
  }
}

// What the host of the endpoint is: "control", "the shared address", "declared (a load balancer, a name)".
// A worker's address is none: nothing listens there.
std::string WhatAnswers(const ClusterDefinition& definition, const std::string& host,
                        const std::vector<std::string>& shared) {
  if (const NodeDefinition* node = definition.FindNodeByAddress(host); node != nullptr) {
    return node->role == Role::kControlPlane ? node->name : "";
  }
  if (std::find(shared.begin(), shared.end(), host) != shared.end()) return "the control planes' shared address";
  EndpointParts declared;
  if (SplitEndpoint(definition.endpoint, declared) && declared.host == host) return "declared as endpoint";
  return "";
}

Outcome Look(CheckContext& context) {
  const ClusterDefinition& definition = context.definition();
  const std::string by_hand = GenerateByHand(definition);
  std::vector<Problem> problems;
  std::string what, host;
  for (const Role role : {Role::kControlPlane, Role::kWorker}) {
    const std::string file = FileOf(role);
    const absl::StatusOr<MachineConfig> config = KeptConfig(context, role);
    if (!config.ok()) return CannotRead(config.status());
    const std::string endpoint = TextAt(config->v1alpha1(), "cluster.controlPlane.endpoint");
    if (!definition.endpoint.empty() && endpoint != definition.endpoint) {
      problems.push_back(
          {.expected = absl::StrCat(file, ": cluster.controlPlane.endpoint: the declared ", definition.endpoint),
           .found = absl::StrCat(file, ": ", endpoint.empty() ? "nothing" : endpoint),
           .next = absl::StrCat(by_hand, "; or correct `endpoint` in the cluster file")});
    }
    EndpointParts parts;
    if (role != Role::kControlPlane || !SplitEndpoint(endpoint, parts)) continue;  // what is no URL is config.valid's
    host = parts.host;
    std::vector<std::string> shared;
    CollectVirtualAddresses(Find(config->v1alpha1(), "machine.network.interfaces"), shared);
    what = WhatAnswers(definition, host, shared);
    if (what.empty()) {
      problems.push_back(
          {.expected = absl::StrCat("endpoint ", endpoint,
                                    " is the address of a control plane, a shared "
                                    "address of theirs, or declared"),
           .found = definition.FindNodeByAddress(host) == nullptr
                        ? absl::StrCat(host, " is none of them")
                        : absl::StrCat(host, " is ", definition.FindNodeByAddress(host)->name, ", a worker"),
           .next = by_hand});
    }
    const std::vector<std::string> names = TextsAt(config->v1alpha1(), "cluster.apiServer.certSANs");
    if (std::find(names.begin(), names.end(), host) == names.end()) {
      problems.push_back(
          {.expected = absl::StrCat(file, ": cluster.apiServer.certSANs covers ", host),
           .found = names.empty() ? "it is empty" : absl::StrJoin(names, ", "),
           .next = absl::StrCat("generate for the right endpoint, or with --additional-sans ", host, ": ", by_hand)});
    }
  }
  return Outcome::FromProblems(std::move(problems),
                               absl::StrCat(host, " (", what, "), covered by the API server's certificate names"));
}

}  // namespace

Check Endpoint() {
  return {
      .id = "config.endpoint",
      .question = "Is the endpoint the declared one, does something answer there, and do certificate names cover it?",
      .needs = {&kNeedsFolder},
      .faults = {"inputs:endpoint-not-covered"},
      .settles = false,
      .look = Look};
}

}  // namespace tales::config
