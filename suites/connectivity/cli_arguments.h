// How `cilium connectivity test` is called. Source: cilium-cli v0.18.2, cli/connectivity.go.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "harness/definition/cluster_definition.h"

namespace tales::connectivity {

inline constexpr absl::Duration kDefaultTimeout = absl::Minutes(45);  // takes 7 to 25 minutes

struct CliOptions {
  std::filesystem::path program;  // cilium
  std::filesystem::path kubeconfig;
  std::string context;                                    // of the kubeconfig; "": its current one
  std::string cilium_namespace = "cilium", release = "";  // "": whatever it looks for itself
  std::filesystem::path folder;                           // its working folder; gets connectivity.log and junit.xml
  std::string tests;                                      // "all", or as its --test
  absl::Duration timeout = kDefaultTimeout;
  // What it reaches beyond the cluster, the image of its clients, how many namespaces side by side, and arguments that
  // come last and so win.
  WorkloadsDefinition workloads;
};

std::filesystem::path JUnitOf(const CliOptions& options);
// argv[0] is the program.
std::vector<std::string> CliArguments(const CliOptions& options);

}  // namespace tales::connectivity
