// How to reach a cluster: what a fixture hands over, and what a worker process needs to open it. Paths, never secrets.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "harness/definition/cluster_definition.h"

namespace tales {

struct ClusterAccess {
  std::string fixture;                 // "lab", "local", "adopt"
  std::filesystem::path cluster_file;  // always there: a discovered cluster has one too, in the run's folder
  std::filesystem::path talosconfig;   // empty: no Talos API
  std::string talos_context;
  std::filesystem::path kubeconfig;  // empty: no Kubernetes API
  std::string kubernetes_context;
  std::filesystem::path vm_settings;  // JSON by node name, from a fixture that knows the virtual machines; else empty
  std::map<std::string, std::filesystem::path> tools;  // programs that checks may run, by name: "e2e.test" (tool.h)
  std::vector<std::string> tool_maker;  // command that, given one more name, finds or builds it and prints its path
  bool simulated = false;               // reports say so
  bool discovered = false;              // the definition was found, not declared
  bool owned = false;                   // the fixture made it: it may be torn down and broken
  Tier granted = Tier::kRead;
};

std::string WriteClusterAccess(const ClusterAccess& access);  // JSON
absl::StatusOr<ClusterAccess> ParseClusterAccess(std::string_view json);

}  // namespace tales
